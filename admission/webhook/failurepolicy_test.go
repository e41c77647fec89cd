package webhook

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestRefusals(t *testing.T) {
	tests := []struct {
		result           eval.Result
		action           eval.Action
		closed, failOpen bool // whether it refuses
	}{
		{eval.Pass, eval.Enforce, false, false},
		{eval.Skip, eval.Enforce, false, false},
		{eval.Warn, eval.Enforce, false, false},
		{eval.Fail, eval.Enforce, true, true},
		{eval.Error, eval.Enforce, true, false},
		{eval.Pass, eval.Audit, false, false},
		{eval.Fail, eval.Audit, false, false},
		{eval.Error, eval.Audit, false, false},
	}
	for _, test := range tests {
		for failClosed, want := range map[bool]bool{true: test.closed, false: test.failOpen} {
			// The other one, which passes, decides nothing for this one.
			d := []eval.Decision{{Result: eval.Pass, Action: eval.Enforce, FailClosed: !failClosed}, {Result: test.result, Action: test.action, FailClosed: failClosed}}
			if got := len(refusals(d)) > 0; got != want {
				t.Errorf("%s of a rule with %s, failing closed %v: refuses %v", test.result, test.action, failClosed, got)
			}
		}
	}
}

func decision(policy, rule string, result eval.Result, action eval.Action, message string) eval.Decision {
	return eval.Decision{Policy: eval.PolicyRef{Name: policy}, Rule: rule, Result: result, Action: action, Message: message}
}

func TestDenialMessage(t *testing.T) {
	req := &eval.Request{UID: "u", Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "default", Name: "bad"}
	tests := []struct {
		name      string
		req       *eval.Request
		decisions []eval.Decision
		want      string
	}{
		{
			name: "one rule", req: req,
			decisions: []eval.Decision{decision("require-limits", "limits", eval.Fail, eval.Enforce, "validation error: memory limits are required. rule limits failed at path /spec/containers/0/resources/limits/")},
			want: "\n\nresource Pod/default/bad was blocked due to the following policies \n\n" +
				"require-limits:\n  limits: 'validation error: memory limits are required. rule limits failed at path /spec/containers/0/resources/limits/'\n",
		},
		{
			name: "sorted; errors are named too; what passes, skips or audits is not", req: req,
			decisions: []eval.Decision{
				decision("z", "b", eval.Fail, eval.Enforce, "two"), decision("z", "a", eval.Error, eval.Enforce, "one"),
				decision("z", "c", eval.Pass, eval.Enforce, "pass"), decision("z", "d", eval.Skip, eval.Enforce, "skip"),
				decision("z", "e", eval.Fail, eval.Audit, "audit"), decision("a", "r", eval.Fail, eval.Enforce, "three"),
			},
			want: "\n\nresource Pod/default/bad was blocked due to the following policies \n\na:\n  r: three\nz:\n  a: one\n  b: two\n",
		},
		{
			name:      "cluster-scoped",
			req:       &eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "team"},
			decisions: []eval.Decision{decision("p", "r", eval.Fail, eval.Enforce, "no")},
			want:      "\n\nresource Namespace//team was blocked due to the following policies \n\np:\n  r: \"no\"\n",
		},
		{
			name: "lines", req: req,
			decisions: []eval.Decision{decision("p", "r", eval.Fail, eval.Enforce, "one\ntwo")},
			want:      "\n\nresource Pod/default/bad was blocked due to the following policies \n\np:\n  r: |-\n    one\n    two\n",
		},
		{
			name: "Policy and ClusterPolicy of one name", req: req,
			decisions: []eval.Decision{decision("p", "r", eval.Fail, eval.Enforce, "one"), decision("p", "r", eval.Fail, eval.Enforce, "two")},
			want:      "\n\nresource Pod/default/bad was blocked due to the following policies \n\np:\n  r: one; two\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := judged(test.req, test.decisions)
			if err != nil {
				t.Fatal(err)
			}
			if got.Allowed || got.Status == nil || got.Status.Status != "Failure" {
				t.Fatalf("%+v", got)
			}
			if diff := cmp.Diff(test.want, got.Status.Message); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	emitting := func(d eval.Decision) eval.Decision { d.EmitWarning = true; return d }
	got, err := judged(&eval.Request{UID: "u"}, []eval.Decision{
		decision("p", "error", eval.Error, eval.Enforce, "no answer\nfrom x"),
		decision("p", "audit", eval.Fail, eval.Audit, "silent"),
		emitting(decision("p", "emitted", eval.Fail, eval.Audit, "told")),
		emitting(decision("p", "passed", eval.Pass, eval.Audit, "well")),
	})
	if err != nil || !got.Allowed {
		t.Fatalf("%+v, %v", got, err)
	}
	if want := []string{"policy p.error: no answer from x", "policy p.emitted: told"}; !slices.Equal(got.Warnings, want) {
		t.Errorf("%q", got.Warnings)
	}
	refused, err := judged(&eval.Request{UID: "u"}, []eval.Decision{
		decision("p", "r", eval.Fail, eval.Enforce, "no"), emitting(decision("p", "emitted", eval.Fail, eval.Audit, "told")),
	})
	if err != nil || refused.Allowed || refused.Warnings != nil {
		t.Errorf("a refusal with warnings: %+v, %v", refused, err)
	}
}
