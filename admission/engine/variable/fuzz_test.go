package variable

import (
	"net/url"
	pathpkg "path"
	"strings"
	"testing"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Whatever a policy says either does not compile or has a value or an error, the same each time.
func FuzzSubstitute(f *testing.F) {
	for _, seed := range append([]string{
		"{{ request.object.metadata.name }}", "x{{ request.object.spec.l }}", "{{ request.object.{{ request.object.metadata.labels.inj }} }}", "{{ '{{ request.object.metadata.annotations.quote }}' }}",
		"{{ `{{ request.object.spec.m }}` }}", "{{ \"{{@}}\" }}", "{{@}}", `\{{ a }}`, "$(./../a)", "$(<=/a)", "{{ request.object.spec.l[{{ request.object.spec.replicas }}] }}", "{{ a.{{ b.{{ c }} }} }}", "{{- v }}",
	}, scanSeeds...) {
		f.Add(seed)
	}
	request := podRequest(f)
	f.Fuzz(func(t *testing.T, text string) {
		for _, document := range []any{text, map[string]any{text: "x", "a": text}, []any{text, int64(5)}} {
			template, errs := Compile(document, field.NewPath("value"))
			if len(errs) > 0 {
				continue
			}
			run := func() (any, error) {
				return template.Substitute(NewScope(Config{Request: request, Lookup: &lookup{}, Policy: clusterPolicy}))
			}
			first, firstErr := run()
			second, secondErr := run()
			if (firstErr == nil) != (secondErr == nil) || firstErr == nil && encoded(t, first) != encoded(t, second) {
				t.Errorf("%q: %v, %v, then %v, %v", text, first, firstErr, second, secondErr)
			}
			_ = CheckNames(template.Expressions(), nil)
			_ = CheckBackground(template.Expressions())
		}
	})
}

// R11: whatever an object says comes out as it is, wherever it is put.
func FuzzR11ObjectData(f *testing.F) {
	for _, seed := range []string{"", "a", "'", `"`, "`", `\`, "{{ request.operation }}", `\{{ x }}`, "a' || 'b", `a" || "b`, "`x`", "$(/a)", "ä\n\t", "}}", "{{", "1", "null"} {
		f.Add(seed)
	}
	templates := map[string]*Template{}
	for _, text := range []string{
		"{{ request.object.v }}", "{{ '{{ request.object.v }}' }}", "{{ `\"{{ request.object.v }}\"` }}", `{{ request.object.m."{{ request.object.v }}" }}`, "{{ '{{ '{{ request.object.v }}' }}' }}", "{{ join('', ['{{ request.object.v }}']) }}",
	} {
		templates[text] = mustCompile(f, text)
	}
	around := mustCompile(f, "<{{ request.object.v }}{{ request.object.v }}>")
	query, err := newQuery("m.\"{{ request.object.v }}\"")
	if err != nil {
		f.Fatal(err.err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			return
		}
		object := eval.Object{"v": value, "m": map[string]any{value: value}}
		s := NewScope(Config{Request: &eval.Request{Operation: eval.Create, Object: object}, Policy: clusterPolicy})
		for text, template := range templates {
			if got, err := template.Substitute(s); err != nil || got != value {
				t.Errorf("%s with %q: %q, %v", text, value, got, err)
			}
		}
		if got, err := around.Substitute(s); err != nil || got != "<"+value+value+">" {
			t.Errorf("a text with %q: %q, %v", value, got, err)
		}
		if got, err := query.apply(s, "x", object); err != nil || got != value {
			t.Errorf("a query with %q: %q, %v", value, got, err)
		}
	})
}

// K13: a path that is accepted for a namespace is about that namespace.
func FuzzURLPath(f *testing.F) {
	for _, seed := range []string{"/api/v1/namespaces/a/pods", "/apis/g/v/namespaces/a/x?y=z", "/api/v1/namespaces/a/../b", "/api/v1/namespaces/a/%2e%2e/b", "//a", "/", "", "/api/v1/secrets?/namespaces/a/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if checkURLPath(path, "a") != nil {
			return
		}
		// How the other side may read the path: with everything decoded, and cleaned.
		u, err := url.ParseRequestURI(path)
		if err != nil {
			t.Fatalf("%q is accepted, and no URL: %v", path, err)
		}
		plain := pathpkg.Clean(u.Path)
		if !strings.HasPrefix(plain+"/", "/api/") && !strings.HasPrefix(plain, "/apis/") || strings.Trim(u.Path, "/") != strings.Trim(plain, "/") {
			t.Errorf("%q is accepted, and read as %q", path, plain)
		}
		parts := strings.Split(plain, "/")
		prefix := map[string]int{"api": 3, "apis": 4}[parts[1]]
		if parts[prefix] != "namespaces" || parts[prefix+1] != "a" {
			t.Errorf("%q is accepted, and about %v", path, parts)
		}
	})
}
