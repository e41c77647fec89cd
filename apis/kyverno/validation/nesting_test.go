package validation

import (
	"strings"
	"testing"
)

// nest repeats an opening and its closing around something.
func nest(levels int, open, inside, shut string) string {
	return strings.Repeat(open, levels) + inside + strings.Repeat(shut, levels)
}

func TestNesting(t *testing.T) {
	validation := func(levels int) string {
		return "{" + nest(levels-1, "foreach: [{list: a, ", "foreach: [{list: a, deny: {}}]", "}]") + "}"
	}
	mutation := func(levels int) string {
		return "{" + nest(levels-1, "foreach: [{list: a, ", "foreach: [{list: a, patchStrategicMerge: {}}]", "}]") + "}"
	}
	attestors := func(levels int) string {
		return "[" + nest(levels-1, "{entries: [{attestor: ", "{entries: [{keys: {publicKeys: pem}}]}", "}]}") + "]"
	}
	images := func(attestors string) string {
		return "verifyImages: [{failureAction: Enforce, imageReferences: ['*'], attestors: " + attestors + ", attestations: [{type: t, attestors: " + attestors + "}]}]"
	}
	const advice = ": Invalid value: 9: nested too deep: use at most 8 levels"
	runClusterCases(t, map[string]ruleCase{
		"validate at the limit":  {rule: matchPods + "validate: " + validation(8)},
		"validate beyond":        {rule: matchPods + "validate: " + validation(9), want: []string{"spec.rules[0].validate.foreach" + advice}},
		"mutate at the limit":    {rule: matchPods + "mutate: " + mutation(8)},
		"mutate beyond":          {rule: matchPods + "mutate: " + mutation(9), want: []string{"spec.rules[0].mutate.foreach" + advice}},
		"manifests at the limit": {rule: matchPods + "validate: {manifests: {attestors: " + attestors(8) + "}}"},
		"manifests beyond":       {rule: matchPods + "validate: {manifests: {attestors: " + attestors(9) + "}}", want: []string{"spec.rules[0].validate.manifests.attestors" + advice}},
		"images at the limit":    {rule: matchPods + images(attestors(8))},
		"images beyond": {rule: matchPods + images(attestors(9)), want: []string{
			"spec.rules[0].verifyImages[0].attestors" + advice,
			"spec.rules[0].verifyImages[0].attestations[0].attestors" + advice,
		}},
	})
}

// The errors of a hostile policy must not be much larger than the policy.
func TestErrorsOfDeepNestingAreShort(t *testing.T) {
	const levels = 2000
	test := ruleCase{rule: matchPods + "validate: {foreach: " + nest(levels, "[{preconditions: {any: [{operator: In}]}, foreach: ", "[]", "}]") + "}"}
	policy := test.clusterPolicy(t)
	size := 0
	for _, err := range append(ValidateClusterPolicy(policy), ValidateV2beta1(&policy.Spec)...) {
		size += len(err.Error())
	}
	if size == 0 || size > 1000 {
		t.Errorf("%d bytes of errors for %d levels", size, levels)
	}
}
