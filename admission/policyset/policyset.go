package policyset

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// The first change is taken up at once; those that come in a burst after it are taken together, this far apart.
const rebuildInterval = 50 * time.Millisecond

// Bookmarks advance an informer without an event that anyone is told of; this is how often they are looked for.
const revisionInterval = time.Second

// Config says what feeds a Set.
type Config struct {
	// ClusterPolicies and Policies are informers of these kinds, which the caller runs.
	ClusterPolicies, Policies cache.SharedIndexInformer
	// Exceptions is one of PolicyException, or nil where none are honoured.
	Exceptions cache.SharedIndexInformer
	// ExceptionNamespace is the namespace whose exceptions are honoured, or * for all. Empty is none.
	ExceptionNamespace string
}

// Set keeps the current Snapshot.
type Set struct {
	clusterPolicies, policies cache.SharedIndexInformer
	exceptions                cache.SharedIndexInformer // nil where none are honoured
	exceptionNamespace        string

	compile func(v1.Object) (*engine.Program, field.ErrorList) // engine.Compile, counted in tests
	current atomic.Pointer[Snapshot]
	dirty   chan struct{}

	mu          sync.Mutex
	subscribers []chan struct{}
}

// New returns a Set that is fed by informers.
func New(config Config) (*Set, error) {
	s := &Set{
		clusterPolicies: config.ClusterPolicies, policies: config.Policies,
		exceptions: exceptionsInformer(config), exceptionNamespace: config.ExceptionNamespace,
		compile: engine.Compile, dirty: make(chan struct{}, 1),
	}
	changed := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { notify(s.dirty) },
		UpdateFunc: func(any, any) { notify(s.dirty) },
		DeleteFunc: func(any) { notify(s.dirty) },
	}
	for _, informer := range s.informers() {
		if _, err := informer.AddEventHandler(changed); err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
	}
	return s, nil
}

func (s *Set) informers() []cache.SharedIndexInformer {
	informers := []cache.SharedIndexInformer{s.clusterPolicies, s.policies}
	if s.exceptions != nil {
		informers = append(informers, s.exceptions)
	}
	return informers
}

// Current is the last good snapshot, or nil until there is one.
func (s *Set) Current() *Snapshot { return s.current.Load() }

// Candidates are the programs of the current snapshot that may concern an admission request, and the exceptions from them;
// see Snapshot.For. loaded is false until there is a snapshot.
func (s *Set) Candidates(req *eval.Request) (programs []*engine.Program, exceptions *engine.Exceptions, loaded bool) {
	snapshot := s.Current()
	if snapshot == nil {
		return nil, nil, false
	}
	return snapshot.For(req), snapshot.exceptions.forAdmission(), true
}

// BackgroundExceptions are the exceptions of the current snapshot that hold for scans. As long as they are the same, no
// exception has changed.
func (s *Set) BackgroundExceptions() *engine.Exceptions {
	snapshot := s.Current()
	if snapshot == nil {
		return nil
	}
	return snapshot.exceptions.forBackground()
}

// All yields every policy of the current snapshot; loaded is false until there is one.
func (s *Set) All() (policies iter.Seq2[v1.Object, *engine.Program], loaded bool) {
	snapshot := s.Current()
	if snapshot == nil {
		return nil, false
	}
	return snapshot.All(), true
}

// Revisions are those of the current snapshot, by plural name of the kind; nil until there is one.
func (s *Set) Revisions() map[string]string {
	snapshot := s.Current()
	if snapshot == nil {
		return nil
	}
	return map[string]string{"clusterpolicies": snapshot.revisions.ClusterPolicies, "policies": snapshot.revisions.Policies}
}

// Revision names the current snapshot, for people; it is empty until there is one.
func (s *Set) Revision() string {
	snapshot := s.Current()
	if snapshot == nil {
		return ""
	}
	return snapshot.revisions.String()
}

