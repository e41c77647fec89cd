package scalar

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestWildcard(t *testing.T) {
	for _, test := range []struct {
		pattern, in string
		want        bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"?*", "", false},
		{"?*", "a", true},
		{"*?", "", false},
		{"**", "abc", true},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "abcd", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"a?c", "aéc", true},
		{"?", "é", true},
		{"??", "é", false},
		{"*b*", "abc", true},
		{"*ab*ab", "abab", true},
		{"*ab*ab", "ab", false},
		{"a*a", "a", false},
		{"*b?d*", "aabbcbcd", true},
		{"*b?d*", "aabbccd", false},
		{"*ü?ö*", "xxüaöx", true},
		{"*???*", "ab", false},
		{"*?b?*", "abc", true},
		{"a.c", "abc", false},
		{"[x]", "x", false},
		{"a*", "a\nb", true},
	} {
		w, err := NewWildcard(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Match(test.in); got != test.want {
			t.Errorf("%q matches %q: %v, want %v", test.pattern, test.in, got, test.want)
		}
		if w.String() != test.pattern {
			t.Errorf("String() of %q is %q", test.pattern, w.String())
		}
	}
}

func TestD04HugeWildcardIsRefused(t *testing.T) {
	if _, err := NewWildcard("*a" + strings.Repeat("?", 70) + "b*"); err == nil {
		t.Error("a search that would not be linear was accepted")
	}
	for _, pattern := range []string{strings.Repeat("a", 1<<20) + "?", "*" + strings.Repeat("a", 1<<20) + "*", strings.Repeat("*?", 1<<16)} {
		w, err := NewWildcard(pattern)
		if err != nil {
			t.Fatal(err)
		}
		w.Match(strings.Repeat("a", 1<<20))
	}
}

func TestD06WildcardIsLinear(t *testing.T) {
	in := strings.Repeat("a", 1<<20)
	for _, pattern := range []string{
		strings.Repeat("*a", 1000) + "*b",
		strings.Repeat("*a?a", 1000) + "*b*",
		"*" + strings.Repeat("a?", 31) + "b*",
		strings.Repeat("?", 1000) + "*b",
	} {
		w, err := NewWildcard(pattern)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if w.Match(in) {
			t.Errorf("%.20q… matches", pattern)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%.20q… took %v for 1 MB", pattern, took)
		}
	}
}

// model is the plainest matcher that there is.
func model(pattern, in []rune) bool {
	// fits[j] tells whether the pattern so far fits in[:j].
	fits := make([]bool, len(in)+1)
	fits[0] = true
	for _, p := range pattern {
		next := make([]bool, len(in)+1)
		for j := range next {
			switch p {
			case '*':
				next[j] = fits[j] || j > 0 && next[j-1]
			default:
				next[j] = j > 0 && fits[j-1] && (p == '?' || p == in[j-1])
			}
		}
		fits = next
	}
	return fits[len(in)]
}

func FuzzWildcard(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "axxbyc"}, {"*a?a*", "aabaa"}, {"?*?", "é"}, {"*é?*ü", "éaüü"}, {"***", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, in string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(in) || len(pattern)*len(in) > 1<<16 {
			t.Skip()
		}
		w, err := NewWildcard(pattern)
		if err != nil {
			t.Skip()
		}
		if got, want := w.Match(in), model([]rune(pattern), []rune(in)); got != want {
			t.Errorf("%q matches %q: %v, the model says %v", pattern, in, got, want)
		}
	})
}
