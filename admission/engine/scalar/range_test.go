package scalar

import "testing"

func TestParseRange(t *testing.T) {
	for _, test := range []struct {
		in              string
		within, outside []any
	}{
		{"1-5", []any{"1", "5", int64(3)}, []any{"0", "5.5", int64(6)}},
		{"1Mi-5Mi", []any{"3Mi"}, []any{"1Gi", "1"}},
		{"1h-2h", []any{"90m"}, []any{"59m", "3h"}},
		{"-5--1", []any{"-3"}, []any{"0"}},
	} {
		within, outside, ok := ParseRange(test.in)
		if !ok {
			t.Fatalf("%q is no range", test.in)
		}
		for _, v := range test.within {
			if !within.Match(v) || outside.Match(v) {
				t.Errorf("%v is not within %s", v, test.in)
			}
		}
		for _, v := range test.outside {
			if within.Match(v) || !outside.Match(v) {
				t.Errorf("%v is not outside %s", v, test.in)
			}
		}
		if within.Match("x") || outside.Match("x") {
			t.Errorf("x is compared with %s", test.in)
		}
	}
	for _, in := range []string{"1!-5", "a-b", "5", "1 - 5", "", "1-"} {
		if _, _, ok := ParseRange(in); ok {
			t.Errorf("%q is a range", in)
		}
	}
}
