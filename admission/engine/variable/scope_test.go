package variable

import (
	"errors"
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

func evaluate(t *testing.T, s *Scope, template string) (string, error) {
	t.Helper()
	v, err := mustCompile(t, template).Substitute(s)
	if err != nil {
		return "", err
	}
	return encoded(t, v), nil
}

func wantValue(t *testing.T, s *Scope, template, want string) {
	t.Helper()
	if got, err := evaluate(t, s, template); err != nil || got != want {
		t.Errorf("%s: %s, %v, want %s", template, got, err, want)
	}
}

func wantError(t *testing.T, s *Scope, template, want string) {
	t.Helper()
	if got, err := evaluate(t, s, template); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %s, %v, want error %s", template, got, err, want)
	}
}

func TestDelete(t *testing.T) {
	r := podRequest(t)
	r.Operation, r.Object, r.OldObject = eval.Delete, nil, r.Object
	s := NewScope(Config{Request: r, Lookup: &lookup{}, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy,
		variableEntry("query", "", "request.object.metadata.name", `"D"`),
		variableEntry("text", `"{{request.object.metadata.name}}"`, "", ""),
	)})
	wantValue(t, s, "{{request.object.metadata.name}}", `"p"`)
	wantValue(t, s, "{{request.oldObject.metadata.name}}", `"p"`)
	wantValue(t, s, "{{request.object.metadata.{{ 'name' }}}}", `"p"`)
	wantValue(t, s, "{{ text }}", `"p"`)
	// Only texts with variables are read so: a query has nothing but what is there.
	wantValue(t, s, "{{ query }}", `"D"`)
	wantError(t, s, "{{request.object.metadata.nosuch}}", `failed to resolve request.oldObject.metadata.nosuch at path : JMESPath query failed: Unknown key "nosuch" in path`)
	wantError(t, s, "{{ request.objectx }}", "request.oldObjectx")
	compiled, err := jmespath.Compile("request.object.metadata.name")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := s.Query(compiled); err == nil {
		t.Errorf("a query finds %v", v)
	}
}

func TestDeleteByValues(t *testing.T) {
	r := podRequest(t)
	r.OldObject = r.Object
	s := NewScope(Config{Request: r, Lookup: &lookup{values: eval.Object{"request": map[string]any{"operation": "DELETE"}}}, Policy: clusterPolicy})
	wantError(t, s, "{{request.object.metadata.nosuch}}", "request.oldObject.metadata.nosuch")
}

func TestElements(t *testing.T) {
	rule := podScope(t)
	wantError(t, rule, "{{ element }}", `Unknown key "element"`)
	outer := rule.Element(map[string]any{"name": "a", "list": []any{"x"}}, 3, 0, mustContext(t, clusterPolicy, variableEntry("of", `"{{ element.name }}{{ elementIndex }}"`, "", "")))
	wantValue(t, outer, "{{ element.name }}", `"a"`)
	wantValue(t, outer, "{{ elementIndex }}", `3`)
	wantValue(t, outer, "{{ element0.name }}-{{ elementIndex0 }}", `"a-3"`)
	wantValue(t, outer, "{{ of }}", `"a3"`)
	wantError(t, outer, "{{ element1 }}", `Unknown key "element1"`)
	inner := outer.Element("x", 0, 1, mustContext(t, clusterPolicy, variableEntry("both", `"{{ of }}/{{ element }}"`, "", "")))
	wantValue(t, inner, "{{ element }}{{ elementIndex }}{{ element1 }}{{ elementIndex1 }}", `"x0x0"`)
	wantValue(t, inner, "{{ element0.name }}{{ elementIndex0 }}", `"a3"`)
	wantValue(t, inner, "{{ both }}", `"a3/x"`)
	wantValue(t, inner, "{{ request.object.metadata.name }}", `"p"`)
	wantValue(t, inner, "{{ keys(@) | sort(@) }}", `["both","element","element0","element1","elementIndex","elementIndex0","elementIndex1","of","request"]`)
	// What belongs to one element is not that of the next.
	next := rule.Element(map[string]any{"name": "b"}, 4, 0, mustContext(t, clusterPolicy, variableEntry("of", `"{{ element.name }}"`, "", "")))
	wantValue(t, next, "{{ of }}", `"b"`)
}

func TestImages(t *testing.T) {
	asked := 0
	images := func() (map[string]any, error) {
		asked++
		return map[string]any{"containers": map[string]any{"a": map[string]any{"tag": "1"}}}, nil
	}
	s := NewScope(Config{Request: podRequest(t), Policy: clusterPolicy, Images: images})
	wantValue(t, s, "{{ request.operation }}", `"CREATE"`)
	wantValue(t, s, "{{ keys(@) }}", `["request"]`)
	if asked != 0 {
		t.Error("images were read, and nothing mentions them")
	}
	wantValue(t, s, "{{ images.containers.a.tag }}{{ images.containers.*.tag | [0] }}", `"11"`)
	if asked != 1 {
		t.Errorf("images were read %d times", asked)
	}
	wantError(t, s, "{{ images.initContainers }}", `Unknown key "initContainers"`)
	broken := NewScope(Config{Request: podRequest(t), Policy: clusterPolicy, Images: func() (map[string]any, error) { return nil, errors.New("bad image") }})
	wantError(t, broken, "{{ images || 'none' }}", "bad image")
	wantError(t, podScope(t), "{{ images }}", `Unknown key "images"`)
}

func TestHostsAreAskedOfTheLookup(t *testing.T) {
	l := &lookup{answers: map[string]any{"host internal.example": []any{"10.0.0.1"}, "host public.example": []any{"8.8.8.8"}, "host odd.example": "x"}}
	s := NewScope(Config{Request: podRequest(t), Lookup: l, Policy: clusterPolicy})
	wantValue(t, s, "{{ is_external_url('http://internal.example/x') }}", "false")
	wantValue(t, s, "{{ is_external_url('http://public.example/x') }}", "true")
	wantError(t, s, "{{ is_external_url('http://odd.example/x') }}", "are no list")
	wantError(t, s, "{{ is_external_url('http://unknown.example/x') }}", "not found")
}
