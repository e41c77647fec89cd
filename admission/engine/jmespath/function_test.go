package jmespath

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	apijson "k8s.io/apimachinery/pkg/util/json"
)

// world is an environment in which nothing depends on the machine.
func world() *Environment {
	return &Environment{
		Now:  time.Date(2026, 6, 1, 12, 30, 0, 0, time.FixedZone("", 2*60*60)),
		Rand: rand.New(rand.NewPCG(1, 2)),
		Resolve: func(host string) ([]string, error) {
			addresses, ok := map[string][]string{
				"localhost":     {"::1", "127.0.0.1"},
				"public.test":   {"8.8.8.8", "2001:4860:4860::8888"},
				"internal.test": {"8.8.8.8", "10.1.2.3"},
				"odd.test":      {"eight"},
				"empty.test":    {},
			}[strings.ToLower(host)]
			if !ok {
				return nil, fmt.Errorf("lookup %s: no such host", host)
			}
			return addresses, nil
		},
		Budget: NewBudget(16<<20, 1<<22),
	}
}

// ask evaluates an expression and returns the result as JSON, or the error of the function that failed.
func ask(expression, data string) (string, error) {
	compiled, err := Compile(expression)
	if err != nil {
		return "", err
	}
	var input any
	if data != "" {
		if err := apijson.Unmarshal([]byte(data), &input); err != nil {
			return "", err
		}
	}
	result, err := compiled.Evaluate(input, world())
	if err != nil {
		if call := (*CallError)(nil); errors.As(err, &call) {
			err = call.Err
		}
		return "", err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(result)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// sameJSON tells whether two texts are the same JSON, number by number.
func sameJSON(a, b string) bool {
	var x, y any
	return apijson.Unmarshal([]byte(a), &x) == nil && apijson.Unmarshal([]byte(b), &y) == nil && fmt.Sprintf("%#v", x) == fmt.Sprintf("%#v", y)
}

// checkCases asks what a file in testdata lists: an expression, perhaps "on" and data, and after => the result as JSON or
// after an exclamation mark the error, of which the text is left out where it is not the function's own. All answers in
// these files but differences.txt are those that Kyverno 1.19.1 gave.
func checkCases(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		question, want, ok := strings.Cut(line, "  =>  ")
		if !ok {
			t.Fatalf("%s: no answer in %q", file, line)
		}
		expression, data, _ := strings.Cut(question, "  on  ")
		got, err := ask(expression, data)
		message, fails := strings.CutPrefix(want, "!")
		message = strings.TrimPrefix(message, " ")
		switch {
		case fails && err == nil:
			t.Errorf("%s: got %s, want an error", question, got)
		case fails && message != "" && !strings.Contains(err.Error(), message):
			t.Errorf("%s:\n got error %v\nwant error %s", question, err, message)
		case !fails && err != nil:
			t.Errorf("%s:\n got error %v\nwant %s", question, err, want)
		case !fails && !sameJSON(got, want):
			t.Errorf("%s:\n got %s\nwant %s", question, got, want)
		}
	}
}

func TestExamples(t *testing.T) {
	for _, f := range Functions() {
		if f.Doc == "" || len(f.Examples) == 0 {
			t.Errorf("%s has no documentation or no example", f.Name)
		}
		for _, example := range f.Examples {
			if got, err := ask(example.Expression, example.Data); err != nil || !sameJSON(got, example.Result) {
				t.Errorf("%s on %s: got %s, %v; want %s", example.Expression, example.Data, got, err, example.Result)
			}
			if !strings.Contains(example.Expression, f.Name+"(") {
				t.Errorf("%s is no example of %s", example.Expression, f.Name)
			}
		}
	}
}

// The questions of this file were put together at random.
func TestGenerated(t *testing.T) { checkCases(t, "testdata/generated.txt") }

func TestDifferences(t *testing.T) { checkCases(t, "testdata/differences.txt") }

// checkRefused asks for an error at once, when an expression is compiled.
func checkRefused(t *testing.T, expressions ...string) {
	t.Helper()
	for _, expression := range expressions {
		if _, err := Compile(expression); err == nil {
			t.Errorf("%.80s: was compiled", expression)
		} else if syntax := (*SyntaxError)(nil); !errors.As(err, &syntax) {
			t.Errorf("%.80s: the error is no SyntaxError: %v", expression, err)
		}
	}
}

// checkBounded asks that an evaluation ends soon, with ErrBudget where that is said.
func checkBounded(t *testing.T, expression string, data any, overBudget bool) {
	t.Helper()
	compiled, err := Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err = compiled.Evaluate(data, world())
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%.80s: took %v", expression, took)
	}
	if overBudget != errors.Is(err, ErrBudget) {
		t.Errorf("%.80s: got %v; over budget is to be %v", expression, err, overBudget)
	}
}
