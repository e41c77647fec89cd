package webhookconfig

import (
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// on is a rule on the kinds, with more lines for its resources.
func on(t testing.TB, kinds string, more ...string) v1.Spec {
	t.Helper()
	var spec v1.Spec
	manifest := fmt.Sprintf(`
background: false
rules:
- name: labelled
  match:
    any:
    - resources:
        kinds: [%s]
        %s
  validate:
    failureAction: Enforce
    message: say which app it is
    pattern:
      metadata:
        labels:
          app: "?*"
`, kinds, strings.Join(more, "\n        "))
	if err := yaml.UnmarshalStrict([]byte(manifest), &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func clusterPolicy(name string, spec v1.Spec) *v1.ClusterPolicy {
	return &v1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), ResourceVersion: "10", Generation: 1,
		Annotations: map[string]string{"pod-policies.kyverno.io/autogen-controllers": "none"}}, Spec: spec}
}

func policy(namespace, name string, spec v1.Spec) *v1.Policy {
	return &v1.Policy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + name), ResourceVersion: "10", Generation: 1,
		Annotations: map[string]string{"pod-policies.kyverno.io/autogen-controllers": "none"}}, Spec: spec}
}

func failOpen(p *v1.ClusterPolicy) *v1.ClusterPolicy {
	p.Spec.FailurePolicy = v1.Ignore
	return p
}

// set is a set of policies that tests fill.
type set struct {
	mu       sync.Mutex
	loaded   bool
	objects  []v1.Object
	programs []*engine.Program
	changes  chan struct{}
}

func newSet(t testing.TB, policies ...v1.Object) *set {
	t.Helper()
	s := &set{changes: make(chan struct{}, 1)}
	s.replace(t, policies...)
	return s
}

// replace makes these the policies; those that are there already keep their programs.
func (s *set) replace(t testing.TB, policies ...v1.Object) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	programs := map[types.UID]*engine.Program{}
	for i, p := range s.objects {
		programs[p.GetUID()+types.UID(fmt.Sprint(p.GetGeneration()))] = s.programs[i]
	}
	s.loaded, s.objects, s.programs = true, nil, nil
	for _, p := range policies {
		program := programs[p.GetUID()+types.UID(fmt.Sprint(p.GetGeneration()))]
		if program == nil {
			var errs any
			if program, errs = engine.Compile(p); fmt.Sprint(errs) != "[]" {
				t.Fatal(errs)
			}
		}
		s.objects, s.programs = append(s.objects, p), append(s.programs, program)
	}
	select {
	case s.changes <- struct{}{}:
	default:
	}
}

func (s *set) All() (iter.Seq2[v1.Object, *engine.Program], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects, programs := s.objects, s.programs
	return func(yield func(v1.Object, *engine.Program) bool) {
		for i := range objects {
			if !yield(objects[i], programs[i]) {
				return
			}
		}
	}, s.loaded
}

func (s *set) Subscribe() <-chan struct{} { return s.changes }

// serves is an API server with a fixed set of resources.
type serves struct {
	mu     sync.Mutex
	lists  []*metav1.APIResourceList
	failed map[schema.GroupVersion]error
	err    error
}

func (s *serves) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, nil, s.err
	}
	var groups []*metav1.APIGroup
	var lists []*metav1.APIResourceList
	byName := map[string]*metav1.APIGroup{}
	for _, list := range s.lists {
		gv, _ := schema.ParseGroupVersion(list.GroupVersion)
		version := metav1.GroupVersionForDiscovery{GroupVersion: list.GroupVersion, Version: gv.Version}
		group := byName[gv.Group]
		if group == nil {
			group = &metav1.APIGroup{Name: gv.Group, PreferredVersion: version}
			byName[gv.Group] = group
			groups = append(groups, group)
		}
		group.Versions = append(group.Versions, version)
		if s.failed[gv] == nil {
			lists = append(lists, list)
		}
	}
	if len(s.failed) > 0 {
		return groups, lists, &discovery.ErrGroupDiscoveryFailed{Groups: s.failed}
	}
	return groups, lists, nil
}

// cluster is what an API server serves, in part; of batch the preferred version is v1.
func cluster() *serves {
	list := func(groupVersion string, resources ...metav1.APIResource) *metav1.APIResourceList {
		return &metav1.APIResourceList{GroupVersion: groupVersion, APIResources: resources}
	}
	in := func(name, kind string) metav1.APIResource {
		return metav1.APIResource{Name: name, Kind: kind, Namespaced: true}
	}
	wide := func(name, kind string) metav1.APIResource { return metav1.APIResource{Name: name, Kind: kind} }
	return &serves{lists: []*metav1.APIResourceList{
		list("v1", in("pods", "Pod"), in("pods/exec", "PodExecOptions"), in("pods/status", "Pod"), in("pods/ephemeralcontainers", "Pod"),
			in("configmaps", "ConfigMap"), in("events", "Event"), wide("namespaces", "Namespace"), wide("nodes", "Node")),
		list("apps/v1", in("deployments", "Deployment"), in("deployments/scale", "Scale"), in("statefulsets", "StatefulSet"), in("daemonsets", "DaemonSet")),
		list("batch/v1", in("jobs", "Job"), in("cronjobs", "CronJob")),
		list("batch/v1beta1", in("cronjobs", "CronJob"), in("old", "Old")),
		list("events.k8s.io/v1", in("events", "Event")),
		list("apiextensions.k8s.io/v1", wide("customresourcedefinitions", "CustomResourceDefinition")),
		list("metrics.k8s.io/v1beta1", in("pods", "PodMetrics")),
		list("kyverno.io/v1", wide("clusterpolicies", "ClusterPolicy")),
	}}
}

func resourcesOf(t testing.TB, s *serves, earlier *Resources) *Resources {
	t.Helper()
	r, err := Discover(s, earlier)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
