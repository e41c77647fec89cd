package compile

import (
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// TestRefuse: what is not evaluated is refused, by the name of its field, and never passed over.
func TestRefuse(t *testing.T) {
	const pattern = `pattern: {data: {a: x}}`
	for _, test := range []struct{ rule, path string }{
		{`{%RULE%, mutate: {patchStrategicMerge: {a: b}}}`, "mutate"},
		{`{%RULE%, generate: {kind: Secret}}`, "generate"},
		{`{%RULE%, verifyImages: [{imageReferences: ['*']}]}`, "verifyImages"},
		{`{%RULE%, context: [{name: a, variable: {value: 1}}], validate: {` + pattern + `}}`, "context"},
		{`{%RULE%, preconditions: [], validate: {` + pattern + `}}`, "preconditions"},
		{`{%RULE%, celPreconditions: [{name: a, expression: 'true'}], validate: {` + pattern + `}}`, "celPreconditions"},
		{`{%RULE%, imageExtractors: {Task: [{path: /a}]}, validate: {` + pattern + `}}`, "imageExtractors"},
		{`{%RULE%, validate: {deny: {}}}`, "validate.deny"},
		{`{%RULE%, validate: {foreach: [{list: a}]}}`, "validate.foreach"},
		{`{%RULE%, validate: {podSecurity: {level: baseline}}}`, "validate.podSecurity"},
		{`{%RULE%, validate: {cel: {}}}`, "validate.cel"},
		{`{%RULE%, validate: {manifests: {}}}`, "validate.manifests"},
		{`{%RULE%, validate: {assert: {}, ` + pattern + `}}`, "validate.assert"},
		{`{%RULE%, validate: {allowExistingViolations: false, ` + pattern + `}}`, "validate.allowExistingViolations"},
		{`{%RULE%, validate: {message: '{{request.name}}', ` + pattern + `}}`, "validate.message"},
		{`{%RULE%, validate: {message: '$(../a)', ` + pattern + `}}`, "validate.message"},
		{`{%RULE%, reportProperties: {a: '{{x}}'}, validate: {` + pattern + `}}`, "reportProperties[a]"},
		{`{%RULE%, validate: {pattern: {data: {a: '{{x}}'}}}}`, "validate.pattern.data.a"},
		{`{%RULE%, validate: {anyPattern: [{data: {a: '$(x)'}}]}}`, "validate.anyPattern[0].data.a"},
		{`{%RULE%, validate: {}}`, "validate"},
		{`{%RULE%, validate: {message: m}}`, "validate"},
		{`{%RULE%, validate: {anyPattern: [], ` + pattern + `}}`, "validate.anyPattern"},
		{`{%RULE%, validate: {anyPattern: []}}`, "validate.anyPattern"},
		{`{%RULE%}`, "validate"},
	} {
		p, errs := New(policy(t, `{metadata: {name: p}, spec: {rules: [`+test.rule+`]}}`))
		if len(errs) != 1 || errs[0].Field != "spec.rules[0]."+test.path {
			t.Errorf("%s: %v", test.rule, errs)
		}
		if p.Rules[0].Broken == "" {
			t.Errorf("%s: the rule would be evaluated", test.rule)
		}
		if action, err := p.Rules[0].Action.For(&eval.Request{}, nil); err != nil || action == "" {
			t.Errorf("%s: action %q, %v", test.rule, action, err)
		}
	}
}

func TestRefuseSpec(t *testing.T) {
	for spec, path := range map[string]string{
		`mutateExistingOnPolicyUpdate: true`:                                                 "mutateExistingOnPolicyUpdate",
		`generateExisting: true`:                                                             "generateExisting",
		`generateExistingOnPolicyUpdate: false`:                                              "generateExistingOnPolicyUpdate",
		`useServerSideApply: true`:                                                           "useServerSideApply",
		`webhookConfiguration: {matchConditions: [{name: a, expression: 'true'}]}`:           "webhookConfiguration.matchConditions",
		`validationFailureAction: Deny`:                                                      "validationFailureAction",
		`validationFailureActionOverrides: [{action: Audit}, {action: "", namespaces: [a]}]`: "validationFailureActionOverrides[1].action",
	} {
		pol := policy(t, `{metadata: {name: p}, spec: {rules: [`+goodRule+`]}}`)
		if err := yaml.UnmarshalStrict([]byte(spec), &pol.Spec); err != nil {
			t.Fatal(err)
		}
		p, errs := New(pol)
		if len(errs) != 1 || errs[0].Field != "spec."+path || p.Rules[0].Broken == "" {
			t.Errorf("%s: %v, %q", spec, errs, p.Rules[0].Broken)
		}
	}
	for _, spec := range []string{`mutateExistingOnPolicyUpdate: false`, `generateExisting: false`, `useServerSideApply: false`, `schemaValidation: false`, `webhookConfiguration: {failurePolicy: Ignore}`} {
		pol := policy(t, `{metadata: {name: p}, spec: {rules: [`+goodRule+`]}}`)
		if err := yaml.UnmarshalStrict([]byte(spec), &pol.Spec); err != nil {
			t.Fatal(err)
		}
		if _, errs := New(pol); len(errs) > 0 {
			t.Errorf("%s: %v", spec, errs)
		}
	}
}
