package policyset

import (
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
	deleting := clusterPolicy(t, "deleting", "ConfigMap")
	deleting.DeletionTimestamp, deleting.Finalizers = &metav1.Time{Time: time.Now()}, []string{"x/y"}
	scanOnly := clusterPolicy(t, "scan-only", "ConfigMap")
	no := false
	scanOnly.Spec.Admission = &no
	w := newWorld(t, func(w *world) {
		for _, p := range []*v1.ClusterPolicy{
			clusterPolicy(t, "maps", "ConfigMap"), clusterPolicy(t, "deployments", "apps/v1/Deployment"), clusterPolicy(t, "all", "'*'"),
			failOpen(clusterPolicy(t, "open", "ConfigMap")), deleting, scanOnly,
		} {
			if p.Name == "all" {
				p.Spec.Background = &no
			}
			w.clusterPolicies.Add(p)
		}
		w.policies.Add(policy(t, "team", "team-maps", "ConfigMap"))
	})
	w.until(t, "all", func(s *Snapshot) bool { return len(names(s)) == 7 })
	tests := []struct {
		name string
		req  eval.Request
		want []string
	}{
		{"ConfigMap elsewhere", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: "x"}, []string{"all", "deleting", "maps", "open"}},
		{"ConfigMap in the namespace of a Policy", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: "team"}, []string{"all", "deleting", "maps", "open", "team-maps"}},
		{"Deployment", eval.Request{Kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, Namespace: "x"}, []string{"all", "deployments"}},
		{"cluster-scoped", eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}}, []string{"all"}},
	}
	for range 2 { // from the policies, then from the cache
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				got, _, loaded := w.Candidates(&test.req)
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
