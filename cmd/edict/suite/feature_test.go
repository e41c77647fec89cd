package suite

import "testing"

// TestMutateFirst: where a rule would change resources before others judge them, no row can be compared.
func TestMutateFirst(t *testing.T) {
	got := told(run(t, Runner{}, map[string]string{
		"test.yaml":   "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}, {policy: m, rule: m, resources: [two], result: pass}]",
		"policy.yaml": clusterPolicy("p", rule("r", "Pod", hasA)) + clusterPolicy("m", rule("m", "Pod", "mutate: {patchStrategicMerge: {spec: {a: b}}}")),
		"res.yaml":    resources,
	}))
	if want := "Not yet p/r v1/Pod/ns/two: Not evaluated yet (nothing evaluated)\nNot yet m/m v1/Pod/ns/two: Not evaluated yet (nothing evaluated)"; got != want {
		t.Error(got)
	}
}

// TestRulesApart: a rule of a type that is not evaluated yet keeps no other rule of its policy from being judged.
func TestRulesApart(t *testing.T) {
	got := told(run(t, Runner{}, map[string]string{
		"test.yaml":   "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}, {policy: p, rule: v, resources: [two], result: pass}, {policy: p, resources: [two], result: fail}]",
		"policy.yaml": clusterPolicy("p", rule("r", "Pod", hasA)+", "+rule("v", "Pod", `verifyImages: [{imageReferences: ["*"], mutateDigest: false}]`)),
		"res.yaml":    resources,
	}))
	if want := "Pass p/r v1/Pod/ns/two: Ok\nNot yet p/v v1/Pod/ns/two: Not evaluated yet (nothing evaluated)\nPass p/r v1/Pod/ns/two: Ok\nNot yet p/v v1/Pod/ns/two: Not evaluated yet (nothing evaluated)"; got != want {
		t.Error(got)
	}
}
