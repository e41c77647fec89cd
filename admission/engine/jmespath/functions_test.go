package jmespath

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// exampleEnvironment is where examples run: at a fixed moment, with the same random numbers every time.
func exampleEnvironment() *Environment {
	return &Environment{
		Now:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Rand:    rand.New(rand.NewPCG(1, 2)),
		Resolve: func(string) ([]string, error) { return []string{"8.8.8.8"}, nil },
		Budget:  NewBudget(1<<24, 1<<22),
	}
}

// TestFunctionsAreDocumented runs every example of every function.
func TestFunctionsAreDocumented(t *testing.T) {
	for _, f := range Functions() {
		if len(f.Doc) < 20 || !strings.HasSuffix(f.Doc, ".") || f.Returns == "" || len(f.Examples) == 0 {
			t.Errorf("%s is not documented: %q, returns %q, %d examples", f.Name, f.Doc, f.Returns, len(f.Examples))
		}
		for i, a := range f.Arguments {
			if a.Name == "" || len(a.Types) == 0 || a.Variadic && i < len(f.Arguments)-1 {
				t.Errorf("%s: argument %d is %+v", f.Name, i, a)
			}
		}
		for _, example := range f.Examples {
			data := example.Data
			if data == "" {
				data = "null"
			}
			expr, err := Compile(example.Expression)
			if err != nil {
				t.Errorf("%s: %s: %v", f.Name, example.Expression, err)
				continue
			}
			if !strings.Contains(example.Expression, f.Name+"(") {
				t.Errorf("%s: the example %s is of something else", f.Name, example.Expression)
			}
			got, err := expr.Evaluate(decode(t, data), exampleEnvironment())
			var want any
			if json.Unmarshal([]byte(example.Result), &want) != nil || err != nil || asJSON(got) != asJSON(want) {
				t.Errorf("%s: %s of %s is %s %v, not %s", f.Name, example.Expression, data, asJSON(got), err, example.Result)
			}
		}
	}
}

// TestFunctionsAreAllThere compares the table with the functions that policies may use.
func TestFunctionsAreAllThere(t *testing.T) {
	want := strings.Fields(`abs add avg base64_decode base64_encode ceil compare contains divide ends_with equal_fold floor
		image_normalize is_external_url items join keys label_match length lookup map max max_by md5 merge min min_by modulo
		multiply not_null object_from_lists parse_json parse_yaml path_canonicalize pattern_match random regex_match
		regex_replace_all regex_replace_all_literal replace replace_all reverse round semver_compare sha1 sha256 sort sort_by
		split starts_with subtract sum time_add time_after time_before time_between time_diff time_now time_now_utc
		time_parse time_since time_to_cron time_truncate time_utc to_array to_boolean to_lower to_number to_string to_upper
		trim trim_prefix truncate type values x509_decode`)
	var got []string
	for _, f := range Functions() {
		got = append(got, f.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestFunctionsHaveOneName shows that no family hides a function of another.
func TestFunctionsHaveOneName(t *testing.T) {
	seen := map[string]bool{}
	for _, family := range [][]Function{standardFunctions, stringFunctions, regexFunctions, arithmeticFunctions, timeFunctions,
		encodeFunctions, imageFunctions, semverFunctions, objectFunctions, randomFunctions, networkFunctions, pathFunctions} {
		if len(family) == 0 {
			t.Error("a family is empty")
		}
		for _, f := range family {
			if seen[f.Name] {
				t.Errorf("%s is there twice", f.Name)
			}
			seen[f.Name] = true
		}
	}
}

func TestSignature(t *testing.T) {
	for name, want := range map[string]string{
		"length": "length(value string|array|object) number", "merge": "merge(objects ...object) object",
		"sort_by": "sort_by(list array, expression expression) array", "time_now": "time_now() string",
	} {
		if got := functions[name].Signature(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// K11 a function that is handed whatever there is answers or fails, and never panics. Its result can be written as JSON.
func TestFunctionsWithAnything(t *testing.T) {
	values := []any{
		nil, true, false, int64(0), int64(-1), int64(1) << 62, int64(-1) << 63, 1.5, -0.5, 1e300, "", "x", "1", "10Mi", "1h", "2026-01-02T03:04:05Z", "[",
		"(a+)+$", "{{x}}", "\xff\x00", "../../x", "*", strings.Repeat("ab", 200), []any{}, []any{nil}, []any{int64(1), 2.5}, []any{"a", "b"},
		[]any{"1Gi", "1Mi"}, []any{[]any{"a"}, map[string]any{}}, map[string]any{}, map[string]any{"a": int64(1)}, map[string]any{"": nil, "b": []any{}},
	}
	r := newRand(11)
	for _, f := range Functions() {
		for range 500 {
			names := []string{"a", "b", "c", "d", "e"}[:len(f.Arguments)]
			data := map[string]any{}
			var parts []string
			for i, name := range names {
				data[name] = values[r.IntN(len(values))]
				if f.Arguments[i].Types[0] == Expression {
					name = "&" + []string{"@", "a", "length(@)"}[r.IntN(3)]
				}
				parts = append(parts, name)
			}
			expression := f.Name + "(" + strings.Join(parts, ", ") + ")"
			expr, err := Compile(expression)
			if err != nil {
				t.Fatalf("%s: %v", expression, err)
			}
			result, err := expr.Evaluate(data, exampleEnvironment())
			var call *CallError
			if err != nil {
				if !errors.As(err, &call) && !errors.Is(err, ErrBudget) {
					t.Errorf("%s of %v: an error of no known kind: %v", expression, data, err)
				}
				continue
			}
			if _, err := json.Marshal(result); err != nil {
				t.Errorf("%s of %v yields %v: %v", expression, data, result, err)
			}
		}
	}
}

// K11 the same with an environment that has nothing to offer.
func TestFunctionsWithoutEnvironment(t *testing.T) {
	for _, f := range Functions() {
		for _, example := range f.Examples {
			expr, err := Compile(example.Expression)
			if err != nil {
				t.Fatal(err)
			}
			data := example.Data
			if data == "" {
				data = "null"
			}
			_, _ = expr.Evaluate(decode(t, data), nil)
		}
	}
}
