package policyset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// requireLabel is a policy on one kind that demands the label app.
func requireLabel(t testing.TB, kind string) v1.Spec {
	t.Helper()
	var spec v1.Spec
	if err := yaml.UnmarshalStrict([]byte(fmt.Sprintf(`
rules:
- name: labelled
  match:
    any:
    - resources:
        kinds: [%s]
  validate:
    failureAction: Enforce
    message: say which app it is
    pattern:
      metadata:
        labels:
          app: "?*"
`, kind)), &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func clusterPolicy(t testing.TB, name, kind string) *v1.ClusterPolicy {
	t.Helper()
	return &v1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), Generation: 1}, Spec: requireLabel(t, kind)}
}

func policy(t testing.TB, namespace, name, kind string) *v1.Policy {
	t.Helper()
	return &v1.Policy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-" + namespace + name), Generation: 1}, Spec: requireLabel(t, kind)}
}

func failOpen(p *v1.ClusterPolicy) *v1.ClusterPolicy {
	p.Spec.FailurePolicy = v1.Ignore
	return p
}

type world struct {
	*Set
	clusterPolicies, policies, exceptions *fcache.FakeControllerSource
	exceptionNamespace                    string
	compiled                              atomic.Int32
	panics                                atomic.Bool // whether compilation does, from now on
	changes                               <-chan struct{}
}

// newWorld starts a Set on sources that hold what prepare puts into them.
func newWorld(t *testing.T, prepare func(*world)) *world {
	t.Helper()
	w := &world{
		clusterPolicies: fcache.NewFakeControllerSource(), policies: fcache.NewFakeControllerSource(), exceptions: fcache.NewFakeControllerSource(),
	}
	prepare(w)
	clusterPolicies := cache.NewSharedIndexInformer(w.clusterPolicies, &v1.ClusterPolicy{}, 0, nil)
	policies := cache.NewSharedIndexInformer(w.policies, &v1.Policy{}, 0, nil)
	exceptions := cache.NewSharedIndexInformer(w.exceptions, &v2.PolicyException{}, 0, nil)
	set, err := New(Config{ClusterPolicies: clusterPolicies, Policies: policies, Exceptions: exceptions, ExceptionNamespace: w.exceptionNamespace})
	if err != nil {
		t.Fatal(err)
	}
	set.compile = func(policy v1.Object) (*engine.Program, field.ErrorList) {
		w.compiled.Add(1)
		if w.panics.Load() {
			panic("boom")
		}
		return engine.Compile(policy)
	}
	w.Set, w.changes = set, set.Subscribe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 4)
	go func() { clusterPolicies.RunWithContext(ctx); done <- struct{}{} }()
	go func() { policies.RunWithContext(ctx); done <- struct{}{} }()
	go func() { exceptions.RunWithContext(ctx); done <- struct{}{} }()
	go func() {
		if err := set.Run(ctx); err != nil {
			t.Error(err)
		}
		done <- struct{}{}
	}()
	t.Cleanup(func() {
		cancel()
		for range 4 {
			<-done
		}
	})
	return w
}

// until waits until a snapshot satisfies the condition.
func (w *world) until(t *testing.T, what string, condition func(*Snapshot) bool) *Snapshot {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		if s := w.Current(); s != nil && condition(s) {
			return s
		}
		select {
		case <-w.changes:
		case <-timeout:
			t.Fatalf("no snapshot within twenty seconds with: %s", what)
		}
	}
}

func names(s *Snapshot) []string {
	var names []string
	for policy := range s.All() {
		names = append(names, strings.TrimPrefix(policy.GetNamespace()+"/"+policy.GetName(), "/"))
	}
	return names
}

func holds(want ...string) func(*Snapshot) bool {
	return func(s *Snapshot) bool { return slices.Equal(names(s), want) }
}

func TestNoSnapshotBeforeBothKindsAreListed(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
		w.policies.ListError = errors.New("the api role is down")
	})
	time.Sleep(300 * time.Millisecond)
	if w.Current() != nil || w.Revision() != "" || w.Revisions() != nil {
		t.Error("a snapshot of one kind only")
	}
	if _, loaded := w.All(); loaded {
		t.Error("All says that it is loaded")
	}
	if _, _, loaded := w.Candidates(&eval.Request{}); loaded {
		t.Error("Candidates says that it is loaded")
	}
}

