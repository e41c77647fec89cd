package jmespath

import (
	"errors"
	"strings"
	"testing"
)

func TestRegex(t *testing.T) { checkCases(t, "testdata/regex.txt") }

func TestD04BadLiteralsAreRefused(t *testing.T) {
	checkRefused(t, "regex_match('[', 'a')", "regex_replace_all('(', 'a', 'b')", "regex_replace_all_literal('a{2000}', 'a', 'b')",
		"pattern_match('*a"+strings.Repeat("?", 70)+"b*', 'a')", "regex_match('"+strings.Repeat("a", maxRegex+1)+"', 'a')",
		"regex_match('"+strings.Repeat("(a|b){1000}", 30)+"', 'a')")
}

func TestD05RegularExpressionsFromDataAreBounded(t *testing.T) {
	for _, text := range []string{"[", strings.Repeat("a", maxRegex+1), strings.Repeat("(a|b){1000}", 30)} {
		compiled, err := Compile("regex_match(@, 'a')")
		if err != nil {
			t.Fatal(err)
		}
		_, err = compiled.Evaluate(text, world())
		if call := (*CallError)(nil); !errors.As(err, &call) {
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}

func TestD06MatchingIsBounded(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	checkBounded(t, "regex_match('"+strings.Repeat("(a?){300}", 15)+"b', @)", long, true)
	checkBounded(t, "regex_match('^(a+)+$', @)", long, false)
}

func TestD05ReplacementIsBounded(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	checkBounded(t, "regex_replace_all('', @, @)", long, true)
	checkBounded(t, "regex_replace_all_literal('a', @, @)", long, true)
	checkBounded(t, "regex_replace_all_literal('^a', @, @)", long, false)
	checkBounded(t, "regex_replace_all('.*', @, '"+strings.Repeat("$0", 100)+"')", long, true)
	checkBounded(t, "regex_replace_all('a', @, '$0$0')", long, false)
}

func TestLiteralsAreCompiledOnce(t *testing.T) {
	for _, expression := range []string{"regex_match('^(a|b){1,100}$', @)", "pattern_match('a*b?c*', @)", "semver_compare(@, '>=1.0.0 <2.0.0')"} {
		compiled, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		env := world()
		env.Budget = nil
		if n := testing.AllocsPerRun(100, func() {
			if _, err := compiled.Evaluate("ab", env); err != nil {
				t.Fatal(err)
			}
		}); n > 10 {
			t.Errorf("%s allocates %v times", expression, n)
		}
	}
}
