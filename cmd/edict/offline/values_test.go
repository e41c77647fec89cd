package offline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/cmd/edict/manifest"
)

const valuesFile = `
apiVersion: cli.kyverno.io/v1alpha1
kind: Values
globalValues: {request.operation: UPDATE, a: 1}
Policies:
- name: p
  resources: [{name: web, values: {a: 2}}, {name: web, values: {a: 3}}]
  rules: [{name: r, values: {b: x}, foreachValues: {element: [first, second], none: []}}]
- name: p
  rules: [{name: s, values: {c: 1.5}}]
namespaceSelector: [{name: one, labels: {from: selector}}, {name: two, labels: {from: selector}}]
namespaces: [{apiVersion: v1, kind: Namespace, metadata: {name: two, labels: {from: namespace}}}]
subresources:
- subresource: {name: pods/exec, kind: PodExecOptions, version: v1}
  parentResource: {name: pods, kind: Pod, version: v1}
`

func TestReadValues(t *testing.T) {
	values, err := ReadValues(documents(t, valuesFile), "f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got := values.Lookup(map[string]any{"s": "t"})
	if diff := cmp.Diff(map[string]any{"request.operation": "UPDATE", "a": int64(1)}, got.Global); diff != "" {
		t.Error(diff)
	}
	p := got.Policies["p"]
	if p.Resources["web"]["a"] != int64(3) || p.Rules["s"]["c"] != 1.5 || got.Set["s"] != "t" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(map[string]any{"b": "x", "element": "first"}, p.Rules["r"]); diff != "" {
		t.Error(diff)
	}
	want := map[string]map[string]string{"one": {"from": "selector"}, "two": {"from": "namespace"}}
	if diff := cmp.Diff(want, values.NamespaceLabels()); diff != "" {
		t.Error(diff)
	}
}

func TestValuesThatAreNone(t *testing.T) {
	for content, want := range map[string]string{
		"kind: Values":                                        "apiVersion and kind are required",
		"apiVersion: cli.kyverno.io/v1alpha1":                 "apiVersion and kind are required",
		"apiVersion: a\nkind: Values\nglobalVals: {}":         `unknown field "globalVals"`,
		"apiVersion: a\nkind: Values\npolicies: 5":            "cannot unmarshal number",
		"apiVersion: a\nkind: A\n---\napiVersion: a\nkind: B": "2 documents; one of kind Values is wanted",
		"": "0 documents",
	} {
		if _, err := ReadValues(documents(t, content), "f.yaml"); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "f.yaml:") {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}

func FuzzReadValues(f *testing.F) {
	f.Add(valuesFile)
	f.Fuzz(func(t *testing.T, content string) {
		docs, errs := manifest.Parse("f", []byte(content))
		if len(errs) > 0 {
			return
		}
		if values, err := ReadValues(docs, "f"); err == nil {
			values.Lookup(nil)
			values.NamespaceLabels()
		}
	})
}
