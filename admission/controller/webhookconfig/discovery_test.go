package webhookconfig

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine"
)

// A policy that comes right after the kind that it is for is never Ready without it.
func TestNewPolicyHasDiscoveryAsked(t *testing.T) {
	w := newWorld(t, clusterPolicy("a", on(t, "ConfigMap")))
	w.run(t)
	w.becomes(t, "a", metav1.ConditionTrue, "Ready")
	w.serves.mu.Lock()
	w.serves.lists = append(w.serves.lists, &metav1.APIResourceList{GroupVersion: "example.com/v1", APIResources: []metav1.APIResource{{Name: "widgets", Kind: "Widget", Namespaced: true}}})
	w.serves.mu.Unlock()
	w.clock.Step(2 * eagerInterval)
	changed := clusterPolicy("a", on(t, "Widget"))
	changed.SetGeneration(changed.GetGeneration() + 1)
	w.policies.replace(t, changed)
	w.Resync()
	eventually(t, "widgets", func() bool { return w.serving(t, "widgets") })
}

func TestDiscoveryIsAskedOftenForAWhileOnly(t *testing.T) {
	w := newWorld(t)
	program := &engine.Program{}
	if w.seek(map[*engine.Program]Need{program: {}}) || w.discoverAfter() != discoveryInterval {
		t.Error("nothing is missing")
	}
	if !w.seek(map[*engine.Program]Need{program: {unknown: []string{"Widget"}}}) || w.discoverAfter() != eagerInterval {
		t.Error("it waits though a kind is missing")
	}
	w.clock.Step(eagerFor)
	w.needs = map[*engine.Program]Need{program: {}}
	if w.seek(map[*engine.Program]Need{program: {unknown: []string{"Widget"}}}) || w.discoverAfter() != discoveryInterval {
		t.Error("what has been missing for long is asked for all the time")
	}
}
