package offline

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fleets.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Fleet, plural: fleetz}
`

func TestResourceNames(t *testing.T) {
	kinds := NewKinds(documents(t, crd))
	for kind, want := range map[schema.GroupVersionKind]string{
		{Version: "v1", Kind: "Pod"}:                                 "pods",
		{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}: "ingresses",
		{Version: "v1", Kind: "Endpoints"}:                           "endpoints",
		{Group: "example.com", Version: "v3", Kind: "Fleet"}:         "fleetz",
		{Group: "policy", Version: "v1", Kind: "NetworkPolicy"}:      "networkpolicies",
	} {
		if got := kinds.Resource(kind).Resource; got != want {
			t.Errorf("%v: %s, want %s", kind, got, want)
		}
	}
}

func TestClusterScoped(t *testing.T) {
	kinds := NewKinds(documents(t, crd))
	for kind, want := range map[schema.GroupKind]bool{
		{Kind: "Node"}: true, {Kind: "Pod"}: false, {Group: "example.com", Kind: "Fleet"}: true, {Group: "example.org", Kind: "Fleet"}: false,
		{Group: "apps", Kind: "Node"}: false, {Group: "storage.k8s.io", Kind: "StorageClass"}: true, {Group: "storage.k8s.io", Kind: "CSIStorageCapacity"}: false,
	} {
		if got := kinds.ClusterScoped(kind); got != want {
			t.Errorf("%v: %v", kind, got)
		}
	}
}

// A CustomResourceDefinition knows better than the table, as for a kind that a later version of Kubernetes brings.
func TestDefinitionsGoFirst(t *testing.T) {
	kinds := NewKinds(documents(t, "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {group: kyverno.io, scope: Namespaced, names: {kind: ClusterPolicy}}"))
	if kinds.ClusterScoped(schema.GroupKind{Group: "kyverno.io", Kind: "ClusterPolicy"}) {
		t.Error("the definition was not heard")
	}
}
