package scalar

import (
	"testing"
)

// The values of a pattern's answers were confirmed with the reference.
func TestComparator(t *testing.T) {
	values := map[string]any{
		"null": nil, "true": true, "false": false, "0": int64(0), "5": int64(5), "5.5": 5.5, "5.0": 5.0, "8080": int64(8080),
		`""`: "", `"x"`: "x", `"y"`: "y", `"5"`: "5", `"5Mi"`: "5Mi", `"1h"`: "1h", `"60m"`: "60m", `"a|b"`: "a|b", `"-3"`: "-3",
		"{}": map[string]any{}, "[]": []any{},
	}
	for _, test := range []struct {
		pattern any
		want    []string
	}{
		{nil, []string{"null", "false", "0", `""`}},
		{true, []string{"true"}},
		{false, []string{"false"}},
		{int64(5), []string{"5", "5.0", `"5"`}},
		{5.5, []string{"5.5"}},
		{5.0, []string{"5", "5.0", `"5"`}},
		{"x", []string{`"x"`}},
		{"", []string{`""`}},
		{"true", []string{"true"}},
		{"?", []string{`"x"`, `"y"`, `"5"`, "0", "5"}},
		{"80*", []string{"8080"}},
		{"x|y", []string{`"x"`, `"y"`}},
		{" x | y ", []string{`"x"`, `"y"`}},
		{"a|b", []string{`"a|b"`}},
		{"!x & !y", []string{"true", "false", "0", "5", "5.5", "5.0", "8080", `""`, `"5"`, `"5Mi"`, `"1h"`, `"60m"`, `"a|b"`, `"-3"`}},
		{"<5", []string{"null", "0", `"-3"`, `"60m"`}},
		{"<=5", []string{"null", "0", "5", "5.0", `"5"`, `"-3"`, `"60m"`}},
		{">5", []string{"5.5", "8080", `"5Mi"`}},
		{">=5Mi", []string{`"5Mi"`}},
		{"> 6", []string{"8080", `"5Mi"`}},
		{"!5", []string{"null", "true", "false", "0", "5.5", "8080", `""`, `"x"`, `"y"`, `"5Mi"`, `"1h"`, `"60m"`, `"a|b"`, `"-3"`}},
		{"0", []string{"null", "0"}},
		{"1h", []string{`"1h"`, `"60m"`}},
		{"<2h", []string{"null", "0", `"1h"`, `"60m"`}},
		{"5-10", []string{"5", "5.0", "5.5", `"5"`}},
		{"-5--1", []string{`"-3"`}},
		{"1m-1h", []string{`"1h"`, `"60m"`}},
		{"1!-10", []string{"null", "0", "8080", `"5Mi"`, `"-3"`, `"60m"`}},
		{"5 - 10", nil},
		{"a-b", nil},
		{">", nil},
		{">x", nil},
		{"=5", nil},
	} {
		c, err := NewComparator(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, name := range test.want {
			want[name] = true
		}
		for name, v := range values {
			if got := c.Match(v); got != want[name] {
				t.Errorf("pattern %#v, value %s: %v, want %v", test.pattern, name, got, want[name])
			}
		}
	}
}

func TestComparatorRefuses(t *testing.T) {
	for _, v := range []any{[]any{}, map[string]any{}, "*a???????????????????????????????????????????????????????????????????b*"} {
		if _, err := NewComparator(v); err == nil {
			t.Errorf("%#v was accepted", v)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	for _, pattern := range []any{"?*", "<=1Gi", "1-5 | x", "!a*", true, nil} {
		c, err := NewComparator(pattern)
		if err != nil {
			t.Fatal(err)
		}
		values := []any{"512Mi", "abc", int64(3), nil}
		if n := testing.AllocsPerRun(100, func() {
			for _, v := range values {
				c.Match(v)
			}
		}); n > 0 {
			t.Errorf("%#v allocates %v times", pattern, n)
		}
	}
}
