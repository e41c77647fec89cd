package policyset

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// exemption is one from the rule of the policies of this test.
func exemption(namespace, name, policy string) *v2.PolicyException {
	return &v2.PolicyException{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name)},
		Spec: v2.PolicyExceptionSpec{
			Match: v1.MatchResources{Any: []v1.ResourceFilter{{Resources: &v1.ResourceDescription{Kinds: []string{"Pod"}}}}},
			Exceptions: []v2.Exception{{
				PolicyName: policy, RuleNames: []string{"labelled"},
			}},
		},
	}
}

// exempt tells whether a Pod that violates the policy is exempt.
func exempt(t *testing.T, s *Snapshot, exceptions *engine.Exceptions) bool {
	t.Helper()
	request := &eval.Request{Kind: pod, Namespace: "x", Name: "p", Operation: eval.Create, Object: eval.Object{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p", "namespace": "x"},
	}}
	decisions := engine.Evaluate(engine.Input{Programs: s.For(request), Exceptions: exceptions, Request: request, Lookup: noLookup{}})
	if len(decisions) != 1 {
		t.Fatalf("decisions: %+v", decisions)
	}
	return decisions[0].Result == eval.Skip
}

type noLookup struct{}

func (noLookup) NamespaceLabels(string) (map[string]string, error) { return nil, nil }
func (noLookup) RolesOf(*eval.User) (eval.Roles, error)            { return eval.Roles{}, nil }
func (noLookup) Read(eval.Source) (any, error)                     { return nil, nil }
func (noLookup) Values(eval.PolicyRef, string) eval.Object         { return nil }

func TestExceptionsFollow(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.exceptionNamespace = everyNamespace
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
	})
	s := w.until(t, "a", holds("a"))
	if exempt(t, s, s.exceptions.forAdmission()) {
		t.Fatal("exempt without an exception")
	}
	program := s.entries[0].program
	e := exemption("team", "e", "a")
	w.exceptions.Add(e)
	s = w.until(t, "the exception", func(s *Snapshot) bool { return len(s.exceptions.compiled) == 1 })
	if !exempt(t, s, s.exceptions.forAdmission()) || !exempt(t, s, w.BackgroundExceptions()) {
		t.Error("not exempt")
	}
	if s.entries[0].program != program || w.compiled.Load() != 1 {
		t.Error("the policy was compiled anew")
	}

	no, onlyAdmission := false, e.DeepCopy()
	onlyAdmission.Spec.Background = &no
	w.exceptions.Modify(onlyAdmission)
	s = w.until(t, "the changed exception", func(s *Snapshot) bool { return s.exceptions.compiled[e.UID].object.Spec.Background != nil })
	if !exempt(t, s, s.exceptions.forAdmission()) || exempt(t, s, w.BackgroundExceptions()) {
		t.Error("an exception that is not for scans holds for both, or for none")
	}

	broken := e.DeepCopy()
	broken.Spec.Exceptions[0].RuleNames = nil
	w.exceptions.Modify(broken)
	s = w.until(t, "the broken exception", func(s *Snapshot) bool { return s.exceptions.compiled[e.UID].compiled == nil })
	if exempt(t, s, s.exceptions.forAdmission()) {
		t.Error("exempt by an exception with errors")
	}
	w.exceptions.Modify(e.DeepCopy())
	w.until(t, "the mended exception", func(s *Snapshot) bool { return s.exceptions.compiled[e.UID].compiled != nil })
	w.exceptions.Delete(e)
	s = w.until(t, "no exception", func(s *Snapshot) bool { return len(s.exceptions.compiled) == 0 })
	if exempt(t, s, s.exceptions.forAdmission()) {
		t.Error("exempt by an exception that is gone")
	}
}

// K07 exceptions are honoured where the operator says so, and by default nowhere.
func TestK07ExceptionsOfOtherNamespaces(t *testing.T) {
	tests := []struct {
		chosen string
		want   bool
	}{{"", false}, {"tenant", true}, {"security", false}, {"ten", false}, {everyNamespace, true}}
	for _, test := range tests {
		t.Run("--exception-namespace="+test.chosen, func(t *testing.T) {
			w := newWorld(t, func(w *world) {
				w.exceptionNamespace = test.chosen
				w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
				w.exceptions.Add(exemption("tenant", "e", "a"))
			})
			s := w.until(t, "a", holds("a"))
			if got := exempt(t, s, s.exceptions.forAdmission()); got != test.want {
				t.Errorf("exempt: %v", got)
			}
			if got := exempt(t, s, w.BackgroundExceptions()); got != test.want {
				t.Errorf("exempt in scans: %v", got)
			}
		})
	}
}