// Subscribe returns a channel that receives after every change of the snapshot, its revisions included. Changes that
// come faster than they are received count as one.
func (s *Set) Subscribe() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes := make(chan struct{}, 1)
	s.subscribers = append(s.subscribers, changes)
	return changes
}

// Run keeps the snapshot current until ctx is done.
func (s *Set) Run(ctx context.Context) error {
	for _, informer := range s.informers() {
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			return nil // ctx is done
		}
	}
	ticker := time.NewTicker(revisionInterval)
	defer ticker.Stop()
	notify(s.dirty)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.dirty:
		case <-ticker.C:
			if current := s.Current(); current != nil && current.revisions == s.seen() {
				continue
			}
		}
		if err := s.rebuild(ctx); err != nil {
			klog.FromContext(ctx).Error(err, "The policies in memory stay as they were")
		}
		select {
		case <-ctx.Done():
		case <-time.After(rebuildInterval):
		}
	}
}

// seen are the revisions up to which the stores of the informers hold what there is.
func (s *Set) seen() Revisions {
	return Revisions{
		ClusterPolicies: s.clusterPolicies.GetStore().LastStoreSyncResourceVersion(),
		Policies:        s.policies.GetStore().LastStoreSyncResourceVersion(),
	}
}

// rebuild makes the snapshot of what the informers hold now.
func (s *Set) rebuild(ctx context.Context) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("policies could not be compiled: %v\n%s", cause, debug.Stack())
		}
	}()
	// Read before the stores are listed: what is listed is then at least as recent as the snapshot says.
	revisions := s.seen()
	current := s.Current()
	entries, err := s.entries(ctx, current)
	if err != nil {
		return err
	}
	exceptions, err := s.readExceptions(ctx, current.exceptionsOrNone())
	if err != nil {
		return err
	}
	s.current.Store(newSnapshot(revisions, entries, exceptions, current))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, subscriber := range s.subscribers {
		notify(subscriber)
	}
	return nil
}

// entries are the policies that the informers hold now, in a fixed order, so that answers do not depend on that of a map.
func (s *Set) entries(ctx context.Context, current *Snapshot) ([]entry, error) {
	objects := slices.Concat(s.clusterPolicies.GetStore().List(), s.policies.GetStore().List())
	entries := make([]entry, 0, len(objects))
	for _, object := range objects {
		policy, ok := object.(v1.Object)
		if !ok {
			return nil, fmt.Errorf("the informers of policies hold a %T", object)
		}
		earlier, known := current.entry(keyOf(policy))
		program := earlier.program
		if !known || !sameSource(earlier.policy, policy) {
			var errs field.ErrorList
			if program, errs = s.compile(policy); len(errs) > 0 {
				klog.FromContext(ctx).Error(errs.ToAggregate(), "A stored policy has errors; its rules that have any refuse or report an error", "policy", program.Ref())
			}
		}
		entries = append(entries, entry{policy, program})
	}
	slices.SortFunc(entries, func(a, b entry) int { return compareKeys(keyOf(a.policy), keyOf(b.policy)) })
	return entries, nil
}

// sameSource tells whether two states of a policy compile into the same program. The generation alone would not tell:
// annotations are read too, and a restored backup may bring back a generation with another spec. Labels are not read: who
// goes by them, goes by the policy.
func sameSource(a, b v1.Object) bool {
	return a == b || a.GetUID() == b.GetUID() &&
		maps.Equal(ownAnnotations(a), ownAnnotations(b)) &&
		apiequality.Semantic.DeepEqual(a.PolicySpec(), b.PolicySpec())
}

// ownAnnotations are those that say something about the policy: what kubectl records of the last apply does not, and
// changes with every label.
func ownAnnotations(policy v1.Object) map[string]string {
	annotations := maps.Clone(policy.GetAnnotations())
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	return annotations
}

func notify(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default: // told already
	}
}

// keyOf is unique among policies of both kinds: only a ClusterPolicy has no namespace.
func keyOf(policy v1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: policy.GetNamespace(), Name: policy.GetName()}
}

func compareKeys(a, b types.NamespacedName) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
