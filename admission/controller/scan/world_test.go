package scan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

var (
	pods    = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	secrets = schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	gizmos  = schema.GroupVersionResource{Group: "late.dev", Version: "v1", Resource: "gizmos"}
)

// world is a cluster, its policies and a place for reports, with a Controller between them.
type world struct {
	t        testing.TB
	client   *dynamicfake.FakeDynamicClient
	policies *fakePolicies
	cluster  *fakeDiscovery
	sink     *memorySink
	config   Config
	scan     *Controller
}

// newWorld holds the given objects and no policies, which is known. Passes and discovery are an hour away, so that what
// happens in a test happens because of what the test does; a test that is about them changes the config before start.
func newWorld(t testing.TB, objects ...*unstructured.Unstructured) *world {
	t.Helper()
	cluster := newFakeDiscovery()
	scheme := runtime.NewScheme()
	kinds := make(map[schema.GroupVersionResource]string)
	for _, list := range cluster.lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, api := range list.APIResources {
			kinds[version.WithResource(api.Name)] = api.Kind + "List"
		}
	}
	kinds[gizmos] = "GizmoList"
	initial := make([]runtime.Object, len(objects))
	for i := range objects {
		initial[i] = objects[i]
	}
	w := &world{
		t:        t,
		client:   dynamicfake.NewSimpleDynamicClientWithCustomListKinds(scheme, kinds, initial...),
		policies: newFakePolicies(),
		cluster:  cluster,
		sink:     newMemorySink(),
	}
	w.config = Config{
		Policies:          w.policies,
		Discovery:         cluster,
		Client:            w.client,
		Lookup:            fakeLookup{},
		Sink:              w.sink,
		Interval:          time.Hour,
		DiscoveryInterval: time.Hour,
		Settle:            time.Millisecond,
	}
	return w
}

// start runs the Controller until the test ends.
func (w *world) start() {
	w.t.Helper()
	scan, err := New(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.scan = scan
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		scan.Run(ctx)
	}()
	w.t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			w.t.Error("Run did not return after its context was done")
		}
	})
}

// eventually waits for what must become true.
func (w *world) eventually(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not so after 20 seconds: %s\nreports: %v\nstatus: %+v", what, w.sink.said(), w.scan.Status())
		}
	}
}

// says waits until exactly the given reports stand, each in the words of said.
func (w *world) says(reports ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the reports are %v", reports), func() bool {
		return slices.Equal(w.sink.said(), reports)
	})
}

// watching waits until the fake client is watching, for it forgets to tell of what happens between list and watch.
func (w *world) watching(resource schema.GroupVersionResource) {
	w.t.Helper()
	w.eventually("watching "+resource.Resource, func() bool {
		for _, action := range w.client.Actions() {
			if action.Matches("watch", resource.Resource) {
				return true
			}
		}
		return false
	})
}

// started waits until the first pass has begun.
func (w *world) started() {
	w.t.Helper()
	w.eventually("a first pass", func() bool { return w.scan.Status().Known })
}

// passes waits until so many more passes over everything have begun.
func (w *world) passes(n int) {
	w.t.Helper()
	target := w.sink.timesListed() + n
	w.eventually(fmt.Sprintf("%d more passes", n), func() bool { return w.sink.timesListed() >= target })
}

