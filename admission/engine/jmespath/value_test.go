package jmespath

import (
	"errors"
	"math"
	"testing"
)

func TestTypeOf(t *testing.T) {
	for _, test := range []struct {
		value any
		want  Type
	}{
		{nil, Null}, {true, Boolean}, {"", String}, {int64(1), Number}, {1.5, Number}, {[]any{}, Array}, {map[string]any{}, Object},
		{func(any) (any, error) { return nil, nil }, Expression}, {1, ""}, {[]string{}, ""},
	} {
		if got := typeOf(test.value); got != test.want {
			t.Errorf("%T: %q, want %q", test.value, got, test.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]any{
		1: int64(1), -3: int64(-3), 0.5: 0.5, 1 << 53: int64(1 << 53), 1 << 54: float64(1 << 54), 1e300: 1e300, math.Inf(1): nil, math.Inf(-1): nil,
	} {
		if got := number(f); got != want {
			t.Errorf("%v: %T %v, want %T %v", f, got, got, want, want)
		}
	}
	if got := number(math.NaN()); got != nil {
		t.Errorf("NaN: %v", got)
	}
}

func TestCompareNumbers(t *testing.T) {
	const big = int64(1)<<62 + 1
	for _, test := range []struct {
		left, right any
		order       int
		ok          bool
	}{
		{int64(1), 1.0, 0, true}, {int64(1), 1.5, -1, true}, {2.5, int64(2), 1, true}, {big, big - 1, 1, true}, {big, float64(big), 0, true},
		{int64(1), "1", 0, false}, {nil, nil, 0, false}, {true, int64(1), 0, false}, {1, 1, 0, false},
	} {
		if order, ok := compareNumbers(test.left, test.right); ok != test.ok || ok && order != test.order {
			t.Errorf("%v and %v: %d %v, want %d %v", test.left, test.right, order, ok, test.order, test.ok)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		left, right string
		want        bool
	}{
		{"1", "1.0", true}, {"1", `"1"`, false}, {"null", "null", true}, {"null", "false", false}, {"null", "[]", false}, {"true", "true", true}, {`"a"`, `"a"`, true},
		{"[1,[2,{}]]", "[1.0,[2,{}]]", true}, {"[1,2]", "[2,1]", false}, {"[1]", "[1,1]", false}, {"[]", "{}", false}, {`{"a":1}`, `{"a":1.0}`, true},
		{`{"a":1}`, `{"a":1,"b":2}`, false}, {`{"a":null}`, `{"b":null}`, false}, {`{"a":[null]}`, `{"a":[null]}`, true}, {"[]", "[]", true},
	} {
		for _, pair := range [2][2]string{{test.left, test.right}, {test.right, test.left}} {
			got, err := equal(NewBudget(0, 100), decode(t, pair[0]), decode(t, pair[1]))
			if got != test.want || err != nil {
				t.Errorf("%s and %s: %v %v, want %v", pair[0], pair[1], got, err, test.want)
			}
		}
	}
	if _, err := equal(NewBudget(0, 2), decode(t, "[1,2,3]"), decode(t, "[1,2,3]")); !errors.Is(err, ErrBudget) {
		t.Errorf("more steps than there are: %v", err)
	}
}

func TestIsFalse(t *testing.T) {
	for text, want := range map[string]bool{
		"null": true, "false": true, `""`: true, "[]": true, "{}": true, "true": false, "0": false, "0.0": false, `" "`: false, "[null]": false, `{"a":null}`: false,
	} {
		if got := isFalse(decode(t, text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

func TestMeasure(t *testing.T) {
	shared := []any{"0123456789"}
	for _, test := range []struct {
		value any
		bytes int
	}{
		{nil, 0}, {"abc", 3}, {[]any{"abc", nil}, 2*elementSize + 3}, {map[string]any{"k": "abc"}, entrySize + 1 + 3},
		{[]any{shared, shared}, 2*elementSize + 2*(elementSize+10)},
	} {
		b := NewBudget(test.bytes, 100)
		if err := measure(b, test.value, 0); err != nil || b.bytes != 0 {
			t.Errorf("%v: %v, %d left", test.value, err, b.bytes)
		}
		if test.bytes > 0 {
			if err := measure(NewBudget(test.bytes-1, 100), test.value, 0); !errors.Is(err, ErrBudget) {
				t.Errorf("%v: %v within one byte less", test.value, err)
			}
		}
	}
}

func TestFits(t *testing.T) {
	b := NewBudget(100, 10)
	shared := []any{"0123456789"}
	if err := fits(b, []any{shared, shared}); err != nil || *b != *NewBudget(100, 6) {
		t.Errorf("%v, left %+v", err, *b)
	}
	if err := fits(b, []any{shared, shared, shared, shared}); !errors.Is(err, ErrBudget) || b.bytes != 100 {
		t.Errorf("%v, left %+v", err, *b)
	}
	if err := fits(NewBudget(100, 3), []any{nil, nil, nil, nil}); !errors.Is(err, ErrBudget) {
		t.Error(err)
	}
}
