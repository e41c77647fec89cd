package condition

import (
	"maps"
	"slices"
	"strings"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/variable"
)

// check is an operator with its value: everything of a comparison but the key.
type check interface {
	// holds tells whether the comparison holds for a key. The scope bounds the work.
	holds(s *variable.Scope, key any) (bool, error)
}

// operator makes a check of a value.
type operator struct {
	name v1.ConditionOperator
	with func(value any) (check, error)
	// exact tells that the operator holds only in its own spelling; of others upper and lower case are the same.
	exact bool
}

// operators are all there are, by their names in lower case.
var operators = index(
	operator{name: v1.Equals, with: newEquality(false)},
	operator{name: v1.Equal, with: newEquality(false)},
	operator{name: v1.NotEquals, with: newEquality(true)},
	operator{name: v1.NotEqual, with: newEquality(true)},
	operator{name: v1.AnyIn, with: newMembership(anyIn)},
	operator{name: v1.AllIn, with: newMembership(allIn)},
	operator{name: v1.AnyNotIn, with: newMembership(anyNotIn)},
	operator{name: v1.AllNotIn, with: newMembership(allNotIn)},
	operator{name: v1.In, with: newOlderMembership(false)},
	operator{name: v1.NotIn, with: newOlderMembership(true)},
	operator{name: v1.GreaterThan, with: newOrder(greater), exact: true},
	operator{name: v1.GreaterThanOrEquals, with: newOrder(greaterOrEqual), exact: true},
	operator{name: v1.LessThan, with: newOrder(less), exact: true},
	operator{name: v1.LessThanOrEquals, with: newOrder(lessOrEqual), exact: true},
	operator{name: v1.DurationGreaterThan, with: newDurationOrder(greater), exact: true},
	operator{name: v1.DurationGreaterThanOrEquals, with: newDurationOrder(greaterOrEqual), exact: true},
	operator{name: v1.DurationLessThan, with: newDurationOrder(less), exact: true},
	operator{name: v1.DurationLessThanOrEquals, with: newDurationOrder(lessOrEqual), exact: true},
)

func index(list ...operator) map[string]operator {
	out := make(map[string]operator, len(list))
	for _, o := range list {
		out[strings.ToLower(string(o.name))] = o
	}
	return out
}

// operatorNames are the names in a fixed order.
func operatorNames() []v1.ConditionOperator {
	names := make([]v1.ConditionOperator, 0, len(operators))
	for _, o := range operators {
		names = append(names, o.name)
	}
	return slices.Sorted(slices.Values(names))
}

// lookUp returns the operator of a name. Where case matters, another spelling is an operator that never holds.
func lookUp(name v1.ConditionOperator) (operator, bool) {
	o, ok := operators[strings.ToLower(string(name))]
	if ok && o.exact && o.name != name {
		o.with = func(any) (check, error) { return never{}, nil }
	}
	return o, ok
}

// never is a check that holds for no key.
type never struct{}

func (never) holds(*variable.Scope, any) (bool, error) { return false, nil }

// equal tells whether two values are the same. Numbers are the same whatever their type.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case int64, float64:
		return equalNumbers(a, b)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

func equalNumbers(a, b any) bool {
	m, isInt := a.(int64)
	n, areInts := b.(int64)
	if isInt && areInts {
		return m == n
	}
	x, _ := number(a)
	y, ok := number(b)
	return ok && x == y
}

// number returns a number of either type as a float.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}
