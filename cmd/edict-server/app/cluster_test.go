package app

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// serves is what a cluster serves; err is what it answers instead.
type serves struct {
	discovery.DiscoveryInterface
	lists []*metav1.APIResourceList
	err   error
	asked int
	// wait, if set, is closed when the answer may come.
	wait chan struct{}
}

func (s *serves) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	if s.wait != nil {
		<-s.wait
	}
	s.asked++
	var groups []*metav1.APIGroup
	for _, list := range s.lists {
		group, version, found := strings.Cut(list.GroupVersion, "/")
		if !found {
			group, version = "", group
		}
		named := metav1.GroupVersionForDiscovery{GroupVersion: list.GroupVersion, Version: version}
		groups = append(groups, &metav1.APIGroup{Name: group, Versions: []metav1.GroupVersionForDiscovery{named}, PreferredVersion: named})
	}
	return groups, s.lists, s.err
}

func newServes() *serves {
	return &serves{lists: []*metav1.APIResourceList{
		{GroupVersion: "v1", APIResources: []metav1.APIResource{
			{Name: "pods", Kind: "Pod", Namespaced: true}, {Name: "pods/status", Kind: "Pod", Namespaced: true},
			{Name: "secrets", Kind: "Secret", Namespaced: true}, {Name: "namespaces", Kind: "Namespace"},
		}},
		{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{
			{Name: "deployments", Kind: "Deployment", Namespaced: true}, {Name: "deployments/scale", Kind: "Scale", Group: "autoscaling", Version: "v1", Namespaced: true},
		}},
	}}
}

// onKinds is the spec of a policy on these kinds.
func onKinds(t *testing.T, kinds string, background string) (spec kyvernov1.Spec) {
	t.Helper()
	manifest := "background: " + background + "\nrules: [{name: r, match: {any: [{resources: {kinds: [" + kinds + "]}}]}, validate: {pattern: {metadata: {name: '?*'}}}}]"
	if err := yaml.UnmarshalStrict([]byte(manifest), &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func programOn(t *testing.T, kinds string) *engine.Program {
	t.Helper()
	program, errs := engine.Compile(&kyvernov1.ClusterPolicy{Spec: onKinds(t, kinds, "false")})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return program
}

func TestClusterIsAskedOnceInAWhile(t *testing.T) {
	served := newServes()
	c := newCluster(served)
	for range 5 {
		if found := c.served(t.Context(), programOn(t, "Secret")); len(found.Unknown) > 0 || len(found.Found) != 1 {
			t.Errorf("found %+v", found)
		}
	}
	if served.asked != 1 {
		t.Errorf("asked %d times", served.asked)
	}
	// A kind that is not known may have been installed just now.
	c.asked = time.Now().Add(-2 * unknownFreshFor)
	served.lists = append(served.lists, &metav1.APIResourceList{GroupVersion: "example.com/v1", APIResources: []metav1.APIResource{{Name: "widgets", Kind: "Widget", Namespaced: true}}})
	if found := c.served(t.Context(), programOn(t, "Widget, Gadget")); !slices.Equal(found.Unknown, []string{"Gadget"}) {
		t.Errorf("found %+v", found)
	}
	if served.asked != 2 {
		t.Errorf("asked %d times", served.asked)
	}
}

// What cannot be asked is not held against a policy, and what was known stays.
func TestClusterThatDoesNotAnswer(t *testing.T) {
	served := newServes()
	served.err = errors.New("down")
	c := newCluster(served)
	if found := c.served(t.Context(), programOn(t, "Widget")); len(found.Unknown) > 0 {
		t.Errorf("found %+v", found)
	}
	served.err, c.asked = nil, time.Time{}
	c.known(t.Context(), kindsFreshFor)
	served.err, c.asked = errors.New("down"), time.Time{}
	if found := c.served(t.Context(), programOn(t, "Secret, Widget")); len(found.Found) != 1 || !slices.Equal(found.Unknown, []string{"Widget"}) {
		t.Errorf("found %+v", found)
	}
}

func TestClusterThatIsSlowHoldsNobodyUp(t *testing.T) {
	served := newServes()
	served.wait = make(chan struct{})
	c := newCluster(served)
	began := time.Now()
	if found := c.served(t.Context(), programOn(t, "Widget")); len(found.Unknown) > 0 {
		t.Errorf("found %+v", found)
	}
	if took := time.Since(began); took > 5*patience {
		t.Errorf("waited %s", took)
	}
	close(served.wait)
	for deadline := time.Now().Add(10 * time.Second); c.known(t.Context(), time.Hour) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the answer that came late is lost")
		}
	}
	if served.asked != 1 {
		t.Errorf("asked %d times", served.asked)
	}
}
