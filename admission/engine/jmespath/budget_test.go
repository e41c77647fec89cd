package jmespath

import (
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
)

func TestBudget(t *testing.T) {
	b := NewBudget(10, 5)
	for _, test := range []struct {
		take func(int) error
		n    int
		ok   bool
	}{
		{b.Bytes, 4, true}, {b.Bytes, 6, true}, {b.Bytes, 0, true}, {b.Bytes, 1, false}, {b.Bytes, 0, false},
		{b.Steps, 5, true}, {b.Steps, -1, false}, {b.Steps, 0, false},
	} {
		if err := test.take(test.n); (err == nil) != test.ok || err != nil && !errors.Is(err, ErrBudget) {
			t.Errorf("%d: %v, granted: %v", test.n, err, test.ok)
		}
	}
	if err := NewBudget(10, 10).Bytes(math.MinInt); !errors.Is(err, ErrBudget) {
		t.Errorf("a size that overflowed: %v", err)
	}
	var none *Budget
	if err := errors.Join(none.Bytes(1<<40), none.Steps(1<<40)); err != nil {
		t.Errorf("no budget: %v", err)
	}
}

// K15 variables that each join the one before twice end in an error long before memory does.
func TestChainedJoins(t *testing.T) {
	expr, err := Compile("join('', [@, @])")
	if err != nil {
		t.Fatal(err)
	}
	env := &Environment{Budget: NewBudget(4<<20, 1<<20)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var value any = strings.Repeat("x", 1024)
	rounds := 0
	for ; err == nil && rounds < 40; rounds++ {
		value, err = expr.Evaluate(value, env)
	}
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrBudget) || rounds > 12 {
		t.Errorf("%v after %d rounds", err, rounds)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes were used", used)
	}
}

// TestBudgetStops gives an evaluation what would take more time or memory than there is.
func TestBudgetStops(t *testing.T) {
	list := "[" + strings.Repeat("1,", 4999) + "1]"
	for name, expression := range map[string]string{
		"nested lists that double":       "@" + strings.Repeat(" | [@, @]", 60),
		"the same written out":           "@" + strings.Repeat(" | [@, @]", 60) + " | to_string(@)",
		"the same compared":              "[@" + strings.Repeat(" | [@, @]", 60) + ", @" + strings.Repeat(" | [@, @]", 60) + "] | [0] == [1]",
		"the same sought":                "@" + strings.Repeat(" | [@, @]", 60) + " | contains(@, @[0])",
		"objects that double":            "@" + strings.Repeat(" | {a: @, b: @}", 60),
		"flattened lists that double":    "@" + strings.Repeat(" | [@, @][]", 40),
		"strings that double":            "'x'" + strings.Repeat(" | join('', [@, @])", 60),
		"loops in loops":                 "[@, @][].[@][?contains([@], `2`)] || @ | map(&length(to_string([@,@,@,@])), @) | [?sort([@, @])]" + strings.Repeat(" | [[@, @][], @][]", 12),
		"a loop over long strings":       "to_string(@) | [@" + strings.Repeat(",@", 200) + "] | map(&[contains(@, 'y'), contains(@, 'y'), contains(@, 'y')], @)" + strings.Repeat(" | [@, @][]", 20),
		"a budget spent is not forgiven": "(@" + strings.Repeat(" | [@, @][]", 40) + ")[] || 'harmless'",
		"nor by a filter":                "to_array(to_string(@" + strings.Repeat(" | [@, @]", 60) + "))[?a] || 'harmless'",
		"nor by a negation":              "!to_string(@" + strings.Repeat(" | [@, @]", 60) + ")",
		"nor in an argument":             "not_null(to_string(@" + strings.Repeat(" | [@, @]", 60) + "), 'harmless')",
		"nor in a sort":                  "sort_by([@, @], &to_string(@" + strings.Repeat(" | [@, @]", 60) + "))[] || 'harmless'",
	} {
		expr, err := Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		result, err := expr.Evaluate(decode(t, list), &Environment{Budget: NewBudget(16<<20, 1<<19)})
		if !errors.Is(err, ErrBudget) || result != nil {
			t.Errorf("%s: %T %v", name, result, err)
		}
	}
}

// TestResultDepth shows that what an expression builds is not handed on when it nests too deeply to be written out.
func TestResultDepth(t *testing.T) {
	for rounds, refused := range map[int]bool{400: false, 900: true} {
		expr, err := Compile("@" + strings.Repeat(" | [@]", rounds))
		if err != nil {
			t.Fatal(err)
		}
		data := decode(t, strings.Repeat("[", 500)+strings.Repeat("]", 500))
		if _, err := expr.Evaluate(data, nil); errors.Is(err, ErrBudget) != refused {
			t.Errorf("%d rounds: %v, refused: %v", rounds, err, refused)
		}
	}
}
