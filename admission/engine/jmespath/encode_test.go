package jmespath

import (
	"fmt"
	"strings"
	"testing"
)

func TestEncode(t *testing.T) { checkCases(t, "testdata/encode.txt") }

func TestD05YAMLAliasesAreBounded(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	long := "text: &text " + strings.Repeat("a", 1<<20) + "\nlist: [" + strings.Repeat("*text, ", 10_000) + "]\n"
	for _, text := range []string{bomb.String(), long, strings.Repeat("[", 1<<20), strings.Repeat("{a: ", 1<<18)} {
		compiled, err := Compile("parse_yaml(@)")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compiled.Evaluate(text, world()); err == nil {
			t.Errorf("%.40q was read", text)
		}
	}
}

func TestD05DeepJSONIsBounded(t *testing.T) {
	for _, text := range []string{strings.Repeat("[", 1<<20), strings.Repeat("[", 5000) + strings.Repeat("]", 5000)} {
		compiled, err := Compile("parse_json(@)")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := compiled.Evaluate(text, world()); err == nil {
			t.Errorf("%.40q was read", text)
		}
	}
}

func FuzzParseYAML(f *testing.F) {
	for _, seed := range []string{"a: &x [1, 2.5, ~]\nb: *x\n", "{1: a, true: b, .inf: c}", "- !!binary aGk=\n- 0x1F\n- 1e400\n", "? [a]\n: b", "<<: {a: 1}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		compiled, err := Compile("parse_yaml(@)")
		if err != nil {
			t.Fatal(err)
		}
		result, err := compiled.Evaluate(text, world())
		if err != nil {
			return
		}
		if err := decodedJSON(result); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// decodedJSON tells whether a value is what JSON decodes to, all through.
func decodedJSON(v any) error {
	switch v := v.(type) {
	case nil, bool, string, int64, float64:
		return nil
	case []any:
		for _, item := range v {
			if err := decodedJSON(item); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for _, item := range v {
			if err := decodedJSON(item); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("a %T is no JSON", v)
}
