package scalar

import (
	"math"
	"strings"
	"testing"
)

// Quantities, durations and ranges: whatever a policy and an object say, comparing ends and always answers the same, a text
// matches itself, and nothing is both within a range and outside.
func FuzzComparator(f *testing.F) {
	for _, seed := range [][2]string{
		{"5", "5"}, {">=1Gi", "1024Mi"}, {"1-5 | !3", "4"}, {"1!-5", "1e3"}, {"<2h", "60m"}, {"-5--1", "-3"}, {"1m-1h & >5m", "1e999999999"},
		{"!a*?", "b"}, {"0.1Ki", "102400m"}, {"1e3", "1000"}, {">9223372036854775807", "9223372036854775808"}, {"+1", "1"}, {"", "0"}, {"|&|", ""},
	} {
		f.Add(seed[0], seed[1], int64(5), 5.5)
	}
	f.Fuzz(func(t *testing.T, pattern, text string, integer int64, float float64) {
		values := []any{text, integer, nil, true}
		if !math.IsNaN(float) && !math.IsInf(float, 0) {
			values = append(values, float)
		}
		for _, written := range []any{pattern, integer, float} {
			c, err := NewComparator(written)
			if err != nil {
				continue
			}
			for _, v := range values {
				first := c.Match(v)
				if second := c.Match(v); first != second {
					t.Errorf("%#v and %#v: %v, then %v", written, v, first, second)
				}
			}
		}
		if within, outside, ok := ParseRange(pattern); ok {
			for _, v := range values {
				if within.Match(v) && outside.Match(v) && !strings.Contains(pattern, "+") && ordered(pattern) {
					t.Errorf("%q: %#v is within and outside", pattern, v)
				}
			}
		}
		if q, ok := ParseQuantity(text); ok && q.Cmp(q.DeepCopy()) != 0 {
			t.Errorf("%q differs from itself", text)
		}
		if same, err := NewComparator(text); err == nil && !same.Match(text) {
			t.Errorf("%q does not match itself", text)
		}
		if d, ok := ParseDuration(text); ok {
			if again, ok := ParseDuration(d.String()); !ok || again != d {
				t.Errorf("%q is %s, which is %s", text, d, again)
			}
		}
	})
}

// ordered tells that a range has its lower end first, in whichever way its ends are read.
func ordered(pattern string) bool {
	m := span.FindStringSubmatch(pattern)
	low, lowErr := newOperand(m[1])
	high, highErr := newOperand(m[3])
	if lowErr != nil || highErr != nil || low.hasDuration != high.hasDuration || low.hasQuantity != high.hasQuantity {
		return false
	}
	return low.duration <= high.duration && low.quantity.Cmp(high.quantity) <= 0
}
