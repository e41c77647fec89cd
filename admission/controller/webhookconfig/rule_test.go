package webhookconfig

import (
	"slices"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestCoversResource(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"pods", "pods", true}, {"pods", "pods/exec", false}, {"pods", "nodes", false},
		{"*", "pods", true}, {"*", "*", true}, {"*", "pods/exec", false}, {"*", "*/*", false},
		{"*/*", "pods", true}, {"*/*", "pods/exec", true}, {"*/*", "*", true}, {"*/*", "*/scale", true},
		{"*/scale", "deployments/scale", true}, {"*/scale", "deployments", false}, {"*/scale", "*/*", false},
		{"pods/*", "pods/exec", true}, {"pods/*", "pods", false}, {"pods/*", "nodes/status", false},
		{"pods", "*", false},
	}
	for _, test := range tests {
		if got := coversResource(test.a, test.b); got != test.want {
			t.Errorf("%s covers %s: %v", test.a, test.b, got)
		}
	}
}

// Rules put together from atoms ask for what the atoms ask for, no less and no more.
func TestRulesOfAtoms(t *testing.T) {
	var atoms []atom
	for _, resource := range []string{"pods", "pods/exec", "nodes", "*/scale"} {
		for _, operation := range []admissionregistrationv1.OperationType{"CREATE", "UPDATE", "DELETE"} {
			for _, scope := range []admissionregistrationv1.ScopeType{"*", "Namespaced"} {
				if len(resource)%2 == 0 && operation == "DELETE" || resource == "nodes" && scope == "Namespaced" {
					continue
				}
				atoms = append(atoms, atom{"", "v1", resource, scope, operation}, atom{"apps", "v1", resource, scope, operation})
			}
		}
	}
	back := atomsIn(rulesOf(atoms))
	for _, a := range atoms {
		if !slices.ContainsFunc(back, func(a atom) bool { return a.covers(a) }) {
			t.Errorf("lost: %+v", a)
		}
	}
	for _, a := range back {
		if !slices.Contains(atoms, a) {
			t.Errorf("nobody asked for %+v", a)
		}
	}
}
