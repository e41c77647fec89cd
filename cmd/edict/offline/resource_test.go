package offline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNamespaceOfResources(t *testing.T) {
	kinds := NewKinds(documents(t, crd))
	for content, want := range map[string]string{
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}":                                                   "default/Pod/a",
		"apiVersion: v1\nkind: Pod":                                                                        "default/Pod/",
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: ns}":                                    "ns/Pod/a",
		"apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}":                                          "default/Pod/a-*",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}":                                             "/Namespace/a",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}":                 "/ClusterRole/a",
		"apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: a}":                                     "/Fleet/a",
		"apiVersion: example.com/v1\nkind: Unknown\nmetadata: {name: a}":                                   "default/Unknown/a",
		"apiVersion: other.example.com/v1\nkind: Namespace\nmetadata: {name: a}":                           "default/Namespace/a",
		"apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: a, namespace: ''}": "default/GatewayClass/a",
	} {
		r, err := NewResource(documents(t, content)[0].Object, kinds)
		if err != nil || r.String() != want {
			t.Errorf("%q: %v %v, want %s", content, r, err, want)
		}
		if metadata := mapAt(r.Object, "metadata"); stringAt(metadata, "namespace") != r.Namespace {
			t.Errorf("%q: the object does not say its namespace: %v", content, metadata)
		}
	}
}

func TestNewResourceChangesNothingOfTheDocument(t *testing.T) {
	d := documents(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: null, annotations: null}\nspec: {nodeSelector: null, containers: [{env: null, data: null}], replicas: 3}\n")[0]
	before := documents(t, string(d.JSON()))[0].Object
	r, err := NewResource(d.Object, NewKinds(nil))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, d.Object); diff != "" {
		t.Errorf("the document was changed:\n%s", diff)
	}
	want := map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "a", "namespace": "default", "labels": map[string]any{}, "annotations": map[string]any{}},
		"spec": map[string]any{
			"nodeSelector": map[string]any{}, "replicas": int64(3),
			"containers": []any{map[string]any{"env": nil, "data": map[string]any{}}},
		},
	}
	if diff := cmp.Diff(want, r.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Floats()
	if got := mapAt(r.Object, "spec")["replicas"]; got != float64(3) {
		t.Errorf("replicas: %T", got)
	}
}

func TestWhatIsNoResource(t *testing.T) {
	resources, errs := ReadResources(documents(t, `kind: Pod
---
foo: bar
---
apiVersion: v1
kind: Pod
---
apiVersion: v1
kind: Pod
metadata: {namespace: no}
---
apiVersion: v1
kind: Pod
metadata: [a]
`), NewKinds(nil))
	want := []string{
		"f.yaml:1:1: not a resource: apiVersion is missing", "f.yaml:3:1: not a resource: kind is missing",
		"f.yaml:8:1: metadata.namespace: false is not a string; write it in quotes", "f.yaml:12:1: metadata: not an object",
	}
	var got []string
	for _, err := range errs {
		got = append(got, err.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" || len(resources) != 1 {
		t.Errorf("%d resources, errors (-want +got):\n%s", len(resources), diff)
	}
}

func TestLabels(t *testing.T) {
	r, _ := NewResource(documents(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {x: 'y'}}")[0].Object, NewKinds(nil))
	if !r.IsNamespace() || r.Labels()["x"] != "y" {
		t.Errorf("%v %v", r.IsNamespace(), r.Labels())
	}
}
