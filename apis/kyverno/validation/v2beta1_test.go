package validation

import "testing"

func TestV2beta1(t *testing.T) {
	for name, test := range map[string]ruleCase{
		"what it allows": {
			rule: matchPods + "exclude: {all: [{resources: {names: [a]}}]}\npreconditions: {all: [{key: a, operator: AnyIn, value: [a]}]}\n" + validName,
		},
		"the older match": {
			rule: validName + `
match: {resources: {kinds: [Pod], name: a}, roles: ["a:b"], clusterRoles: [c], subjects: [{kind: User, name: u}]}
exclude: {any: [{resources: {name: b}}]}`,
			want: []string{
				`spec.rules[0].match.resources: Forbidden: v2beta1 does not allow it: move it into a filter under any`,
				`spec.rules[0].match.subjects: Forbidden: v2beta1 does not allow it: move it into a filter under any`,
				`spec.rules[0].match.roles: Forbidden: v2beta1 does not allow it: move it into a filter under any`,
				`spec.rules[0].match.clusterRoles: Forbidden: v2beta1 does not allow it: move it into a filter under any`,
				`spec.rules[0].match.resources.name: Forbidden: v2beta1 does not allow it: use names`,
				`spec.rules[0].exclude.any[0].resources.name: Forbidden: v2beta1 does not allow it: use names`,
			},
		},
		"the older conditions and operators": {
			rule: matchPods + `
preconditions: [{key: a, operator: Equals, value: a}]
validate: {allowExistingViolations: false, deny: {conditions: {any: [{key: a, operator: In, value: [a]}, {key: a, operator: NotIn, value: [a]}]}}}`,
			want: []string{
				`spec.rules[0].preconditions: Forbidden: v2beta1 does not allow it: move the list under all`,
				`spec.rules[0].validate.deny.conditions.any[0].operator: Forbidden: v2beta1 does not allow it: use AnyIn or AllIn`,
				`spec.rules[0].validate.deny.conditions.any[1].operator: Forbidden: v2beta1 does not allow it: use AnyNotIn or AllNotIn`,
				`spec.rules[0].validate.allowExistingViolations: Forbidden: v2beta1 does not allow it: remove it, or write the policy as v1`,
			},
		},
		"the older fields of images": {
			rule: matchPods + "verifyImages: [{image: a, key: b, roots: c, subject: d, issuer: e, additionalExtensions: {f: g}, annotations: {h: i}, cosignOCI11: false}]",
			want: []string{
				`spec.rules[0].verifyImages[0].image: Forbidden: v2beta1 does not allow it: use imageReferences`,
				`spec.rules[0].verifyImages[0].key: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].roots: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].subject: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].issuer: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].additionalExtensions: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].annotations: Forbidden: v2beta1 does not allow it: use attestors`,
				`spec.rules[0].verifyImages[0].cosignOCI11: Forbidden: v2beta1 does not allow it: remove it, or write the policy as v1`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, test.want, ValidateV2beta1(&test.clusterPolicy(t).Spec))
		})
	}
}