func TestSnapshotFollows(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
	})
	first := w.until(t, "a", holds("a"))
	w.policies.Add(policy(t, "team", "b", "Pod"))
	w.until(t, "a and b", holds("a", "team/b"))
	w.clusterPolicies.Delete(clusterPolicy(t, "a", "Pod"))
	w.until(t, "b", holds("team/b"))
	if !holds("a")(first) {
		t.Error("a snapshot changed under its reader")
	}
}

func TestCompilesOncePerSource(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
		w.clusterPolicies.Add(clusterPolicy(t, "b", "Pod"))
	})
	compiledAfter := func(change func(*v1.ClusterPolicy)) int32 {
		before := w.compiled.Load()
		for p := range w.until(t, "a and b", holds("a", "b")).All() {
			if p.GetName() == "a" {
				changed := p.DeepCopyObject().(*v1.ClusterPolicy)
				change(changed)
				w.clusterPolicies.Modify(changed)
				break
			}
		}
		w.until(t, "the change", func(s *Snapshot) bool {
			return s.revisions == w.seen() && s.revisions.ClusterPolicies == w.lastRevision()
		})
		return w.compiled.Load() - before
	}
	w.until(t, "a and b", holds("a", "b"))
	if got := w.compiled.Load(); got != 2 {
		t.Fatalf("compiled %d times for two policies", got)
	}
	tests := []struct {
		name   string
		change func(*v1.ClusterPolicy)
		want   int32
	}{
		{"status", func(p *v1.ClusterPolicy) { p.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: "True"}} }, 0},
		{"managed fields", func(p *v1.ClusterPolicy) { p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x"}} }, 0},
		{"a label", func(p *v1.ClusterPolicy) { p.Labels = map[string]string{"team": "a"} }, 0},
		{"kubectl's record of the last apply", func(p *v1.ClusterPolicy) {
			p.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"}
		}, 0},
		{"spec", func(p *v1.ClusterPolicy) { p.Generation++; p.Spec.Rules[0].Validate.Message = "other" }, 1},
		{"spec of a restored backup, in an old generation", func(p *v1.ClusterPolicy) { p.Spec.Rules[0].Validate.Message = "old" }, 1},
		{"severity", func(p *v1.ClusterPolicy) {
			p.Annotations = map[string]string{"policies.kyverno.io/severity": "high"}
		}, 1},
		{"deleted and created again", func(p *v1.ClusterPolicy) { p.UID = "another" }, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := compiledAfter(test.change); got != test.want {
				t.Errorf("compiled %d times, want %d", got, test.want)
			}
		})
	}
}

// lastRevision is the revision of the last change in the source.
func (w *world) lastRevision() string {
	list, err := w.clusterPolicies.List(metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	return list.(metav1.ListMetaAccessor).GetListMeta().GetResourceVersion()
}

// U11 the store is gone, restarts, or answers errors: what is enforced stays.
func TestU11InformerErrorsNeverEmptyTheSet(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
	})
	w.until(t, "a", holds("a"))
	w.clusterPolicies.ListError = errors.New("the api role is down")
	w.clusterPolicies.ResetWatch()
	w.policies.ListError = w.clusterPolicies.ListError
	w.policies.ResetWatch()
	for range 20 {
		time.Sleep(50 * time.Millisecond)
		if s := w.Current(); !holds("a")(s) {
			t.Fatalf("the snapshot holds %v", names(s))
		}
	}
}

func TestPanicInCompileKeepsTheLastSnapshot(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
	})
	before := w.until(t, "a", holds("a"))
	w.panics.Store(true)
	compiled := w.compiled.Load()
	w.clusterPolicies.Add(clusterPolicy(t, "b", "Pod"))
	for w.compiled.Load() == compiled {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if w.Current() != before {
		t.Error("a snapshot, and with it a revision, without the policy that could not be compiled")
	}
}

func TestBookmarksAdvanceTheRevision(t *testing.T) {
	w := newWorld(t, func(w *world) {
		w.clusterPolicies.Add(clusterPolicy(t, "a", "Pod"))
	})
	w.until(t, "a", holds("a"))
	compiled := w.compiled.Load()
	bookmark := &v1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "77"}}
	if err := w.clusterPolicies.Broadcaster.Action(watch.Bookmark, bookmark); err != nil {
		t.Fatal(err)
	}
	s := w.until(t, "revision 77", func(s *Snapshot) bool { return s.Revisions().ClusterPolicies == "77" })
	if s.Revisions().Policies == "77" {
		t.Error("the other kind advanced too")
	}
	if w.compiled.Load() != compiled {
		t.Error("compiled anew for a bookmark")
	}
}
