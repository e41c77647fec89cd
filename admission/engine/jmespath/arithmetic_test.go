package jmespath

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

func TestArithmetic(t *testing.T) { checkCases(t, "testdata/arithmetic.txt") }

func TestD05HugeOperandsCostNothing(t *testing.T) {
	for _, a := range []string{"1e999", "-1e999", "9e-999", strings.Repeat("9", 64), "1E2000000000", "1e-2000000000"} {
		for _, name := range []string{"add", "subtract", "multiply", "divide", "modulo"} {
			checkBounded(t, name+"(@[0], @[0])", []any{a}, false)
			checkBounded(t, name+"(@[0], `1e308`)", []any{a}, false)
			checkBounded(t, name+"(@[0], `5e-324`)", []any{a}, false)
		}
	}
}

func TestD05ResultsDoNotGrow(t *testing.T) {
	expression := "@"
	for range 20 {
		expression = "multiply(" + expression + ", `1e300`)"
	}
	if got, err := ask(expression, `"1e900"`); err == nil {
		t.Errorf("got %.50s", got)
	}
	values := make([]any, 100_000)
	for i := range values {
		values[i] = "123456789Mi"
	}
	checkBounded(t, "sum(@)", values, false)
}

func FuzzArithmetic(f *testing.F) {
	for _, seed := range [][2]string{{"1Gi", "10m"}, {"1h10m", "-5s"}, {"1e999", "1n"}, {"0", "0s"}, {"-9223372036854775808", "-1"}, {"1E", "5."}, {"2562047h47m16.854775807s", "1ns"}} {
		f.Add(seed[0], seed[1], 2.5)
	}
	f.Fuzz(func(t *testing.T, a, b string, n float64) {
		for _, operation := range []struct {
			name string
			run  operation
		}{{"add", add}, {"subtract", subtract}, {"multiply", multiply}, {"divide", divide}, {"modulo", modulo}} {
			for _, values := range [][2]any{{a, b}, {b, a}, {a, n}, {n, a}} {
				x, y := operand(values[0]), operand(values[1])
				if x == nil || y == nil {
					continue
				}
				result, err := operation.run(operation.name, x, y)
				if err != nil {
					continue
				}
				result, err = resultOf(operation.name, result)
				if err != nil {
					continue
				}
				text, ok := result.(string)
				if !ok || len(text) > 64 {
					continue
				}
				_, quantity := scalar.ParseQuantity(text)
				_, duration := scalar.ParseDuration(text)
				if !quantity && !duration {
					t.Errorf("%s of %v gives %q, which can be read as nothing", operation.name, values, text)
				}
			}
		}
	})
}
