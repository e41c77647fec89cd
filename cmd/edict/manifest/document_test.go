package manifest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func parseAll(t *testing.T, content string) ([]*Document, []string) {
	t.Helper()
	documents, errs := Parse("f.yaml", []byte(content))
	var messages []string
	for _, err := range errs {
		messages = append(messages, err.Error())
	}
	return documents, messages
}

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		// want are line, kind and name of each document.
		want []string
		errs []string
	}{
		"one document":                 {"kind: A\nmetadata: {name: x}\n", []string{"1 A x"}, nil},
		"several documents":            {"kind: A\n---\nkind: B\n--- \nkind: C\n", []string{"1 A ", "3 B ", "5 C "}, nil},
		"a marker with a comment":      {"kind: A\n--- # next\nkind: B\n", []string{"1 A ", "3 B "}, nil},
		"content behind a marker":      {"--- {kind: A}\n--- {kind: B}\n", []string{"1 A ", "2 B "}, nil},
		"an end marker":                {"kind: A\n...\nkind: B\n", []string{"1 A ", "3 B "}, nil},
		"a directive":                  {"%YAML 1.1\n---\nkind: A\n", []string{"3 A "}, nil},
		"nothing but comments":         {"# a\n---\n# b\n---\n", nil, nil},
		"null":                         {"null\n---\nkind: B\n", []string{"3 B "}, nil},
		"carriage returns":             {"kind: A\r\n---\r\nkind: B\r\n", []string{"1 A ", "3 B "}, nil},
		"a byte order mark":            {"\xef\xbb\xbfkind: A\n", []string{"1 A "}, nil},
		"dashes within a line":         {"kind: A\nmetadata:\n  name: ---\n", []string{"1 A ---"}, nil},
		"JSON with tabs":               {"{\n\t\"kind\": \"A\"\n}\n{\"kind\":\"B\"}", []string{"1 A ", "4 B "}, nil},
		"a list":                       {"kind: List\nitems:\n- kind: A\n- kind: B\n", []string{"1 A ", "1 B "}, nil},
		"a typed list":                 {"kind: PodList\nitems: [{kind: A}]\n", []string{"1 A "}, nil},
		"items that are no list":       {"kind: Basket\nitems: [{kind: A}]\n", []string{"1 Basket "}, nil},
		"a broken document among good": {"kind: A\n---\na: [\n---\nkind: C\n", []string{"1 A ", "5 C "}, []string{"f.yaml:3: did not find expected node content"}},
		"M12 a key twice":              {"kind: A\nspec:\n  a: 1\n  a: 2\n", nil, []string{`f.yaml:4: key "a" already set in map`}},
		"M12 a key twice, further down": {"kind: A\n---\nkind: B\nkind: C\n", []string{"1 A "},
			[]string{`f.yaml:4: key "kind" already set in map`}},
		"M12 a key twice in JSON": {`{"kind":"A","spec":{"a":1,"a":2}}`, nil, []string{`f.yaml:1: duplicate field "spec.a"`}},
		"a scalar":                {"hello\n", nil, []string{"f.yaml:1: not an object: a manifest is a mapping with apiVersion and kind"}},
		"an item that is no object": {"kind: List\nitems:\n- kind: A\n- 5\n", []string{"1 A "},
			[]string{"f.yaml:4:3: items[1]: not an object"}},
	} {
		t.Run(name, func(t *testing.T) {
			documents, errs := parseAll(t, test.content)
			var got []string
			for _, d := range documents {
				got = append(got, strings.Join([]string{string(rune('0' + d.Line)), d.Kind(), d.Name()}, " "))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("documents %q, want %q", got, test.want)
			}
			if !slices.Equal(errs, test.errs) {
				t.Errorf("errors %q, want %q", errs, test.errs)
			}
		})
	}
}

func TestScalarsAreThoseOfTheServer(t *testing.T) {
	documents, errs := parseAll(t, "a: yes\nb: 010\nc: 1.5\nd: 3\ne: 9007199254740993\nf: '1'\n")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := map[string]any{"a": true, "b": int64(8), "c": 1.5, "d": int64(3), "e": int64(9007199254740993), "f": "1"}
	for key, value := range want {
		if got := documents[0].Object[key]; got != value {
			t.Errorf("%s: %T %v, want %T %v", key, got, got, value, value)
		}
	}
}

