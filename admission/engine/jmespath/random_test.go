package jmespath

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

func TestRandom(t *testing.T) { checkCases(t, "testdata/random.txt") }

func TestRandomFitsItsExpression(t *testing.T) {
	for _, text := range []string{
		"[0-9a-z]{8}", "a*", "a+b?", "(foo|bar|[x-z])-[0-9]{2,5}", "a{3,}", "[[:alpha:]]{3}", ".{5}", "[^a-y]", "^a$", "(x|y(z|w)){4}",
	} {
		expression := regexp.MustCompile("^(?:" + text + ")$")
		seen := map[string]bool{}
		for seed := range uint64(50) {
			env := world()
			env.Rand = rand.New(rand.NewPCG(seed, 0))
			tree, err := parseRandom(text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := generate(env, tree)
			if err != nil {
				t.Fatal(err)
			}
			if !expression.MatchString(got.(string)) {
				t.Errorf("%.60q is not of %s", got, text)
			}
			seen[got.(string)] = true
		}
		if len(seen) < 5 && text != "^a$" {
			t.Errorf("%s: only %d different strings", text, len(seen))
		}
	}
}

func TestRandomIsTheSameForTheSameSeed(t *testing.T) {
	a, errA := ask("random('[0-9a-z]{20}')", "")
	b, errB := ask("random('[0-9a-z]{20}')", "")
	if errA != nil || errB != nil || a != b {
		t.Errorf("got %s, %v and %s, %v", a, errA, b, errB)
	}
	if a, err := ask("random('[0-9a-z]{20}') == random('[0-9a-z]{20}')", ""); err != nil || a != "false" {
		t.Errorf("two of one evaluation are the same: %s, %v", a, err)
	}
}

func TestD05RandomIsBounded(t *testing.T) {
	for _, text := range []string{
		"(a{30}b*){30}c", "((a*)*)*", "((((()*)*)*)*)*", strings.Repeat("a{1000}", 500), strings.Repeat("(a|b)*", 600), "(a{1000}){1000}",
		strings.Repeat("a", maxRandomExpression+1),
	} {
		checkBounded(t, "random(@)", text, false)
		checkBounded(t, "[random(@),random(@),random(@),random(@)]", text, false)
	}
	checkRefused(t, "random('')", "random('[')", "random('a{1001}')", "random('\\d')")
}

func FuzzRandom(f *testing.F) {
	for _, seed := range []string{"[0-9a-z]{5}", "(a|b*)+", ".?[^x]", "", "(((a*)*)*)", "[\\x{D800}-\\x{DFFF}]", "a{2,}$"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := parseRandom(text)
		if err != nil {
			return
		}
		got, err := generate(world(), tree)
		if err != nil {
			return
		}
		if len(got.(string)) > 2*maxRandom {
			t.Errorf("%q makes %d bytes", text, len(got.(string)))
		}
		// An anchor inside of an expression fits nothing, and the function passes over it.
		if strings.ContainsAny(text, "^$") {
			return
		}
		if expression, err := regexp.Compile("^(?:" + tree.String() + ")$"); err == nil && len(got.(string)) < 1<<12 && !expression.MatchString(got.(string)) {
			t.Errorf("%q is not of %q", got, text)
		}
	})
}
