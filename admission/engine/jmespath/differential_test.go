package jmespath

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	upstream "github.com/jmespath/go-jmespath"
	fork "github.com/kyverno/go-jmespath"
)

// documents are what generated expressions are applied to.
var documents = []string{
	`{"a":{"b":{"c":1,"d":[1,2,3]},"e":"text","f":null},"b":[{"a":1,"b":"x"},{"a":2},{"b":"y","a":null},{"a":2.5,"c":[1,[2,3]]}],"c":[[1,2],[3],[],4,null],"d":true,"e":"","f":[],"g":{}}`,
	`{"a":[3,1,2],"b":["z","a","b"],"c":{"a":"a","b":"b","c":"c"},"d":1.5,"e":-2,"f":"1","g":[{"a":"q","b":{"c":[{"d":1},{"d":2}]}},{"a":"p"}]}`,
	`[{"a":1},{"a":[{"b":2},{"b":null}]},{"b":false},null,"s",[1,2]]`,
	`{"a":0,"b":false,"c":"c","d":[true,false],"e":[null],"f":{"a":{"a":{"a":"deep"}}}}`,
	`"text"`, `null`, `[]`, `{}`, `12`,
}

// narrow are documents of which no object has two keys, for expressions that would show the order of keys, which is
// random in the oracles.
var narrow = []string{
	`{"a":{"b":{"c":[1,2,{"d":"x"}]}}}`, `{"b":[{"a":1},{"b":{"a":2}},{"a":{"c":3}}]}`, `{"c":{"a":[1,2,3]}}`, `[{"a":{"b":1}},{"c":{}}]`, `{}`,
}

// expressionWriter writes expressions that are mostly, but not always, of some use.
type expressionWriter struct {
	*rand.Rand
	// unordered is set once the expression shows the order of keys.
	unordered bool
}

// newRand is random, but the same in every run.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// pick returns one of some choices.
func pick[T any](w *expressionWriter, choices ...T) T { return choices[w.IntN(len(choices))] }

func (w *expressionWriter) key() string {
	return pick(w, "a", "b", "c", "d", "e", "f", "g", "none", `"a"`)
}

func (w *expressionWriter) literal() string {
	return pick(w, "`1`", "`2.5`", "`0`", "`-1`", "`null`", "`true`", "`false`", "`\"\"`", "`[]`", "`{}`", "`[1,2,3]`",
		"`{\"a\":1}`", "'x'", "''", "'text'", "'it\\'s'", "`[\"a\",\"b\"]`", "`1.0`", "`\"b\"`")
}

// expression writes an expression that nests so deep.
func (w *expressionWriter) expression(depth int) string {
	if depth <= 0 {
		return pick(w, w.key, w.key, w.key, w.literal, func() string { return "@" })()
	}
	sub := func() string { return w.expression(depth - 1 - w.IntN(2)) }
	switch w.IntN(22) {
	case 0, 1, 2:
		return sub() + "." + w.key()
	case 3:
		return sub() + pick(w, "[0]", "[1]", "[-1]", "[7]")
	case 4:
		return sub() + pick(w, "[:2]", "[1:]", "[::-1]", "[-2:]", "[::2]", "[3:0:-1]", "[:9]", "[-9:9:3]")
	case 5:
		return sub() + "[*]" + pick(w, "", "."+w.key(), "[0]")
	case 6:
		return sub() + "[]" + pick(w, "", "."+w.key(), "[]")
	case 7:
		return sub() + "[?" + sub() + "]" + pick(w, "", "."+w.key())
	case 8:
		return sub() + "[?" + sub() + pick(w, "==", "!=", "<", ">", "<=", ">=") + sub() + "]"
	case 9:
		w.unordered = true
		return sub() + ".*" + pick(w, "", "."+w.key())
	case 10:
		return sub() + " | " + sub()
	case 11:
		return sub() + " || " + sub()
	case 12:
		return sub() + " && " + sub()
	case 13:
		return "!" + sub()
	case 14:
		return sub() + pick(w, " == ", " != ", " < ", " > ", " <= ", " >= ") + sub()
	case 15:
		return "[" + sub() + ", " + sub() + "]"
	case 16:
		return "{x: " + sub() + ", a: " + sub() + "}"
	case 17:
		return sub() + ".[" + w.key() + ", " + sub() + "]"
	case 18:
		return sub() + ".{a: " + w.key() + ", b: " + sub() + "}"
	case 19:
		return "(" + sub() + ")"
	default:
		return w.function(sub)
	}
}