func (w *world) create(resource schema.GroupVersionResource, object *unstructured.Unstructured) {
	w.t.Helper()
	_, err := w.client.Resource(resource).Namespace(object.GetNamespace()).
		Create(context.Background(), object, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(resource schema.GroupVersionResource, object *unstructured.Unstructured) {
	w.t.Helper()
	object.SetResourceVersion(object.GetResourceVersion() + "1")
	_, err := w.client.Resource(resource).Namespace(object.GetNamespace()).
		Update(context.Background(), object, metav1.UpdateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(resource schema.GroupVersionResource, object *unstructured.Unstructured) {
	w.t.Helper()
	err := w.client.Resource(resource).Namespace(object.GetNamespace()).
		Delete(context.Background(), object.GetName(), metav1.DeleteOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

func newObject(apiVersion, kind, namespace, name string, labels map[string]string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
	object.SetNamespace(namespace)
	object.SetName(name)
	object.SetUID(types.UID("uid-of-" + cache.NewObjectName(namespace, name).String()))
	object.SetResourceVersion("1")
	object.SetLabels(labels)
	return object
}

func newPod(namespace, name string, labels map[string]string) *unstructured.Unstructured {
	return newObject("v1", "Pod", namespace, name, labels)
}

func newNamespace(name string, labels map[string]string) *unstructured.Unstructured {
	return newObject("v1", "Namespace", "", name, labels)
}

var labelled = map[string]string{"team": "payments"}

// fakePolicies is a set of policies that tests change.
type fakePolicies struct {
	mu         sync.Mutex
	byName     map[string]compiled
	exceptions *engine.Exceptions
	known      bool
	changed    chan struct{}
	asked      int
}

type compiled struct {
	policy  kyvernov1.Object
	program *engine.Program
}

func newFakePolicies() *fakePolicies {
	return &fakePolicies{byName: make(map[string]compiled), known: true, changed: make(chan struct{}, 1)}
}

func (p *fakePolicies) All() (iter.Seq2[kyvernov1.Object, *engine.Program], bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	now := maps.Clone(p.byName)
	return func(yield func(kyvernov1.Object, *engine.Program) bool) {
		for _, compiled := range now {
			if !yield(compiled.policy, compiled.program) {
				return
			}
		}
	}, p.known
}

func (p *fakePolicies) BackgroundExceptions() *engine.Exceptions {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exceptions
}

func (p *fakePolicies) Subscribe() <-chan struct{} { return p.changed }

func (p *fakePolicies) timesAsked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *fakePolicies) change(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

func (p *fakePolicies) setKnown(known bool) { p.change(func() { p.known = known }) }

func (p *fakePolicies) put(name string, policy compiled) {
	p.change(func() { p.byName[name] = policy })
}

// except puts exceptions in the place of those that there were.
func (p *fakePolicies) except(t testing.TB, exceptions ...string) {
	t.Helper()
	var list []*engine.Exception
	for _, manifest := range exceptions {
		var exception kyvernov2.PolicyException
		if err := yaml.UnmarshalStrict([]byte(manifest), &exception); err != nil {
			t.Fatal(err)
		}
		compiled, errs := engine.CompileException(&exception)
		if len(errs) > 0 {
			t.Fatal(errs.ToAggregate())
		}
		list = append(list, compiled)
	}
	p.change(func() { p.exceptions = engine.NewExceptions(list) })
}

func (p *fakePolicies) remove(name string) { p.change(func() { delete(p.byName, name) }) }

// labelPolicy wants a label on objects of the given kind, with more of the match block as YAML.
func labelPolicy(t testing.TB, namespace, name, kind, label, match string) kyvernov1.Object {
	t.Helper()
	var policy kyvernov1.Object = &kyvernov1.ClusterPolicy{}
	if namespace != "" {
		policy = &kyvernov1.Policy{}
	}
	if err := yaml.UnmarshalStrict(fmt.Appendf(nil, `
metadata: {name: %q, namespace: %q}
spec:
  background: true
  rules:
  - name: require-%s
    match:
      any:
      - resources:
          kinds: [%q]
          %s
    validate:
      message: label it
      pattern: {metadata: {labels: {%s: "?*"}}}
`, name, namespace, label, kind, match, label), policy); err != nil {
		t.Fatal(err)
	}
	return policy
}

func requireLabel(t testing.TB, namespace, name, kind, label, match string) compiled {
	t.Helper()
	return compile(t, labelPolicy(t, namespace, name, kind, label, match))
}

func compile(t testing.TB, policy kyvernov1.Object) compiled {
	t.Helper()
	program, errs := engine.Compile(policy)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	return compiled{policy: policy, program: program}
}

// fakeDiscovery serves Namespaces, Pods, Secrets, Events, a kind in two versions, and a policy kind of our own.
type fakeDiscovery struct {
	mu     sync.Mutex
	groups []*metav1.APIGroup
	lists  []*metav1.APIResourceList
	err    error
	failed map[schema.GroupVersion]error
	asked  int
}

func newFakeDiscovery() *fakeDiscovery {
	d := &fakeDiscovery{}
	d.serve("v1", listable("namespaces", "Namespace"), listable("pods", "Pod"), listable("secrets", "Secret"),
		listable("events", "Event"))
	d.serve("example.dev/v2", listable("widgets", "Widget"))
	d.serve("example.dev/v1", listable("widgets", "Widget"))
	d.serve("kyverno.io/v1", listable("clusterpolicies", "ClusterPolicy"))
	return d
}

func listable(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, Kind: kind, Verbs: metav1.Verbs{"get", "list", "watch"}}
}

func (d *fakeDiscovery) serve(version string, resources ...metav1.APIResource) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lists = append(d.lists, &metav1.APIResourceList{GroupVersion: version, APIResources: resources})
	group, err := schema.ParseGroupVersion(version)
	if err != nil {
		panic(err)
	}
	entry := metav1.GroupVersionForDiscovery{GroupVersion: version, Version: group.Version}
	for _, known := range d.groups {
		if known.Name == group.Group {
			known.Versions = append(known.Versions, entry)
			return
		}
	}
	d.groups = append(d.groups, &metav1.APIGroup{
		Name: group.Group, Versions: []metav1.GroupVersionForDiscovery{entry}, PreferredVersion: entry,
	})
}

func (d *fakeDiscovery) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

// failFor has discovery answer without the given versions, as it does when the API server behind them is away.
func (d *fakeDiscovery) failFor(versions ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failed = make(map[schema.GroupVersion]error)
	for _, version := range versions {
		parsed, err := schema.ParseGroupVersion(version)
		if err != nil {
			panic(err)
		}
		d.failed[parsed] = errors.New("service unavailable")
	}
}

func (d *fakeDiscovery) drop(version string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lists = slices.DeleteFunc(d.lists, func(list *metav1.APIResourceList) bool { return list.GroupVersion == version })
}

func (d *fakeDiscovery) timesAsked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *fakeDiscovery) ServerGroupsAndResourcesWithContext(context.Context) (
	[]*metav1.APIGroup, []*metav1.APIResourceList, error,
) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if d.err != nil {
		return nil, nil, d.err
	}
	var lists []*metav1.APIResourceList
	for _, list := range d.lists {
		if version, err := schema.ParseGroupVersion(list.GroupVersion); err != nil || d.failed[version] == nil {
			lists = append(lists, list)
		}
	}
	if len(d.failed) > 0 {
		return slices.Clone(d.groups), lists, &discovery.ErrGroupDiscoveryFailed{Groups: d.failed}
	}
	return slices.Clone(d.groups), lists, nil
}

// fakeLookup knows no namespace: what the scan has not seen itself is an error.
type fakeLookup struct{}

func (fakeLookup) Within(context.Context) eval.Lookup { return fakeLookup{} }

func (fakeLookup) NamespaceLabels(name string) (map[string]string, error) {
	return nil, fmt.Errorf("namespace %q was looked up elsewhere", name)
}

func (fakeLookup) RolesOf(user *eval.User) (eval.Roles, error) {
	if user != nil {
		return eval.Roles{}, errors.New("nobody asks in a scan, and yet somebody did")
	}
	return eval.Roles{}, nil
}

func (fakeLookup) Read(source eval.Source) (any, error) {
	return nil, fmt.Errorf("not to be read here: %+v", source)
}

func (fakeLookup) Values(eval.PolicyRef, string) eval.Object { return nil }

var errSinkDown = errors.New("the sink is down")

// memorySink keeps reports as an API would, and counts what is done to it.
type memorySink struct {
	mu      sync.Mutex
	reports map[string]*v1alpha2.PolicyReport
	down    bool
	written int
	batches int
	listed  int
}

func newMemorySink() *memorySink {
	return &memorySink{reports: make(map[string]*v1alpha2.PolicyReport)}
}

func (s *memorySink) List(_ context.Context, visit func(*v1alpha2.PolicyReport)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errSinkDown
	}
	s.listed++
	for _, standing := range s.reports {
		if report.Ours(standing) {
			visit(standing.DeepCopy())
		}
	}
	return nil
}

func (s *memorySink) Apply(_ context.Context, changes []report.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches++
	if s.down {
		return errSinkDown
	}
	failed := make(map[int]error)
	for i, change := range changes {
		key := change.Namespace + "/" + change.Name
		standing, stands := s.reports[key]
		switch {
		case stands && !report.Ours(standing):
			failed[i] = report.ErrForeign
		case change.Report == nil:
			if stands {
				s.written++
				delete(s.reports, key)
			}
		case stands:
			if updated, changed := report.Update(standing, change.Report); changed {
				s.written++
				s.reports[key] = updated
			}
		default:
			s.written++
			s.reports[key] = change.Report.DeepCopy()
		}
	}
	if len(failed) > 0 {
		return &report.ApplyError{Failed: failed}
	}
	return nil
}

func (s *memorySink) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *memorySink) put(standing *v1alpha2.PolicyReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reports[standing.Namespace+"/"+standing.Name] = standing
}

func (s *memorySink) get(namespace, name string) *v1alpha2.PolicyReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports[namespace+"/"+name].DeepCopy()
}

func (s *memorySink) remove(namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.reports, namespace+"/"+name)
}

func (s *memorySink) timesWritten() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

func (s *memorySink) timesTried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.batches
}

func (s *memorySink) timesListed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listed
}

// said tells each report in a line, "Pod team/web: policy/rule=pass policy/rule=fail", in order.
func (s *memorySink) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var said []string
	for key, standing := range s.reports {
		line := key
		if scope := standing.Scope; scope != nil {
			line = fmt.Sprintf("%s %s:", scope.Kind, cache.NewObjectName(scope.Namespace, scope.Name))
		}
		for _, result := range standing.Results {
			line += fmt.Sprintf(" %s=%s", result.Policy, result.Result)
		}
		said = append(said, line)
	}
	slices.Sort(said)
	return said
}
