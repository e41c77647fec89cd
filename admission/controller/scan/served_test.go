package scan

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var widget = schema.GroupKind{Group: "example.dev", Kind: "Widget"}

func versionsOf(s *served, kind schema.GroupKind) []string {
	var versions []string
	for _, resource := range s.kinds[kind] {
		versions = append(versions, resource.kind.Version)
	}
	return versions
}

func TestServedPutsThePreferredVersionFirst(t *testing.T) {
	discovery := newFakeDiscovery()
	served := newServed(discovery)
	for _, preferred := range []string{"v2", "v1"} {
		for _, group := range discovery.groups {
			if group.Name == "example.dev" {
				group.PreferredVersion.GroupVersion = "example.dev/" + preferred
			}
		}
		if err := served.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		other := map[string]string{"v1": "v2", "v2": "v1"}[preferred]
		if diff := cmp.Diff([]string{preferred, other}, versionsOf(served, widget)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestServedPassesOverWhatCannotBeWatched(t *testing.T) {
	discovery := newFakeDiscovery()
	discovery.serve("odd.dev/v1", listable("pods/status", "Pod"),
		metav1.APIResource{Name: "reviews", Kind: "Review", Verbs: metav1.Verbs{"create"}},
		metav1.APIResource{Name: "metrics", Kind: "Metric", Verbs: metav1.Verbs{"get", "list"}})
	served := newServed(discovery)
	if err := served.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for kind := range served.kinds {
		if kind.Group == "odd.dev" {
			t.Errorf("%v would be watched", kind)
		}
	}
}

func TestServedRemembersWhatDiscoveryCannotTellNow(t *testing.T) {
	discovery := newFakeDiscovery()
	served := newServed(discovery)
	discovery.failFor("example.dev/v1", "kyverno.io/v1")
	if err := served.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"example.dev": true, "kyverno.io": true}, served.blind); diff != "" {
		t.Errorf("blind for (-want +got):\n%s", diff)
	}

	discovery.failFor()
	if err := served.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	discovery.failFor("example.dev/v2")
	if err := served.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"v2", "v1"}, versionsOf(served, widget)); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if len(served.blind) > 0 {
		t.Errorf("blind for %v, of which discovery has told before", served.blind)
	}

	before := served.kinds
	discovery.fail(errors.New("connection refused"))
	if err := served.refresh(t.Context()); err == nil {
		t.Error("no error where discovery fails altogether")
	}
	if diff := cmp.Diff(len(before), len(served.kinds)); diff != "" {
		t.Errorf("kinds after a failure (-want +got):\n%s", diff)
	}
}

func TestExcluded(t *testing.T) {
	for kind, want := range map[schema.GroupKind]bool{
		{Kind: "Event"}:                                 true,
		{Group: "events.k8s.io", Kind: "Event"}:         true,
		{Group: "example.dev", Kind: "Event"}:           false,
		{Kind: "Pod"}:                                   false,
		{Group: "kyverno.io", Kind: "ClusterPolicy"}:    true,
		{Group: "policies.kyverno.io", Kind: "X"}:       true,
		{Group: "notkyverno.io", Kind: "X"}:             false,
		{Group: "wgpolicyk8s.io", Kind: "PolicyReport"}: true,
		{Group: "openreports.io", Kind: "Report"}:       true,
		{Group: "coordination.k8s.io", Kind: "Lease"}:   false,
	} {
		if got := excluded(kind); got != want {
			t.Errorf("%v: excluded %v, want %v", kind, got, want)
		}
	}
}
