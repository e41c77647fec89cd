package webhookconfig

import (
	"fmt"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestMemoLooksOnce(t *testing.T) {
	var m memo
	looked := 0
	key := targetKey{kind: "Pod"}
	look := func() []matched {
		looked++
		return append(make([]matched, 0, 4), matched{schema.GroupVersionResource{Resource: "pods"}, true})
	}
	first := m.resolved(key, look)
	_ = append(first, matched{schema.GroupVersionResource{Resource: "other"}, true})
	again := append(m.resolved(key, look), matched{schema.GroupVersionResource{Resource: "third"}, true})
	if looked != 1 || again[0].Resource != "pods" || len(m.resolved(key, look)) != 1 {
		t.Errorf("looked %d times, got %v", looked, again)
	}
	m.resolved(targetKey{kind: "Node"}, look)
	if looked != 2 {
		t.Error("another target is taken for the first")
	}
}

func TestSameAtomsAreTheSameSlice(t *testing.T) {
	var m memo
	atoms := func(resource string) []atom {
		return []atom{{"", "v1", resource, admissionregistrationv1.NamespacedScope, "CREATE"}}
	}
	first, again := m.same(atoms("pods")), m.same(atoms("pods"))
	if &first[0] != &again[0] {
		t.Error("equal atoms are two slices")
	}
	if other := m.same(atoms("nodes")); &first[0] == &other[0] {
		t.Error("different atoms are one slice")
	}
	if len(m.same(nil)) != 0 {
		t.Error("no atoms are some")
	}
}

func TestMemoIsBounded(t *testing.T) {
	var m memo
	for i := range 2 * maxRemembered {
		name := fmt.Sprint(i)
		m.resolved(targetKey{kind: name}, func() []matched { return nil })
		m.same([]atom{{resource: name}})
	}
	if len(m.targets) != maxRemembered || len(m.atoms) != maxRemembered {
		t.Errorf("%d targets and %d slices are remembered", len(m.targets), len(m.atoms))
	}
}
