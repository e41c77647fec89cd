package exception

import (
	"encoding/json"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// X01 whatever an exception says, it does not compile, or it exempts the same each time; and it exempts from no policy
// that it does not name.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`{"exceptions":[{"policyName":"p","ruleNames":["r"]}],"match":{"any":[{"resources":{"kinds":["Pod"],"names":["a*"]}}]}}`,
		`{"exceptions":[{"policyName":"a/p","ruleNames":["*"]}],"match":{},"conditions":{"any":[{"key":"{{ request.object.metadata.name }}","operator":"AnyIn","value":["a*"]}]}}`,
		`{"exceptions":[{"policyName":"*","ruleNames":["?*"]}],"match":{"all":[{"subjects":[{"kind":"User","name":"*"}]}]},"podSecurity":[{"controlName":"Capabilities","images":["*"]}]}`,
		`{"exceptions":[{"policyName":"/","ruleNames":[""]},{}],"match":{"any":[null]},"podSecurity":[{}]}`,
	} {
		f.Add(seed, "abc")
	}
	f.Fuzz(func(t *testing.T, spec, name string) {
		e := &v2.PolicyException{}
		if json.Unmarshal([]byte(spec), &e.Spec) != nil {
			t.Skip()
		}
		compiled, errs := Compile(e)
		if (compiled == nil) != (len(errs) > 0) {
			t.Fatalf("%v with errors %v", compiled, errs)
		}
		if compiled == nil {
			return
		}
		for _, policy := range []eval.PolicyRef{{Kind: "ClusterPolicy", Name: "q"}, {Kind: "Policy", Namespace: "b", Name: "p"}} {
			for _, entry := range NewSet([]*Exception{compiled}).For(policy, "r") {
				if entry != compiled || !namesPolicy(e, policy) {
					t.Errorf("%s exempts from %s", spec, policy)
				}
			}
		}
		req := &eval.Request{
			Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "a", Name: name, Operation: eval.Create, User: &eval.User{Name: name},
			Object: eval.Object{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "namespace": "a", "labels": map[string]any{name: name}}},
			Now:    time.Unix(0, 0),
		}
		apply := func() (bool, error) {
			return compiled.Applies(variable.NewScope(variable.Config{Request: req, Lookup: known, Policy: eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}, Rule: "r"}))
		}
		first, err := apply()
		if err != nil && first {
			t.Errorf("%s exempts with %v", spec, err)
		}
		if second, _ := apply(); first != second {
			t.Errorf("%s: %v, then %v", spec, first, second)
		}
	})
}

func namesPolicy(e *v2.PolicyException, policy eval.PolicyRef) bool {
	for _, entry := range e.Spec.Exceptions {
		if entry.PolicyName == policy.String() {
			return true
		}
	}
	return false
}
