package jmespath

import (
	"fmt"
	"math"
	"time"

	"gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

// An operand is a number, or a string that is a quantity or else a duration: "10m" is ten thousandths, "10s" a duration.
// What the functions answer to quantities is a quantity again, in the notation of the first operand.
var arithmeticFunctions = []Function{
	arithmetic("add", add, "Adds two numbers, two quantities or two durations; anything else is an error.",
		Example{Expression: "add(`1`, `2.5`)", Result: "3.5"},
		Example{Expression: "add('512Mi', '1Gi')", Result: `"1536Mi"`},
		Example{Expression: "add('1h30s', '45s')", Result: `"1h1m15s"`}),
	arithmetic("subtract", subtract, "Subtracts a number from a number, a quantity from a quantity or a duration from a duration.",
		Example{Expression: "subtract('1Gi', '1Mi')", Result: `"1023Mi"`}),
	arithmetic("multiply", multiply, "Multiplies two numbers, or a quantity or duration by a number.",
		Example{Expression: "multiply('100m', `15`)", Result: `"1500m"`},
		Example{Expression: "multiply(`2`, '45s')", Result: `"1m30s"`}),
	arithmetic("divide", divide, "Divides two numbers, quantities or durations, which gives a number, or a quantity or duration "+
		"by a number; zero as the divisor is an error.",
		Example{Expression: "divide('1Gi', '256Mi')", Result: "4"},
		Example{Expression: "divide('1Gi', `4`)", Result: `"256Mi"`}),
	arithmetic("modulo", modulo, "Gives the remainder of the division of two whole numbers, quantities or durations; zero as the "+
		"divisor and fractions are errors.",
		Example{Expression: "modulo(`-7`, `3`)", Result: "-1"},
		Example{Expression: "modulo('1h', '7s')", Result: `"2s"`}),
	{
		Name:      "sum",
		Arguments: []Argument{arg("values", Array)},
		Returns:   Any,
		Doc:       "Adds all items of a list, as add does; an empty list is an error.",
		Examples: []Example{
			{Expression: "sum(@)", Data: `[1, 2, 3.5]`, Result: "6.5"},
			{Expression: "sum(@)", Data: `["250m", "1"]`, Result: `"1250m"`},
		},
		call: func(_ *Environment, args []any) (any, error) { return sum(args[0].([]any)) },
	},
	{
		Name:      "round",
		Arguments: []Argument{arg("value", Number), arg("places", Number)},
		Returns:   Number,
		Doc:       "Rounds a number to so many decimal places, halves away from zero; places is a whole number and not negative.",
		Examples: []Example{
			{Expression: "round(`2.345`, `1`)", Result: "2.3"},
			{Expression: "round(`-2.5`, `0`)", Result: "-3"},
		},
		call: func(_ *Environment, args []any) (any, error) { return round(args[0], args[1]) },
	},
}

// operation works on two operands, each a float64, a resource.Quantity or a time.Duration.
type operation func(function string, a, b any) (any, error)

func arithmetic(name string, run operation, doc string, examples ...Example) Function {
	return Function{
		Name:      name,
		Arguments: []Argument{arg("a", Any), arg("b", Any)},
		Returns:   Any,
		Doc:       doc,
		Examples:  examples,
		call: func(_ *Environment, args []any) (any, error) {
			a, b := operand(args[0]), operand(args[1])
			if a == nil || b == nil {
				return nil, fault(name, "invalid operand")
			}
			result, err := run(name, a, b)
			if err != nil {
				return nil, err
			}
			return resultOf(name, result)
		},
	}
}

// operand reads a value as what can be calculated with; nil if it is none.
func operand(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	case string:
		if q, ok := scalar.ParseQuantity(v); ok {
			return q
		}
		if d, ok := scalar.ParseDuration(v); ok {
			return d
		}
	}
	return nil
}