type sample struct {
	Kind string `json:"kind"`
	Spec struct {
		Rules []struct {
			Name  string `json:"name"`
			Count int    `json:"count"`
		} `json:"rules"`
	} `json:"spec"`
}

func TestDecodeSaysWhere(t *testing.T) {
	const content = "kind: Other\n---\nkind: Sample\nspec:\n  rules:\n  - name: a\n    count: 1\n  - name: b\n    kount: 2\n  - count: many\n"
	for name, test := range map[string]struct{ content, want string }{
		"an unknown field":       {strings.Replace(content, "many", "3", 1), `f.yaml:9:12: unknown field "spec.rules[1].kount"`},
		"M12 a field in capital": {strings.Replace(strings.Replace(content, "many", "3", 1), "kount", "Count", 1), `f.yaml:9:12: unknown field "spec.rules[1].Count"`},
		"a wrong type":           {strings.Replace(content, "kount", "count", 1), `f.yaml:10:12: spec.rules[2].count: string found where int is wanted`},
		"an object for a scalar": {"kind: Sample\nspec:\n  rules:\n  - name:\n      first: a\n", `f.yaml:4:5: spec.rules[0].name: object found where string is wanted`},
		"in a list":              {"kind: List\nitems:\n- kind: A\n- kind: Sample\n  spec: {rules: [{nome: a}]}\n", `f.yaml:5:25: unknown field "spec.rules[0].nome"`},
		"in JSON":                {"{\"kind\": \"Sample\",\n\"spec\": {\"rules\": [{\"nome\": 1}]}}", `f.yaml:2:29: unknown field "spec.rules[0].nome"`},
	} {
		t.Run(name, func(t *testing.T) {
			documents, errs := parseAll(t, test.content)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			var into sample
			got := documents[len(documents)-1].Decode(&into)
			if len(got) != 1 || got[0].Error() != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
		})
	}
}

func TestPosition(t *testing.T) {
	const content = "# head\n---\nkind: A\nmetadata:\n  annotations:\n    a.b/c: x\n    a: {b: y}\nspec:\n  base: &b {deep: [1, 2]}\n  use: *b\n"
	documents, _ := parseAll(t, content)
	d := documents[0]
	for path, want := range map[string][2]int{
		"":                                     {3, 1},
		"kind":                                 {3, 7},
		"metadata.annotations[a.b/c]":          {6, 12},
		"metadata.annotations.a.b/c":           {6, 12},
		"metadata.annotations[a].b":            {7, 12},
		"spec.base.deep[1]":                    {9, 23},
		"spec.use.deep[1]":                     {9, 23},
		"spec.base.deep[7]":                    {9, 13},
		"spec.base.deep[-1]":                   {9, 13},
		"metadata.annotations.nowhere":         {5, 3},
		"spec.base.deep[99999999999999999999]": {9, 13},
	} {
		if line, column := d.Position(path); line != want[0] || column != want[1] {
			t.Errorf("%q: %d:%d, want %d:%d", path, line, column, want[0], want[1])
		}
	}
}

func TestErrorIsFoundWithin(t *testing.T) {
	inner := errors.New("inner")
	d := &Document{File: "f", Line: 4, text: []byte("\t broken"), item: -1}
	err := d.At("spec", inner)
	if !errors.Is(err, inner) || err.Error() != "f:4: inner" {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"kind: A\n---\nkind: B", `{"kind":"A"} {"kind":"B"}`, "kind: List\nitems: [{kind: A}]", "a: &a [*a]", "--- {a: 1}\n...\n"} {
		f.Add(seed, "items[0].spec.a")
	}
	f.Fuzz(func(t *testing.T, content, path string) {
		documents, _ := Parse("f", []byte(content))
		for _, d := range documents {
			if line, column := d.Position(path); line < 1 || column < 0 {
				t.Errorf("place %d:%d", line, column)
			}
			d.Decode(&sample{})
		}
	})
}
