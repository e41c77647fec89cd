package compile

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/test/corpus"
)

func TestActions(t *testing.T) {
	const pattern = `pattern: {data: {a: x}}`
	for _, test := range []struct {
		name, spec, validate, namespace string
		want                            eval.Action
		wantErr                         bool
	}{
		{"nothing said", ``, ``, "a", eval.Audit, false},
		{"policy", `validationFailureAction: Enforce, `, ``, "a", eval.Enforce, false},
		{"lower case", `validationFailureAction: enforce, `, ``, "a", eval.Enforce, false},
		{"rule", `validationFailureAction: Enforce, `, `failureAction: Audit, `, "a", eval.Audit, false},
		{"policy override", `validationFailureActionOverrides: [{action: Enforce, namespaces: [a*]}], `, ``, "ab", eval.Enforce, false},
		{"policy override elsewhere", `validationFailureActionOverrides: [{action: Enforce, namespaces: [a*]}], `, ``, "b", eval.Audit, false},
		{"rule beats policy override", `validationFailureActionOverrides: [{action: Enforce}], `, `failureAction: Audit, `, "a", eval.Audit, false},
		{"rule override", ``, `failureAction: Audit, failureActionOverrides: [{action: Enforce, namespaces: [a]}], `, "a", eval.Enforce, false},
		{"first that fits", ``, `failureActionOverrides: [{action: Audit, namespaces: [b]}, {action: Enforce, namespaces: [a]}, {action: Audit}], `, "a", eval.Enforce, false},
		{"rule override before policy's", `validationFailureActionOverrides: [{action: Audit}], `, `failureActionOverrides: [{action: Enforce, namespaces: [a]}], `, "a", eval.Enforce, false},
		{"policy override after rule's", `validationFailureActionOverrides: [{action: Enforce}], `, `failureActionOverrides: [{action: Audit, namespaces: [b]}], `, "a", eval.Enforce, false},
		{"by labels", ``, `failureActionOverrides: [{action: Enforce, namespaceSelector: {matchLabels: {env: prod}}}], `, "a", eval.Enforce, false},
		{"names and labels", ``, `failureActionOverrides: [{action: Enforce, namespaces: [b], namespaceSelector: {matchLabels: {env: prod}}}], `, "a", eval.Audit, false},
		{"K10 labels unknown", ``, `failureActionOverrides: [{action: Audit, namespaceSelector: {matchLabels: {env: prod}}}], `, "gone", eval.Enforce, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, errs := New(policy(t, `{metadata: {name: p}, spec: {`+test.spec+`rules: [{%RULE%, validate: {`+test.validate+pattern+`}}]}}`))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			req := &eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: test.namespace}
			got, err := p.Rules[0].Action.For(req, &corpus.Lookup{Namespaces: map[string]map[string]string{"a": {"env": "prod"}}})
			if got != test.want || (err != nil) != test.wantErr {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
}
