package match

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

func TestMatchName(t *testing.T) {
	named := &eval.Request{Name: "web-1"}
	inObject := &eval.Request{Object: eval.Object{"metadata": map[string]any{"name": "web-1", "generateName": "db-"}}}
	deleted := &eval.Request{Operation: eval.Delete, OldObject: inObject.Object}
	nameless := &eval.Request{Object: eval.Object{}}
	for _, test := range []struct {
		pattern string
		req     *eval.Request
		want    bool
	}{
		{"web-*", named, true}, {"web", named, false}, {"web-1", inObject, true}, {"db-*", inObject, false},
		{"web-?", deleted, true}, {"*", nameless, true}, {"?*", nameless, false},
	} {
		w, err := scalar.NewWildcard(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range []quantifier{someName, everyName} {
			if got := matchName(w, test.req, q); got != test.want {
				t.Errorf("%q on %v: %v, want %v", test.pattern, test.req, got, test.want)
			}
		}
	}
}

func TestM07GenerateName(t *testing.T) {
	for _, test := range []struct {
		pattern, base string
		some, every   bool
	}{
		{"ok-a", "ok-a", false, false},
		{"ok-", "ok-", false, false},
		{"ok-*", "ok-", true, true},
		{"ok-?????", "ok-", true, true},
		{"ok-????", "ok-", false, false},
		{"*", "ok-", true, true},
		{"ok-b*", "ok-", true, false},
		{"ok-bcdfg", "ok-", true, false},
		{"ok-a*", "ok-", false, false},
		{"ok-?????x*", "ok-", false, false},
		{"*-x????", "ok-", true, false},
		{"*o*", "ok-", true, true},
		{"*z*", "ok-", true, false},
		{"*a*", "ok-", false, false},
		{"no-*", "ok-", false, false},
		{strings.Repeat("a", 58) + "?????", strings.Repeat("a", 70), true, true},
		{strings.Repeat("a", 59) + "*", strings.Repeat("a", 70), false, false},
	} {
		if got := matchGenerated(test.pattern, test.base, someName); got != test.some {
			t.Errorf("M07 %q fits some name from %q: %v, want %v", test.pattern, test.base, got, test.some)
		}
		if got := matchGenerated(test.pattern, test.base, everyName); got != test.every {
			t.Errorf("M07 %q fits every name from %q: %v, want %v", test.pattern, test.base, got, test.every)
		}
	}
}

// A name that is yet to be generated is none that exclude can be tricked with; when it is known it is judged by it.
func TestM07ExcludeOfGeneratedNames(t *testing.T) {
	for _, test := range []struct {
		match, exclude, generateName, name string
		want                               bool
	}{
		{allKinds, `[ok-a]`, "ok-a", "", true},
		{allKinds, `["ok-*"]`, "ok-", "", false},
		{allKinds, `["ok-b*"]`, "ok-", "", true},
		{allKinds, `["ok-*"]`, "bad-", "ok-a", false},
		{allKinds, `[ok-a]`, "ok-a", "ok-abcdfg", true},
		{`{any: [{resources: {kinds: [ConfigMap], names: ["ok-b*"]}}]}`, `[none]`, "ok-", "", true},
	} {
		m, errs := newMatcher(t, test.match, `{any: [{resources: {names: `+test.exclude+`}}]}`, "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		req := configMap("default", test.name)
		req.Object = eval.Object{"metadata": map[string]any{"namespace": "default", "generateName": test.generateName}}
		if got, err := m.Match(req, nil); err != nil || got != test.want {
			t.Errorf("%q from %q without %s: %v, %v, want %v", test.name, test.generateName, test.exclude, got, err, test.want)
		}
	}
}
