package pattern

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := kjson.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct {
		pattern, path, detail string
	}{
		{`{"spec":{"+(a)":1}}`, "p.spec.+(a)", "mutate"},
		{`{"spec":[{"a":{"+(b)":1}}]}`, "p.spec[0].a.+(b)", "mutate"},
		{`{"spec":{"^(a)":"x"}}`, "p.spec.^(a)", "list"},
		{`{"spec":{"^(a)":[]}}`, "p.spec.^(a)", "list"},
		{`{"spec":{"^(a)":["x"]}}`, "p.spec.^(a)[0]", "maps"},
		{`{"spec":{"^(a)":[{"b":1},["x"]]}}`, "p.spec.^(a)[1]", "maps"},
		{`{"spec":{"a":[]}}`, "p.spec.a", "empty list"},
		{`{"spec":{"a":[[]]}}`, "p.spec.a[0]", "empty list"},
		{`{"metadata":{"labels":{"a":5}}}`, "p.metadata.labels.a", "double quotes"},
		{`{"spec":{"=(metadata)":{"(annotations)":{"=(a*)":true}}}}`, "p.spec.=(metadata).(annotations).=(a*)", "double quotes"},
		{`{"spec":{"a":"*` + strings.Repeat("?a", 40) + `*"}}`, "p.spec.a", "wildcard"},
		{`{"metadata":{"labels":{"*` + strings.Repeat("?a", 40) + `*":"x"}}}`, "", "wildcard"},
	} {
		p, errs := New(decode(t, test.pattern), field.NewPath("p"))
		if len(errs) == 0 || p != nil {
			t.Errorf("%s: accepted", test.pattern)
			continue
		}
		if test.path != "" && errs[0].Field != test.path || !strings.Contains(errs[0].Detail, test.detail) {
			t.Errorf("%s: %v; want %s about %q", test.pattern, errs, test.path, test.detail)
		}
	}
}

func TestNewReportsEveryError(t *testing.T) {
	_, errs := New(decode(t, `{"a":[],"b":{"+(c)":1},"^(d)":[]}`), field.NewPath("p"))
	if len(errs) != 3 {
		t.Errorf("%d errors, want 3: %v", len(errs), errs)
	}
}

func TestD02DeepPatternIsRefused(t *testing.T) {
	var v any = "x"
	for range 100_000 {
		v = map[string]any{"a": v}
	}
	_, errs := New(v, field.NewPath("p"))
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, "nested deeper") {
		t.Fatalf("%d errors", len(errs))
	}
}

func TestD02DeepObjectIsJudged(t *testing.T) {
	p, errs := New(decode(t, `{"(a)":"x"}`), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var v any = "x"
	for range 100_000 {
		v = map[string]any{"a": v}
	}
	out, x := p.explain(v, false)
	if out != skipped || len(x.text) > 2*maxDescription {
		t.Errorf("outcome %v with a message of %d bytes", out, len(x.text))
	}
}

func TestHugePatternIsRefused(t *testing.T) {
	list := make([]any, maxNodes+10)
	for i := range list {
		list[i] = []any{"x"}
	}
	_, errs := New(list, field.NewPath("p"))
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, "more than") {
		t.Errorf("%d errors: %.300v", len(errs), errs)
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"spec":{"(a)":"x","=(b)":{"<(c)":">5"},"^(d)":[{"e":"1-5"}],"X(f)":null}}`, `{"spec":{"a":"x","b":{"c":7},"d":[{"e":2}]}}`},
		{`{"metadata":{"labels":{"=(a*)":"?*"}}}`, `{"metadata":{"labels":{"ab":""}}}`},
		{`{"l":[["x"],[{"(a)":1}]]}`, `{"l":[["x"],[{"a":2}],null]}`},
		{`{"a":[{"b":[{"<(c)":"!x|<1h & *"}]}]}`, `{"a":[{"b":[{"c":null},{"c":[1,{}]}]}]}`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, patternJSON, objectJSON string) {
		var v, object any
		if kjson.Unmarshal([]byte(patternJSON), &v) != nil || kjson.Unmarshal([]byte(objectJSON), &object) != nil {
			t.Skip()
		}
		before, _ := json.Marshal(object)
		start := time.Now()
		p, errs := New(v, field.NewPath("p"))
		if len(errs) > 0 {
			if p != nil {
				t.Error("errors and a pattern")
			}
			return
		}
		first := p.root.walk(object, nil, nil)
		second, x := p.explain(object, false)
		if second != first && (first != failed || second != broken) {
			t.Errorf("outcome %v, explained as %v", first, second)
		}
		third, y := p.explain(object, false)
		if third != second || x.text != y.text || x.path != y.path {
			t.Errorf("%v %q, the second time %v %q", second, x.text, third, y.text)
		}
		if first != passed && x.text == "" {
			t.Error("no reason given")
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %v", took)
		}
		if after, _ := json.Marshal(object); string(after) != string(before) {
			t.Error("the object was changed")
		}
	})
}
