package jmespath

import (
	"slices"
	"strings"
	"testing"
)

func TestReads(t *testing.T) {
	for expression, want := range map[string]string{
		"request.object.spec.containers[].image": "request.object.spec.containers",
		"request.object.metadata.name":           "request.object.metadata.name",
		`request.object."a.b"`:                   "request.object.a.b",
		"'x'":                                    "",
		"`{\"a\":1}`.a":                          "",
		"a.b || c.d":                             "a.b c.d",
		"a.b && c.d":                             "a.b c.d",
		"(a || b).c":                             "a a.c b.c",
		"!a.b":                                   "a",
		"!(a.b)":                                 "a.b",
		"a.b == c":                               "a.b c",
		"[a.b, c]":                               "a.b c",
		"{x: a.b, y: c}":                         "a.b c",
		"a.[b, c.d]":                             "a.b a.c.d",
		"a.{x: b}":                               "a.b",
		"a.{x: 'lit'}":                           "a",
		"a | b.c":                                "a.b.c",
		"a | 'x'":                                "a",
		"a | @":                                  "a",
		"a | type('x')":                          "a",
		"a[0].b":                                 "a",
		"a[0:2].b":                               "a",
		"a[*].b.c":                               "a",
		"a.*.b":                                  "a",
		"a[?b == c].d":                           "a",
		"a[?b == c] | [0].d":                     "a",
		"length(a.b)":                            "a.b",
		"not_null(a.b, c).d":                     "a.b c",
		"sort_by(a.b, &c.d)":                     "a.b",
		"map(&request, a)":                       "a",
		"a.keys(@)":                              "a",
		"a.length(b)":                            "a.b",
		"serviceAccountName":                     "serviceAccountName",
		"element.name || elementIndex":           "element.name elementIndex",
		"to_string(`1`)":                         "",
		"@":                                      "/",
		"@.a.b":                                  "a.b",
		"keys(@)":                                "/",
		"*":                                      "/",
		"*.a":                                    "/",
		"[?a]":                                   "/",
		"[0]":                                    "/",
		"[@, a]":                                 "/ a",
		"@ | a.b":                                "a.b",
		"a || @":                                 "/ a",
		"[a] | [0].b":                            "a",
	} {
		expr, err := Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		var got []string
		if expr.ReadsRoot() {
			got = append(got, "/")
		}
		for _, chain := range expr.Reads() {
			got = append(got, strings.Join(chain, "."))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s reads %v, want %s", expression, got, want)
		}
	}
}

// readNoter is a Lazy that notes the chains of fields that it is asked for.
type readNoter struct {
	fields map[string]any
	chain  []string
	asked  *[][]string
}

func (n readNoter) Field(name string) (any, bool, error) {
	value, ok := n.fields[name]
	chain := append(slices.Clip(n.chain), name)
	*n.asked = append(*n.asked, chain)
	if inner, isObject := value.(map[string]any); isObject {
		value = readNoter{inner, chain, n.asked}
	}
	return value, ok, nil
}

func (n readNoter) All() (map[string]any, error) {
	*n.asked = append(*n.asked, n.chain)
	return n.fields, nil
}

// TestReadsCoversEvaluations compares what is told without an evaluation with what evaluations ask for: a field may be
// asked for only where a chain leads to it or goes on from it.
func TestReadsCoversEvaluations(t *testing.T) {
	w := &expressionWriter{Rand: newRand(15)}
	checked := 0
	for range 40_000 {
		expr, err := Compile(w.expression(1 + w.IntN(4)))
		if err != nil || expr.ReadsRoot() {
			continue
		}
		var asked [][]string
		root, ok := decode(t, pick(w, documents...)).(map[string]any)
		if !ok {
			continue
		}
		_, _ = expr.Evaluate(readNoter{root, nil, &asked}, nil)
		reads := expr.Reads()
		for _, chain := range asked {
			checked++
			if !slices.ContainsFunc(reads, func(read []string) bool {
				n := min(len(read), len(chain))
				return slices.Equal(read[:n], chain[:n])
			}) {
				t.Fatalf("%s asks for %v, but is said to read %v", expr, chain, reads)
			}
		}
	}
	if checked < 10_000 {
		t.Errorf("only %d fields were checked", checked)
	}
}

// TestReadsIsBounded gives it an expression of which the places double with each step.
func TestReadsIsBounded(t *testing.T) {
	expr, err := Compile("(a||b)" + strings.Repeat(" | (a||b)", 80))
	if err != nil {
		t.Fatal(err)
	}
	if reads := expr.Reads(); len(reads) < 2 || len(reads) > 500 {
		t.Errorf("%d chains", len(reads))
	}
}
