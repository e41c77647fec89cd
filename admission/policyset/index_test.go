package policyset

import (
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

var pod = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}

// inNamespaces limits what a policy matches.
func inNamespaces(p *v1.ClusterPolicy, namespaces ...string) *v1.ClusterPolicy {
	p.Spec.Rules[0].Match.Any[0].Resources.Namespaces = namespaces
	return p
}

func indexOf(t testing.TB, policies ...v1.Object) *index {
	t.Helper()
	var entries []entry
	for _, p := range policies {
		program, errs := engine.Compile(p)
		if len(errs) > 0 {
			t.Fatal(errs.ToAggregate())
		}
		entries = append(entries, entry{p, program})
	}
	return newIndex(entries)
}

func TestIndexByNamespaceAndOperation(t *testing.T) {
	onDelete := clusterPolicy(t, "on-delete", "Pod")
	onDelete.Spec.Rules[0].Match.Any[0].Resources.Operations = []v1.AdmissionOperation{"DELETE"}
	broken := policy(t, "team", "broken", "Pod")
	broken.Spec.Rules[0].Match = v1.MatchResources{}
	brokenProgram, errs := engine.Compile(broken)
	if len(errs) == 0 {
		t.Fatal("a rule without a match is in order, it says")
	}
	x := indexOf(t,
		clusterPolicy(t, "everywhere", "Pod"),
		inNamespaces(clusterPolicy(t, "named", "Pod"), "a", "b"),
		inNamespaces(clusterPolicy(t, "patterned", "Pod"), "team-*"),
		onDelete,
		policy(t, "a", "own", "Pod"),
		clusterPolicy(t, "namespaces", "Namespace"),
	)
	x.programs = append(x.programs, brokenProgram)
	tests := []struct {
		kind      schema.GroupVersionKind
		namespace string
		operation eval.Operation
		want      []string
	}{
		{pod, "x", eval.Create, []string{"everywhere"}},
		{pod, "a", eval.Create, []string{"everywhere", "named", "own"}},
		{pod, "b", eval.Update, []string{"everywhere", "named"}},
		{pod, "team-1", eval.Create, []string{"everywhere", "patterned"}},
		{pod, "team", eval.Create, []string{"broken", "everywhere"}},
		{pod, "x", eval.Delete, []string{"everywhere", "on-delete"}},
		{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, "", eval.Create, []string{"namespaces"}},
		{schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, "team", eval.Create, []string{"broken"}},
	}
	for range 2 { // from the programs, then from what is known
		for _, test := range tests {
			got := programNames(x.find(question{kind: test.kind, operation: test.operation}, test.namespace))
			if !slices.Equal(got, test.want) {
				t.Errorf("%s %s in %q: got %v, want %v", test.operation, test.kind.Kind, test.namespace, got, test.want)
			}
		}
	}
}

// D09 kinds and namespaces come from whoever sends reviews.
func TestD09IndexIsBounded(t *testing.T) {
	x := indexOf(t, inNamespaces(clusterPolicy(t, "patterned", "Pod"), "team-*"))
	for i := range 2 * maxQuestions {
		x.find(question{kind: schema.GroupVersionKind{Kind: fmt.Sprint(i)}}, "x")
	}
	if got := len(x.known); got != maxQuestions {
		t.Errorf("%d questions are remembered", got)
	}
	x = indexOf(t, inNamespaces(clusterPolicy(t, "patterned", "Pod"), "team-*"))
	for i := range 2 * maxNamespaces {
		if got := x.find(question{kind: pod}, fmt.Sprint("team-", i)); len(got) != 1 {
			t.Fatalf("got %v", programNames(got))
		}
	}
	if got := len(x.known[question{kind: pod}].known); got != maxNamespaces {
		t.Errorf("%d namespaces are remembered", got)
	}
}

// A request must not cost more for the policies of other namespaces.
func BenchmarkFind(b *testing.B) {
	for _, others := range []int{0, 1000} {
		b.Run(fmt.Sprintf("others=%d", others), func(b *testing.B) {
			var policies []v1.Object
			for i := range 17 + others {
				p := clusterPolicy(b, fmt.Sprint(i), "Pod")
				if i >= 17 {
					inNamespaces(p, fmt.Sprint("team-", i))
				}
				policies = append(policies, p)
			}
			x := indexOf(b, policies...)
			b.ReportAllocs()
			for b.Loop() {
				if len(x.find(question{kind: pod, operation: eval.Create}, "x")) != 17 {
					b.Fatal("not the 17")
				}
			}
		})
	}
}
