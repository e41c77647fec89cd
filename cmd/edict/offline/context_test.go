package offline

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
)

func TestReadContext(t *testing.T) {
	kinds := NewKinds(documents(t, crd))
	given, err := ReadContext(documents(t, `
apiVersion: cli.kyverno.io/v1alpha1
kind: Context
spec:
  resources:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}
  - {apiVersion: example.com/v1, kind: Fleet, metadata: {name: f}, spec: {ships: 3}}
  images:
  - {image: "a:b", config: {size: 5}}
`), "c.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config lookup.StaticConfig
	given.AddTo(&config, kinds)
	want := &lookup.StaticCluster{
		Objects: []eval.Object{
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c", "namespace": "default"}, "data": map[string]any{"a": "b"}},
			{"apiVersion": "example.com/v1", "kind": "Fleet", "metadata": map[string]any{"name": "f"}, "spec": map[string]any{"ships": int64(3)}},
		},
		Resources: map[schema.GroupVersionKind]string{{Group: "example.com", Version: "v1", Kind: "Fleet"}: "fleetz"},
	}
	if diff := cmp.Diff(want, config.Cluster); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if size := config.Images["a:b"].(map[string]any)["configData"].(map[string]any)["size"]; size != int64(5) {
		t.Errorf("size %T", size)
	}
	if _, err := ReadContext(documents(t, "kind: Context\nspec: {resource: []}"), "c.yaml"); err == nil {
		t.Error("an unknown field was accepted")
	}
}

// What lacks a kind is not lost on the way: whoever looks things up refuses it.
func TestObjectsWithoutKindAreRefused(t *testing.T) {
	cluster := NewCluster([]eval.Object{{"metadata": map[string]any{"name": "a"}}}, NewKinds(nil))
	if _, err := lookup.NewStatic(lookup.StaticConfig{Cluster: cluster}); err == nil {
		t.Error("accepted")
	}
}
