package compile

import "testing"

// What is not evaluated yet is told apart from what is wrong: offline it is a skip, and a server refuses it.
func TestUnsupported(t *testing.T) {
	for spec, want := range map[string]string{
		`rules: [{%RULE%, mutate: {patchesJson6902: "[]"}}]`:                                    "spec.rules[0].mutate",
		`rules: [{%RULE%, generate: {kind: ConfigMap, apiVersion: v1, name: a, namespace: b}}]`: "spec.rules[0].generate",
		`rules: [{%RULE%, verifyImages: [{imageReferences: ["*"]}]}]`:                           "spec.rules[0].verifyImages",
		`rules: [{%RULE%, validate: {manifests: {}}}]`:                                          "spec.rules[0].validate.manifests",
		`mutateExistingOnPolicyUpdate: true, rules: [{%RULE%, validate: {pattern: {a: b}}}]`:    "spec.mutateExistingOnPolicyUpdate",
		`generateExistingOnPolicyUpdate: false, rules: [{%RULE%, validate: {pattern: {a: b}}}]`: "spec.generateExistingOnPolicyUpdate",
		`useServerSideApply: true, rules: [{%RULE%, validate: {pattern: {a: b}}}]`:              "spec.useServerSideApply",
		`rules: [{%RULE%, validate: {pattern: {a: b}}}]`:                                        "",
	} {
		p, errs := New(policy(t, `{metadata: {name: p}, spec: {`+spec+`}}`))
		if len(errs) > 0 {
			t.Errorf("%s: %v", spec, errs)
		}
		if want == "" && len(p.Unsupported) > 0 || want != "" && (len(p.Unsupported) != 1 || p.Unsupported[0].Field != want) {
			t.Errorf("%s: %v, want %s", spec, p.Unsupported, want)
		}
	}
}
