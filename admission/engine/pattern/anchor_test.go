package pattern

import "testing"

func TestParseKey(t *testing.T) {
	for _, test := range []struct {
		written string
		anchor  anchor
		key     string
	}{
		{"a", plain, "a"},
		{"(a)", conditional, "a"},
		{"=(a)", equality, "a"},
		{"^(a)", existence, "a"},
		{"X(a)", negation, "a"},
		{"<(a)", global, "a"},
		{"+(a)", addition, "a"},
		{"((a))", conditional, "(a)"},
		{"()", plain, "()"},
		{"(a", plain, "(a"},
		{"x(a)", plain, "x(a)"},
		{"(a/b.c*)", conditional, "a/b.c*"},
	} {
		a, key := parseKey(test.written)
		if a != test.anchor || key != test.key {
			t.Errorf("%q: anchor %q, key %q; want %q, %q", test.written, a, key, test.anchor, test.key)
		}
		if got := a.withKey(key); got != test.written {
			t.Errorf("%q is written back as %q", test.written, got)
		}
	}
}
