package validation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

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

// kubectl apply drops nulls from what it creates.
func TestWarningsOfLostNulls(t *testing.T) {
	const applied = `{"spec":{"rules":[{"validate":{"pattern":{"spec":{"containers":[{"=(resources)":{"X(cpu)":null,"a":1}}],"gone":null}}}},
		{"validate":{"anyPattern":[{"a":"b"},{"X(c)":null}]}},{}]}}`
	for name, test := range map[string]struct {
		record  string
		pattern string
		any     string
		want    []string
	}{
		"dropped": {
			record: applied, pattern: `{"spec":{"containers":[{"=(resources)":{"a":1}}]}}`, any: `[{"a":"b"},{}]`,
			want: []string{
				`spec.rules[0].validate.pattern.spec.containers[0].=(resources).X(cpu): kubectl apply has dropped this null, and with it what it demands: apply once more, or with --server-side.`,
				`spec.rules[0].validate.pattern.spec.gone: kubectl apply has dropped this null, and with it what it demands: apply once more, or with --server-side.`,
				`spec.rules[1].validate.anyPattern[1].X(c): kubectl apply has dropped this null, and with it what it demands: apply once more, or with --server-side.`,
			},
		},
		"kept": {
			record:  applied,
			pattern: `{"spec":{"containers":[{"=(resources)":{"X(cpu)":null,"a":1}}],"gone":null}}`, any: `[{"a":"b"},{"X(c)":null}]`,
		},
		"edited since":     {record: applied, pattern: `{"spec":{"containers":[],"gone":"x"}}`, any: `[]`},
		"another shape":    {record: applied, pattern: `{"spec":[]}`, any: `{}`},
		"a broken record":  {record: `{"spec":`, pattern: `{}`, any: `[{}]`},
		"no record":        {pattern: `{"spec":{}}`, any: `[{}]`},
		"a record of more": {record: `{"spec":{"rules":[{},{},{},{},{}]}}`, pattern: `{}`, any: `[{}]`},
	} {
		t.Run(name, func(t *testing.T) {
			policy := &kyvernov1.ClusterPolicy{Spec: kyvernov1.Spec{Rules: []kyvernov1.Rule{
				{Validate: &kyvernov1.Validation{Pattern: &apiextensionsv1.JSON{Raw: []byte(test.pattern)}}},
				{Validate: &kyvernov1.Validation{AnyPattern: &apiextensionsv1.JSON{Raw: []byte(test.any)}}},
				{},
			}}}
			if test.record != "" {
				policy.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: test.record}
			}
			if diff := cmp.Diff(test.want, Warnings(policy)); diff != "" {
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
