package pattern

import (
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	for _, test := range []struct {
		in   string
		want string
	}{
		{`null`, "<nil>"}, {`"x"`, "x"}, {`5`, "5"}, {`5.5`, "5.5"}, {`1234567`, "1234567"}, {`true`, "true"},
		{`{"b":[1,"c",null],"a":{}}`, "map[a:map[] b:[1 c <nil>]]"},
	} {
		if got := describe(decode(t, test.in)); got != test.want {
			t.Errorf("%s is described as %q, want %q", test.in, got, test.want)
		}
	}
	for _, v := range []any{strings.Repeat("é", maxDescription), []any{strings.Repeat("x", 1<<20), map[string]any{"a": "b"}}} {
		if got := describe(v); len(got) > maxDescription+len("…") || !strings.HasSuffix(got, "…") {
			t.Errorf("a long value is described in %d bytes", len(got))
		}
	}
}

func TestReasonsAreBounded(t *testing.T) {
	list := make([]any, 10_000)
	for i := range list {
		list[i] = map[string]any{"a": "y"}
	}
	p, errs := New(decode(t, `{"l":[{"(a)":"x"}]}`), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	out, x := p.explain(map[string]any{"l": list}, false)
	if out != skipped || strings.Count(x.text, ";") != maxReasons || !strings.HasSuffix(x.text, "; …") {
		t.Errorf("outcome %v with %d reasons", out, strings.Count(x.text, ";"))
	}
}