// resultOf turns a result into what expressions know.
func resultOf(function string, result any) (any, error) {
	switch result := result.(type) {
	case float64:
		if math.IsInf(result, 0) || math.IsNaN(result) {
			return nil, outOfRange(function)
		}
		return number(result), nil
	case resource.Quantity:
		text := result.String()
		if !tells(text, result) {
			return nil, outOfRange(function)
		}
		return text, nil
	case time.Duration:
		return result.String(), nil
	}
	return nil, fault(function, "invalid operand")
}

// tells checks that a text is the quantity. There is no suffix beyond E and Ei, and a quantity that would need one is
// written as another number, without any. An exponent may come to more digits than are read.
func tells(text string, q resource.Quantity) bool {
	if q.Format == resource.DecimalExponent {
		_, ok := scalar.ParseQuantity(text)
		return ok
	}
	last := text[len(text)-1]
	if last < '0' || last > '9' {
		return true
	}
	written, ok := new(inf.Dec).SetString(text)
	return ok && written.Cmp(q.AsDec()) == 0
}

func outOfRange(function string) error { return fault(function, "the result is out of range") }

func mismatch(function string) error { return fault(function, "Types mismatch") }

func add(function string, a, b any) (any, error) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return a + b, nil
		}
	case resource.Quantity:
		if b, ok := b.(resource.Quantity); ok {
			a.Add(b)
			return a, nil
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			if sum := a + b; (sum > a) == (b > 0) {
				return sum, nil
			}
			return nil, outOfRange(function)
		}
	}
	return nil, mismatch(function)
}

func subtract(function string, a, b any) (any, error) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return a - b, nil
		}
	case resource.Quantity:
		if b, ok := b.(resource.Quantity); ok {
			a.Sub(b)
			return a, nil
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			if difference := a - b; (difference < a) == (b > 0) {
				return difference, nil
			}
			return nil, outOfRange(function)
		}
	}
	return nil, mismatch(function)
}

func multiply(function string, a, b any) (any, error) {
	if _, ok := a.(float64); ok {
		a, b = b, a
	}
	factor, ok := b.(float64)
	if !ok {
		return nil, mismatch(function)
	}
	switch a := a.(type) {
	case float64:
		return a * factor, nil
	case resource.Quantity:
		by, err := quantity(function, factor)
		if err != nil {
			return nil, err
		}
		product := new(inf.Dec).Mul(a.AsDec(), by.AsDec())
		// No quantity is finer than a billionth: like everywhere else what is finer is rounded away from zero.
		product.Round(product, inf.Scale(-resource.Nano), inf.RoundUp)
		return *resource.NewDecimalQuantity(*product, a.Format), nil
	case time.Duration:
		return seconds(function, a.Seconds()*factor)
	}
	return nil, mismatch(function)
}

func divide(function string, a, b any) (any, error) {
	switch divisor := b.(type) {
	case float64:
		return divideByNumber(function, a, divisor)
	case resource.Quantity:
		if a, ok := a.(resource.Quantity); ok {
			if divisor.IsZero() {
				return nil, zeroDivisor(function)
			}
			return a.AsApproximateFloat64() / divisor.AsApproximateFloat64(), nil
		}
	case time.Duration:
		if a, ok := a.(time.Duration); ok {
			if divisor == 0 {
				return nil, zeroDivisor(function)
			}
			return a.Seconds() / divisor.Seconds(), nil
		}
	}
	return nil, mismatch(function)
}

func divideByNumber(function string, a any, divisor float64) (any, error) {
	if divisor == 0 {
		return nil, zeroDivisor(function)
	}
	switch a := a.(type) {
	case float64:
		return a / divisor, nil
	case resource.Quantity:
		by, err := quantity(function, divisor)
		if err != nil {
			return nil, err
		}
		// The quotient has as many places as the operand with more of them, and is cut there.
		x, y := a.AsDec(), by.AsDec()
		quotient := new(inf.Dec).QuoRound(x, y, max(x.Scale(), y.Scale()), inf.RoundDown)
		return *resource.NewDecimalQuantity(*quotient, a.Format), nil
	case time.Duration:
		return seconds(function, a.Seconds()/divisor)
	}
	return nil, mismatch(function)
}

