package jmespath

import "math"

// maxResultDepth is the nesting beyond which a value that an expression has built is refused.
const maxResultDepth = 1000

// typeOf is the type of a value; empty for what no JSON decodes to.
func typeOf(value any) Type {
	switch value.(type) {
	case nil:
		return Null
	case bool:
		return Boolean
	case string:
		return String
	case int64, float64:
		return Number
	case []any:
		return Array
	case map[string]any:
		return Object
	case func(any) (any, error):
		return Expression
	}
	return ""
}

// number makes a value of the result of a computation: an integer where it is one. What is not a finite number has no
// JSON and is null.
func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	if i := int64(f); math.Abs(f) <= 1<<53 && float64(i) == f {
		return i
	}
	return f
}

// float is a number as float64.
func float(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case int64:
		return float64(value), true
	}
	return 0, false
}

// compareNumbers orders two numbers, or tells that not both values are numbers. Integers are compared exactly.
func compareNumbers(left, right any) (order int, ok bool) {
	l, leftInt := left.(int64)
	r, rightInt := right.(int64)
	if leftInt && rightInt {
		return orderOf(l, r), true
	}
	lf, leftOK := float(left)
	rf, rightOK := float(right)
	return orderOf(lf, rf), leftOK && rightOK
}

// orderOf is -1, 0 or 1. Decoded JSON holds no NaN.
func orderOf[T int64 | float64](left, right T) int {
	switch {
	case left < right:
		return -1
	case left > right:
		return 1
	}
	return 0
}

// isFalse tells whether a value counts as false: null, false, and what is empty.
func isFalse(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// equal compares two values by what they hold. It takes a step for each pair of values, for what an expression has
// built may be far larger than it looks.
func equal(b *Budget, left, right any) (bool, error) {
	if err := b.Steps(1); err != nil {
		return false, err
	}
	switch l := left.(type) {
	case []any:
		r, ok := right.([]any)
		if !ok || len(l) != len(r) {
			return false, nil
		}
		for i := range l {
			if same, err := equal(b, l[i], r[i]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		r, ok := right.(map[string]any)
		if !ok || len(l) != len(r) {
			return false, nil
		}
		for key, value := range l {
			other, ok := r[key]
			if !ok {
				return false, nil
			}
			if same, err := equal(b, value, other); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case int64, float64:
		order, ok := compareNumbers(left, right)
		return ok && order == 0, nil
	case string:
		r, ok := right.(string)
		return ok && l == r, nil
	case bool:
		r, ok := right.(bool)
		return ok && l == r, nil
	}
	return left == nil && right == nil, nil
}

// The memory that values are reckoned to take, about what a 64-bit machine needs.
const (
	elementSize = 16
	entrySize   = 48
)

// shallowSize is the size of a value without what its elements hold.
func shallowSize(value any) int {
	switch value := value.(type) {
	case string:
		return len(value)
	case []any:
		return elementSize * len(value)
	case map[string]any:
		return entrySize * len(value)
	}
	return 0
}

// work is the number of steps that looking at all of a value takes, without what its elements hold.
func work(value any) int {
	switch value := value.(type) {
	case string:
		return len(value) / 64
	case []any:
		return len(value)
	case map[string]any:
		return len(value)
	}
	return 0
}

// fits tells whether all that a value holds, written out, would fit into what is left of the budget. Only the steps are
// taken from it: the parts of the value are there already, however often they are reached.
func fits(b *Budget, value any) error {
	left := *b
	err := measure(&left, value, 0)
	b.steps = left.steps
	return err
}

// measure takes the size of all that a value holds from the budget. Values that are shared count as often as they are
// reached, as they will when the value is written out.
func measure(b *Budget, value any, depth int) error {
	if depth > maxResultDepth {
		return ErrBudget
	}
	if err := b.Bytes(shallowSize(value)); err != nil {
		return err
	}
	switch value := value.(type) {
	case []any:
		if err := b.Steps(len(value)); err != nil {
			return err
		}
		for _, element := range value {
			if err := measure(b, element, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		if err := b.Steps(len(value)); err != nil {
			return err
		}
		for key, element := range value {
			if err := b.Bytes(len(key)); err != nil {
				return err
			}
			if err := measure(b, element, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
