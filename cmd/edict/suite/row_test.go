package suite

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

const node = "---\n{apiVersion: v1, kind: Node, metadata: {name: node}, spec: {a: b}}\n"

func TestRows(t *testing.T) {
	policies := clusterPolicy("p", rule("r", "Pod", hasA)+", "+rule("node", "Node", hasA)+", "+rule("cm", "ConfigMap", `preconditions: {all: [{key: "{{request.operation}}", operator: Equals, value: UPDATE}]}, `+`validate: {pattern: {data: {a: b}}}`)) +
		clusterPolicy("invalid", rule("r", "Pod", `validate: {message: "{{ foo( }}", pattern: {spec: {a: b}}}`)) +
		"---\n{apiVersion: policies.kyverno.io/v1, kind: ValidatingPolicy, metadata: {name: vpol}}\n"
	for _, test := range []struct{ name, result, want string }{
		{"names, with and without a namespace, of all kinds", `{policy: p, rule: r, kind: Pod, resources: [one, ns/two], result: pass}`,
			"Pass p/r v1/Pod/default/one: Ok\nPass p/r v1/ConfigMap/default/one: Excluded (nothing evaluated)\nFail p/r v1/Pod/ns/two: Want pass, got fail"},
		{"a name twice", `{policy: p, rule: r, resources: [two, ns/two], result: fail}`, "Pass p/r v1/Pod/ns/two: Ok\nPass p/r v1/Pod/ns/two: Ok"},
		{"in no namespace", `{policy: p, rule: node, resources: [node], result: pass}`, "Pass p/node v1/Node//node: Ok"},
		{"fail", `{policy: p, rule: r, resources: [two], result: fail}`, "Pass p/r v1/Pod/ns/two: Ok"},
		{"another namespace", `{policy: p, rule: r, resources: [default/two], result: fail}`,
			"Fail p/r v1/Pod/default/one: Want fail, got pass\nPass p/r v1/Pod/ns/two: Ok\nPass p/r v1/ConfigMap/default/one: Excluded (nothing evaluated)\nFail p/autogen-r apps/v1/Deployment/default/dep: Want fail, got pass\nPass p/r v1/Node//node: Excluded (nothing evaluated)"},
		{"a name that there is not stands for all", `{policy: p, rule: r, resources: [typo], result: pass}`,
			"Pass p/r v1/Pod/default/one: Ok\nFail p/r v1/Pod/ns/two: Want pass, got fail\nPass p/r v1/ConfigMap/default/one: Excluded (nothing evaluated)\nPass p/autogen-r apps/v1/Deployment/default/dep: Ok\nPass p/r v1/Node//node: Excluded (nothing evaluated)"},
		{"one of two names", `{policy: p, rule: r, resources: [two, typo], result: fail}`, "Pass p/r v1/Pod/ns/two: Ok"},
		{"specs", `{policy: p, rule: r, resources: [typo], resourceSpecs: [{group: apps, version: v1, kind: Any, namespace: default, name: dep}], result: pass}`, "Pass p/autogen-r apps/v1/Deployment/default/dep: Ok"},
		{"specs of the core group", `{policy: p, rule: r, resources: [typo], resourceSpecs: [{version: v1, namespace: ns, name: two}], result: fail}`, "Pass p/r v1/Pod/ns/two: Ok"},
		{"a namespace of the policy is for people", `{policy: x/p, rule: r, resources: [two], result: fail}`, "Pass x/p/r v1/Pod/ns/two: Ok"},
		{"a rule that there is not", `{policy: p, rule: none, resources: [two], result: fail}`, "Pass p/none v1/Pod/ns/two: Excluded (nothing evaluated)"},
		{"all rules", `{policy: p, resources: [two], result: fail}`, "Pass p/r v1/Pod/ns/two: Ok"},
		{"a derived rule by its own name", `{policy: p, rule: autogen-r, resources: [dep], result: skip}`, "Fail p/autogen-r apps/v1/Deployment/default/dep: Want skip, got pass"},
		{"a policy that there is not", `{policy: none, rule: r, resources: [two], result: fail}`, "Fail none/r v1/Pod/ns/two: Not found (nothing evaluated)"},
		{"a policy that is not in order", `{policy: invalid, rule: r, resources: [two], result: fail}`, "Skip invalid/r v1/Pod/ns/two: Invalid Policy (nothing evaluated)"},
		{"a policy of another group", `{policy: vpol, isValidatingPolicy: true, resources: [two], result: fail}`, "Not yet vpol/ v1/Pod/ns/two: Not evaluated yet (nothing evaluated)"},
		{"what mutates", `{policy: p, rule: r, resources: [two], result: pass, patchedResources: a.yaml}`, "Not yet p/r v1/Pod/ns/two: Not evaluated yet (nothing evaluated)"},
		{"without an operation", `{policy: p, rule: cm, resources: [default/one], result: skip}`, "Pass p/cm v1/Pod/default/one: Excluded (nothing evaluated)\nPass p/cm v1/ConfigMap/default/one: Ok"},
		{"an operation", `{policy: p, rule: cm, resources: [default/one], operation: UPDATE, result: fail}`, "Pass p/cm v1/Pod/default/one: Excluded (nothing evaluated)\nPass p/cm v1/ConfigMap/default/one: Ok"},
		{"an operation that a pattern has nothing to say to", `{policy: p, rule: r, resources: [two], operation: DELETE, result: pass}`, "Pass p/r v1/Pod/ns/two: Excluded (nothing evaluated)"},
	} {
		got := told(run(t, Runner{}, map[string]string{
			"test.yaml": "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [" + test.result + "]", "policy.yaml": policies, "res.yaml": resources + node,
		}))
		if got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func TestStrict(t *testing.T) {
	policies := clusterPolicy("p", rule("r", "Pod", hasA)) + clusterPolicy("invalid", rule("r", "Pod", `validate: {message: "{{ foo( }}", pattern: {spec: {a: b}}}`)) +
		"---\n{apiVersion: policies.kyverno.io/v1, kind: ValidatingPolicy, metadata: {name: vpol}}\n"
	for result, want := range map[string]string{
		`{policy: p, rule: r, resources: [two], result: fail}`:                  "Pass p/r v1/Pod/ns/two: Ok",
		`{policy: p, rule: none, resources: [two], result: fail}`:               "Fail p/none v1/Pod/ns/two: Excluded (nothing evaluated)",
		`{policy: invalid, rule: r, resources: [two], result: fail}`:            "Fail invalid/r v1/Pod/ns/two: Invalid Policy (nothing evaluated)",
		`{policy: vpol, resources: [two], result: fail}`:                        "Fail vpol/ v1/Pod/ns/two: Not evaluated yet (nothing evaluated)",
		`{policy: p, rule: r, kind: Pod, resources: [one], result: pass}`:       "Pass p/r v1/Pod/default/one: Ok\nPass p/r v1/ConfigMap/default/one: Excluded (nothing evaluated)",
		`{policy: p, rule: r, kind: ConfigMap, resources: [one], result: pass}`: "Pass p/r v1/Pod/default/one: Ok\nFail p/r v1/ConfigMap/default/one: Excluded (nothing evaluated)",
	} {
		got := told(run(t, Runner{Strict: true}, map[string]string{
			"test.yaml": "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [" + result + "]", "policy.yaml": policies, "res.yaml": resources,
		}))
		if got != want {
			t.Errorf("%s:\n%s\nwant\n%s", result, got, want)
		}
	}
}

// TestUnscored: a failure of a policy that is not scored is a warning.
func TestUnscored(t *testing.T) {
	outcomes := run(t, Runner{}, map[string]string{
		"test.yaml":   "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: warn}]",
		"policy.yaml": strings.Replace(clusterPolicy("p", rule("r", "Pod", hasA)), "{name: p}", `{name: p, annotations: {policies.kyverno.io/scored: "false"}}`, 1),
		"res.yaml":    resources,
	})
	if got := outcomes[0].Rows[0]; got.Status != Passed || got.Got != eval.Warn {
		t.Errorf("%+v", got)
	}
}
