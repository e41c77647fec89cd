package scalar

import (
	"strings"
	"testing"
	"time"
)

func TestParseQuantity(t *testing.T) {
	for in, want := range map[string]bool{
		"5": true, "-5": true, "1.5": true, "5Mi": true, "500m": true, "1e3": true, "1E+03": true, "1E": true, "1e999": true,
		"": false, "x": false, "5 ": false, "1h": false, "1e1000": false, "1E-2000000000": false, "1e00002": true,
		strings.Repeat("9", 64): true, strings.Repeat("9", 65): false,
	} {
		if _, got := ParseQuantity(in); got != want {
			t.Errorf("%.30q is a quantity: %v, want %v", in, got, want)
		}
	}
}

func TestD05HugeExponentCostsNothing(t *testing.T) {
	start := time.Now()
	for _, pattern := range []any{"<1E2000000000", "<5", "1e-999999999-1e999999999", "!1E999999999"} {
		c, err := NewComparator(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []any{"1E2000000000", "1e-2000000000", "0.1E-999999999", float64(1e300), "5"} {
			c.Match(v)
		}
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]bool{
		"1h": true, "1h30m": true, "0": true, "1.5s": true, "10ms": true, "-1m": true, "+0": true,
		"": false, "5": false, "1d": false, "10": false, "s": false, "Success": false,
	} {
		if _, got := ParseDuration(in); got != want {
			t.Errorf("%q is a duration: %v, want %v", in, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct {
		in   any
		want string
		ok   bool
	}{
		{"a", "a", true}, {true, "true", true}, {int64(80), "80", true}, {0.5, "5E-01", true}, {1e21, "1E+21", true},
		{nil, "", false}, {[]any{}, "", false}, {map[string]any{}, "", false},
	} {
		if got, ok := text(test.in); got != test.want || ok != test.ok {
			t.Errorf("text(%v) = %q, %v", test.in, got, ok)
		}
	}
}
