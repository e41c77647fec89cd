package jmespath

import (
	"strings"
	"testing"
)

func TestStrings(t *testing.T) { checkCases(t, "testdata/strings.txt") }

// The result of compare is a number to conditions, but none to comparators: what policies observe today depends on it.
func TestCompareIsANumberOnlyInTheEnd(t *testing.T) {
	compiled, err := Compile("compare('b', 'a')")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := compiled.Evaluate(nil, world()); err != nil || got != int64(1) {
		t.Errorf("got %T(%v), %v", got, got, err)
	}
}

func TestK15ReplacementIsBounded(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	checkBounded(t, "replace_all(@, 'a', @)", long, true)
	checkBounded(t, "replace(@, '', @, `-1`)", long, true)
	checkBounded(t, "replace(@, 'a', @, `4`)", long, false)
	checkBounded(t, "replace_all(@, 'b', @)", long, false)
}

func TestD05SplitAndTrimAreBounded(t *testing.T) {
	checkBounded(t, "split(@, '')", strings.Repeat("a", 1<<20), true)
	checkBounded(t, "split(@, '')", strings.Repeat("a", 1<<16), false)
	var characters strings.Builder
	for r := rune(0x4e00); r < 0x4e00+20_000; r++ {
		characters.WriteRune(r)
	}
	checkBounded(t, "trim(@[0], @[1])", []any{strings.Repeat("\U00009c1f", 1<<20), characters.String()}, false)
}
