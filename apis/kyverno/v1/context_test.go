package v1

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

func TestWalkContext(t *testing.T) {
	var spec Spec
	err := yaml.UnmarshalStrict([]byte(`
rules:
- name: a
  match: {}
  context: [{name: a}, {name: b}]
  validate: {foreach: [{list: x, context: [{name: c}], foreach: [{list: y, context: [{name: d}]}]}]}
- name: b
  match: {}
  mutate:
    targets: [{context: [{name: e}]}]
    foreach: [{list: x, foreach: [{list: y, context: [{name: f}]}]}]
- name: c
  match: {}
  generate: {foreach: [{list: x}, {list: x, context: [{name: g}]}]}
`), &spec)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	spec.WalkContext(field.NewPath("spec"), func(path *field.Path, entry *ContextEntry) {
		got = append(got, entry.Name+" "+path.String())
	})
	want := []string{
		"a spec.rules[0].context[0]",
		"b spec.rules[0].context[1]",
		"c spec.rules[0].validate.foreach[0].context[0]",
		"d spec.rules[0].validate.foreach[0].foreach[0].context[0]",
		"e spec.rules[1].mutate.targets[0].context[0]",
		"f spec.rules[1].mutate.foreach[0].foreach[0].context[0]",
		"g spec.rules[2].generate.foreach[1].context[0]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("visited %q\nwant    %q", got, want)
	}
}