// function writes a call of a standard function.
func (w *expressionWriter) function(sub func() string) string {
	name := pick(w, "length", "starts_with", "abs", "avg", "ceil", "contains", "ends_with", "floor", "map", "max", "merge",
		"max_by", "min", "min_by", "type", "keys", "values", "sort", "sort_by", "join", "reverse", "to_array", "to_string",
		"to_number", "not_null")
	switch name {
	case "keys", "values":
		w.unordered = true
	case "avg":
		return "avg([`2`, " + sub() + "])" // The average of nothing is null here, and NaN there, which no JSON holds.
	case "map":
		return "map(&" + w.key() + ", " + sub() + ")"
	case "max_by", "min_by", "sort_by":
		return name + "(" + sub() + ", &" + pick(w, w.key(), "@", "to_string(@)") + ")"
	case "contains", "starts_with", "ends_with":
		return name + "(" + sub() + ", " + sub() + ")"
	case "join":
		return "join(',', " + sub() + ")"
	case "not_null", "merge":
		return name + "(" + sub() + ", " + sub() + ")"
	}
	return name + "(" + sub() + ")"
}

// search asks an oracle. Where it panics, as it does when it looks for an object in a list, it has no answer.
func search(f func(string, any) (any, error), expression string, document string) (result any, err error, panicked bool) {
	defer func() { panicked = panicked || recover() != nil }()
	var data any
	if err := json.Unmarshal([]byte(document), &data); err != nil {
		return nil, err, true
	}
	result, err = f(expression, data)
	return result, err, false
}

// TestDifferential compares generated expressions with the fork, whose dialect this is, and with upstream, which has
// null for missing keys.
func TestDifferential(t *testing.T) {
	oracles := map[string]func(string, any) (any, error){
		"upstream": upstream.Search,
		"fork":     func(e string, data any) (any, error) { return fork.Search(e, data) },
	}
	w := &expressionWriter{Rand: newRand(14)}
	compared, values := 0, 0
	for range 30_000 {
		w.unordered = false
		expression := w.expression(1 + w.IntN(4))
		choices := documents
		if w.unordered {
			if choices = narrow; strings.Contains(expression, "{x") || strings.Contains(expression, ".{") || strings.Contains(expression, "merge") {
				continue // It makes an object of several keys itself.
			}
		}
		document := pick(w, choices...)
		expr, err := Compile(expression)
		if err != nil {
			// What only fails here when it is compiled fails there when it is evaluated, if it comes to that.
			if _, parseErr := fork.NewParser().Parse(expression); parseErr == nil && !strings.Contains(err.Error(), ": argument ") {
				t.Fatalf("%s: %v", expression, err)
			}
			continue
		}
		var data any
		if err := json.Unmarshal([]byte(document), &data); err != nil {
			t.Fatal(err)
		}
		got, gotErr := expr.Evaluate(literalValue(data), nil)
		for name, oracle := range oracles {
			want, wantErr, panicked := search(oracle, expression, document)
			if text := asJSON(want); panicked || strings.Contains(text, "unsupported value") || hidesMissing(name, expression) {
				continue
			}
			compared++
			if wantErr == nil && want != nil {
				values++
			}
			if problem := disagreement(name, got, gotErr, want, wantErr); problem != "" {
				t.Errorf("%s\n\tof %s: %s", expression, document, problem)
			}
		}
		if t.Failed() {
			return
		}
	}
	if compared < 40_000 || values < 10_000 {
		t.Errorf("compared only %d results, %d of them values", compared, values)
	}
}

// hidesMissing tells whether what upstream has for a missing key goes into an expression that makes something of it,
// where the dialect has an error instead.
func hidesMissing(oracle, expression string) bool {
	return oracle == "upstream" && (strings.Contains(expression, ".[") || strings.Contains(expression, ".{"))
}

// disagreement tells how a result differs from that of an oracle.
func disagreement(oracle string, got any, gotErr error, want any, wantErr error) string {
	var missing *NotFoundError
	isMissing := errors.As(gotErr, &missing)
	var forkMissing fork.NotFoundError
	switch {
	case oracle == "upstream" && isMissing:
		gotErr = nil
	case oracle == "fork" && isMissing != errors.As(wantErr, &forkMissing):
		return fmt.Sprintf("error %v, %s has %v", gotErr, oracle, wantErr)
	case oracle == "fork" && isMissing && gotErr.Error() != wantErr.Error():
		return fmt.Sprintf("error %q, %s has %q", gotErr, oracle, wantErr)
	}
	if (gotErr != nil) != (wantErr != nil) {
		return fmt.Sprintf("%s, %v; %s has %s, %v", asJSON(got), gotErr, oracle, asJSON(want), wantErr)
	}
	if gotErr == nil && !reflect.DeepEqual(got, literalValue(want)) {
		return fmt.Sprintf("%s, %s has %s", asJSON(got), oracle, asJSON(want))
	}
	return ""
}