func zeroDivisor(function string) error { return fault(function, "Zero divisor passed") }

func modulo(function string, a, b any) (any, error) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			x, wholeX := integer(a)
			y, wholeY := integer(b)
			rest, err := remainder(function, x, y, wholeX && wholeY)
			return float64(rest), err
		}
	case resource.Quantity:
		if b, ok := b.(resource.Quantity); ok {
			x, wholeX := wholeQuantity(a)
			y, wholeY := wholeQuantity(b)
			rest, err := remainder(function, x, y, wholeX && wholeY)
			return *resource.NewQuantity(rest, a.Format), err
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			rest, err := remainder(function, int64(a), int64(b), true)
			return time.Duration(rest), err
		}
	}
	return nil, mismatch(function)
}

// wholeQuantity is a quantity as an int64, or tells that it is not whole or too large.
func wholeQuantity(q resource.Quantity) (int64, bool) {
	n := new(inf.Dec).Round(q.AsDec(), 0, inf.RoundExact)
	if n == nil || !n.UnscaledBig().IsInt64() {
		return 0, false
	}
	return n.UnscaledBig().Int64(), true
}

func remainder(function string, a, b int64, whole bool) (int64, error) {
	switch {
	case !whole:
		return 0, fault(function, "Non-integer argument(s) passed for modulo")
	case b == 0:
		return 0, zeroDivisor(function)
	}
	return a % b, nil
}

// quantity is a number as a quantity, to calculate without the error of binary fractions.
func quantity(function string, f float64) (resource.Quantity, error) {
	q, ok := scalar.ParseQuantity(fmt.Sprint(f))
	if !ok {
		return resource.Quantity{}, outOfRange(function)
	}
	return q, nil
}

// seconds is a duration of so many seconds.
func seconds(function string, s float64) (any, error) {
	nanoseconds := s * float64(time.Second)
	if !(math.Abs(nanoseconds) < -math.MinInt64) {
		return nil, outOfRange(function)
	}
	return time.Duration(nanoseconds), nil
}

func sum(values []any) (any, error) {
	switch len(values) {
	case 0:
		return nil, fault("sum", "at least one element in the array is required")
	case 1:
		return values[0], nil
	}
	total := operand(values[0])
	for _, v := range values[1:] {
		next := operand(v)
		if total == nil || next == nil {
			return nil, fault("sum", "invalid operand")
		}
		added, err := add("sum", total, next)
		if err != nil {
			return nil, err
		}
		if q, ok := added.(resource.Quantity); ok {
			added = asWritten(q)
		}
		total = added
	}
	return resultOf("sum", total)
}

// asWritten is the quantity in the notation in which it would be read again: one that no binary suffix fits is decimal.
func asWritten(q resource.Quantity) resource.Quantity {
	if q.Format != resource.BinarySI {
		return q
	}
	n, ok := q.AsInt64()
	if !ok {
		n, ok = wholeQuantity(q)
	}
	if ok && n%1024 == 0 && n != 0 {
		return q
	}
	q.Format = resource.DecimalSI
	return q
}

func round(v, places any) (any, error) {
	digits, ok := integer(places)
	if !ok {
		return nil, fault("round", "Non-integer argument(s) passed for round off")
	}
	if digits < 0 {
		return nil, fault("round", "argument #2 is out of bounds (%d): it must not be negative", digits)
	}
	f, _ := float(v)
	shift := math.Pow(10, float64(digits))
	rounded := math.Round(f*shift) / shift
	if math.IsInf(rounded, 0) || math.IsNaN(rounded) {
		// There are no digits so far behind the point.
		return v, nil
	}
	return number(rounded), nil
}
