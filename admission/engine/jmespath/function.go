package jmespath

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Environment is what functions know beyond their arguments. It serves one evaluation and is not safe for concurrent
// use.
type Environment struct {
	// Now is the time that time_now and its like return.
	Now time.Time
	// Rand feeds the function random.
	Rand *rand.Rand
	// Resolve returns the addresses of a host, for is_external_url; nil where there is nobody to ask.
	Resolve func(host string) ([]string, error)
	// Budget bounds the bytes and the steps of all evaluations that share it.
	Budget *Budget
}

// Type is a type that an argument may have.
type Type string

const (
	Any        Type = "any"
	Number     Type = "number"
	String     Type = "string"
	Boolean    Type = "boolean"
	Array      Type = "array"
	Object     Type = "object"
	Null       Type = "null"
	Strings    Type = "array[string]"
	Numbers    Type = "array[number]"
	Expression Type = "expression"
)

// Argument is one argument of a function: the types of which its value must have one.
type Argument struct {
	Name  string
	Types []Type
	// Variadic, for the last one only, stands for one or more values.
	Variadic bool
}

// Function is a function that expressions may call.
type Function struct {
	Name      string
	Arguments []Argument
	Returns   Type
	// Doc says in a sentence what it does, and what is an error.
	Doc      string
	Examples []Example
	// call is given arguments that have the types asked for: numbers as int64 or float64, expressions as
	// func(any) (any, error). It returns decoded JSON, with one exception: compare returns an int, which is no number
	// to the rest of the expression and becomes an int64 when it is the result of the whole.
	call caller
	// prepare, where it is set, is called once for each call in an expression when that is compiled. constants are the
	// values of the arguments that are literals, and nil for the others. It returns what is called in place of call,
	// or nil when knowing the constants spares nothing; an error refuses the expression.
	prepare func(constants []any) (caller, error)
}

// caller is the code of a function.
type caller func(env *Environment, args []any) (any, error)

// Example shows a call. Tests run every one of them.
type Example struct {
	Expression string
	// Data is the JSON that the expression is applied to; empty for null.
	Data string
	// Result is the JSON of the result.
	Result string
}

// arg is an argument that may have any of some types.
func arg(name string, types ...Type) Argument { return Argument{Name: name, Types: types} }

// fault is an error of a function, in the form in which rules report it.
func fault(function, format string, details ...any) error {
	return fmt.Errorf("JMESPath function '"+function+"': "+format, details...)
}

// truncated is a number without its fraction. One that is too large for an int becomes the largest or the smallest.
func truncated(v any) int {
	if n, ok := v.(int64); ok {
		return int(n)
	}
	switch f, _ := float(v); {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int(f)
	}
}

// integer is a number as an int64, or tells that it is not whole or too large.
func integer(v any) (int64, bool) {
	if n, ok := v.(int64); ok {
		return n, true
	}
	f, _ := float(v)
	// 2^63 is a float64, the largest int64 is not.
	if f != math.Trunc(f) || f < math.MinInt64 || f >= -math.MinInt64 {
		return 0, false
	}
	return int64(f), true
}

// digits is the text of a string or a number. Numbers are written without an exponent and in single precision, for that
// is what policies have been written against: 123456789 is "123456790".
func digits(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	f, _ := float(v)
	return strconv.FormatFloat(f, 'f', -1, 32)
}
