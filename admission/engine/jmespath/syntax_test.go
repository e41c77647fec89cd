package jmespath

import (
	"errors"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct {
		expression string
		column     int
		message    string
	}{
		{"", 1, "ends where more is expected"},
		{"   ", 4, "ends where more is expected"},
		{"a.", 3, "ends where more is expected"},
		{"a ||", 5, "ends where more is expected"},
		{"a..b", 3, `unexpected "."`},
		{"a b", 3, `unexpected "b"`},
		{"a = b", 3, "compared with =="},
		{"[?a==1]", 6, "numbers are written in backticks, `1`"},
		{"a == 'x", 6, `"'" is never closed`},
		{`a."b`, 3, "is never closed"},
		{"a == `1", 6, "is never closed"},
		{`'\\'`, 1, "is never closed"},
		{"foo(a", 4, `"(" is never closed`},
		{"a[?b", 2, `"[" is never closed`},
		{"a[0", 2, `"[" is never closed`},
		{"[1", 1, `"[" is never closed`},
		{"{a: b", 1, `"{" is never closed`},
		{"a)", 2, "nothing is open here"},
		{"(a]", 3, `"(" of column 1 is closed by ")"`},
		{"{}", 2, `unexpected "}"`},
		{"{a}", 3, `unexpected "}"`},
		{"{'a': b}", 2, `unexpected "'a'"`},
		{"a == `{`", 6, `"{" is no JSON`},
		{"a == `x`", 6, "plain text is written in single quotes"},
		{`a."\q"`, 3, "is no valid name"},
		{"[99999999999999999999]", 2, "is no number that an index"},
		{"a[99999999999999999999]", 3, "is no number that an index"},
		{"a[-]", 3, "is no number that an index"},
		{"a[::0]", 1, "the step of a slice cannot be 0"},
		{"a[b]", 3, `unexpected "b"`},
		{"a[]b", 4, `unexpected "b"`},
		{"$", 1, "unexpected character '$'"},
		{"größe", 3, "unexpected character 'ö'"},
		{"'größe' $", 9, "unexpected character '$'"},
		{"a\u0080", 2, "unexpected character"},
		{"'ä' || \xff", 8, "not valid UTF-8"},
		{"nope(a)", 1, `unknown function "nope"`},
		{"'ä' || a.b | nope(@)", 14, `unknown function "nope"`},
		{"length(length(x(a)))", 15, `unknown function "x"`},
		{"a[?length(b) > `1`].nope(@)", 21, `unknown function "nope"`},
		{"a[?nope(b)].length(@)", 4, `unknown function "nope"`},
		{"[length(a), nope(b), zip(c)]", 13, `unknown function "nope"`},
		{"length()", 1, "called with 0 arguments; it is length(value string|array|object) number"},
		{"a || length('a', 'b')", 6, "called with 2 arguments"},
		{"merge()", 1, "called with 0 arguments; it is merge(objects ...object) object"},
		{"length(`1`)", 1, "argument 1 of length is number"},
		{"a | join('-', `[1,\"a\"]`)", 5, "argument 2 of join is array of number and string"},
		{"sort_by(a, b)", 1, "argument 2 of sort_by must be an expression, written with & before it"},
		{"length(&a)", 1, "argument 1 of length cannot be an expression"},
		{"to_array(&a)", 1, "argument 1 of to_array cannot be an expression"},
		{"&a", 1, "can only be the argument of a function"},
		{"[&a]", 1, "can only be the argument of a function"},
		{`"length"(a)`, 9, "only a function can be called"},
		{"'length'(a)", 9, "only a function can be called"},
		{"@(a)", 2, "only a function can be called"},
		{"(a)(b)", 4, "only a function can be called"},
		{"length(a)(b)", 10, "only a function can be called"},
		{"a[0](b)", 5, "only a function can be called"},
	} {
		_, err := Compile(test.expression)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%s: error %v, want a syntax error", test.expression, err)
			continue
		}
		if syntax.Column != test.column || !strings.Contains(syntax.Message, test.message) || syntax.Expression != test.expression {
			t.Errorf("%s: %v, want column %d: … %s …", test.expression, err, test.column, test.message)
		}
	}
}

func TestExpressionsOfTheDialect(t *testing.T) {
	for expression, want := range map[string]string{
		"'it\\'s'": `"it's"`, `'a\b'`: `"a\\b"`, "`\"\\`\"`": "\"`\"", "\"a\"": "1", "a\n|\t@": "1", " type ( a ) ": `"number"`,
		"[(a)]": "[1]", "not_null(zz a)": "1", "not_null(a,)": "1", "{\"x y\": a}": `{"x y":1}`, "l[*]|[0]": "3", "l[-1]": "2", "_ || a": "1",
	} {
		if got, err := query(t, expression, object); err != nil || asJSON(got) != want {
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}

// TestHugeExpressions shows that the parser, which descends as deep as an expression nests, cannot be made to overflow
// its stack, nor the compiler or an evaluation.
func TestHugeExpressions(t *testing.T) {
	repeat := strings.Repeat
	for expression, refused := range map[string]bool{
		repeat("(", 99) + "a" + repeat(")", 99):           false,
		repeat("(", 101) + "a" + repeat(")", 101):         true,
		repeat("[", 101) + "a" + repeat("]", 101):         true,
		repeat("(", 1<<20):                                true,
		repeat("[?", 200_000):                             true,
		repeat("!", 900) + "a":                            false,
		repeat("!", 200_000) + "a":                        true,
		repeat("&", 4000) + "a":                           true,
		"a" + repeat("[*]", 600):                          false,
		"a" + repeat("[*]", 200_000):                      true,
		"a" + repeat(".*", 2000):                          true,
		"a" + repeat(".a", 2000):                          false, // Fields in a row are one operation.
		"a" + repeat(".a", 3000):                          true,
		"a" + repeat(" || a", 900):                        false,
		"a" + repeat(" || a", 1500):                       true,
		"a" + repeat(" | a", 200_000):                     true,
		"a" + repeat("[0]", 1200):                         true,
		"a" + repeat("[?a]", 1100):                        true,
		"'" + repeat("x", 1<<19) + "'":                    false,
		"'" + repeat("x", 1<<20) + "'":                    true,
		"`" + repeat("[", 9000) + repeat("]", 9000) + "`": false,
		"[" + repeat("a,", 1900) + "a]":                   false,
	} {
		shown := expression[:min(len(expression), 12)]
		expr, err := Compile(expression)
		if (err != nil) != refused {
			t.Errorf("%s… of %d bytes: %v, refused: %v", shown, len(expression), err, refused)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s…: an error of %d bytes", shown, len(err.Error()))
		}
		if err == nil {
			expr.Reads()
			_, _ = expr.Evaluate(decode(t, object), nil)
		}
	}
}
