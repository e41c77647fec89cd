package policyset

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestCandidates(t *testing.T) {
	deleting := clusterPolicy(t, "deleting", "Pod")
	deleting.DeletionTimestamp, deleting.Finalizers = &metav1.Time{Time: time.Now()}, []string{"x/y"}
	scanOnly := clusterPolicy(t, "scan-only", "Pod")
	no := false
	scanOnly.Spec.Admission = &no
	w := newWorld(t, func(w *world) {
		for _, p := range []*v1.ClusterPolicy{
			clusterPolicy(t, "pods", "Pod"), clusterPolicy(t, "deployments", "apps/v1/Deployment"), clusterPolicy(t, "all", "'*'"),
			failOpen(clusterPolicy(t, "open", "Pod")), deleting, scanOnly,
		} {
			if p.Name == "all" {
				p.Spec.Background = &no
			}
			w.clusterPolicies.Add(p)
		}
		w.policies.Add(policy(t, "team", "team-pods", "Pod"))
	})
	w.until(t, "all", func(s *Snapshot) bool { return len(names(s)) == 7 })
	tests := []struct {
		name string
		req  eval.Request
		want []string
	}{
		{"Pod elsewhere", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "x"}, []string{"all", "deleting", "open", "pods"}},
		{"Pod in the namespace of a Policy", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "team"}, []string{"all", "deleting", "open", "pods", "team-pods"}},
		{"Deployment", eval.Request{Kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, Namespace: "x"}, []string{"all", "deployments"}},
		{"cluster-scoped", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}}, []string{"all"}},
	}
	for range 2 { // from the policies, then from the cache
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				got, loaded := w.Candidates(&test.req)
				if !loaded || !slices.Equal(programNames(got), test.want) {
					t.Errorf("got %v, want %v", programNames(got), test.want)
				}
			})
		}
	}
}

func programNames(programs []*engine.Program) []string {
	var names []string
	for _, p := range programs {
		names = append(names, p.Ref().Name)
	}
	slices.Sort(names)
	return names
}

// D09 kinds come from whoever sends reviews.
func TestD09CandidateCacheIsBounded(t *testing.T) {
	s := newSnapshot(Revisions{}, nil)
	for i := range 2 * maxCandidateKeys {
		s.For(&eval.Request{Kind: schema.GroupVersionKind{Kind: fmt.Sprint(i)}})
	}
	if got := len(s.candidates.known); got != maxCandidateKeys {
		t.Errorf("%d kinds are remembered", got)
	}
}
