package validation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestWarnings(t *testing.T) {
	for name, test := range map[string]ruleCase{
		"nothing to say": {rule: matchPods + validName, spec: "validationFailureAction: Enforce"},
		"the older spelling of actions": {
			spec: "validationFailureAction: enforce\nvalidationFailureActionOverrides: [{action: Audit}, {action: audit}]",
			rule: matchPods + "validate: {failureActionOverrides: [{action: enforce}], deny: {}}",
			want: []string{
				`spec.validationFailureAction: Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead.`,
				`spec.validationFailureActionOverrides[1].action: Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead.`,
				`spec.rules[0].validate.failureActionOverrides[0].action: Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead.`,
			},
		},
		"deprecated operators": {
			rule: matchPods + "validate: {deny: {conditions: [{key: a, operator: In, value: [a]}, {key: a, operator: DurationLessThan, value: 1h}]}}",
			want: []string{
				`spec.rules[0].validate.deny.conditions[0].operator: the operator In is deprecated, use AnyIn or AllIn instead.`,
				`spec.rules[0].validate.deny.conditions[1].operator: the operator DurationLessThan is deprecated, use LessThan instead.`,
			},
		},
		"an older name and an empty filter": {
			rule: matchPods + "exclude: {any: [{}]}\nverifyImages: [{imageReferences: ['*'], attestations: [{predicateType: t}]}]",
			want: []string{
				`spec.rules[0].exclude.any[0]: an empty filter excludes nothing: say what is excluded, or remove it.`,
				`spec.rules[0].verifyImages[0].attestations[0].predicateType: predicateType has been deprecated, use type instead.`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Warnings(test.clusterPolicy(t))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWarningOfAPolicyWithoutRules(t *testing.T) {
	want := []string{`spec.rules: the policy has no rules and does nothing.`}
	if diff := cmp.Diff(want, Warnings(&kyvernov1.Policy{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The policy kinds are here to stay: nobody is told to leave them.
func TestKindsAreNotDeprecated(t *testing.T) {
	test := ruleCase{rule: matchPods + validName, spec: "validationFailureAction: enforce"}
	for _, policy := range []kyvernov1.Object{test.clusterPolicy(t), test.namespacedPolicy(t)} {
		for _, warning := range Warnings(policy) {
			if strings.Contains(warning, "removed in a future release") {
				t.Errorf("%T: %s", policy, warning)
			}
		}
	}
}
