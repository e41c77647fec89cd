package suite

import (
	"fmt"
	"strings"

	"github.com/edict-dev/edict/cmd/edict/output"
)

// Text writes outcomes for people.
type Text struct {
	// FailOnly leaves out what did not fail, and Detailed adds messages.
	FailOnly, Detailed bool
}

// Write writes a table of rows for each suite, then what failed with what was expected and what was found, and the
// summary.
func (x *Text) Write(t *output.Terminal, outcomes []Outcome) {
	for _, outcome := range outcomes {
		x.suite(t, &outcome)
	}
	writeFailures(t, outcomes)
	x.Summary(t, outcomes)
}

// Summary writes how many rows passed and failed, and before that what else there is to know.
func (x *Text) Summary(t *output.Terminal, outcomes []Outcome) {
	summary := Summarize(outcomes)
	if summary.Unevaluated > 0 {
		fmt.Fprintf(t, "Passed although nothing was evaluated, which --strict fails: %s.\n", count(summary.Unevaluated, "row"))
	}
	for _, feature := range summary.features() {
		fmt.Fprintf(t, "Not judged, since %s is not evaluated yet: %s.\n", feature, count(summary.NotYet[feature], "row"))
	}
	if summary.Broken > 0 {
		fmt.Fprintf(t, "Not read or run in full: %s.\n", count(summary.Broken, "suite"))
	}
	if x.FailOnly {
		fmt.Fprintf(t, "\nTest Summary: %d out of %d tests failed\n", summary.Failed, summary.Passed+summary.Failed)
		return
	}
	fmt.Fprintf(t, "\nTest Summary: %d tests passed and %d tests failed\n", summary.Passed, summary.Failed)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (x *Text) suite(t *output.Terminal, outcome *Outcome) {
	var rows []Row
	for _, row := range outcome.Rows {
		if row.Status == Failed || !x.FailOnly {
			rows = append(rows, row)
		}
	}
	if len(rows)+len(outcome.Errors) == 0 && x.FailOnly {
		return
	}
	fmt.Fprintf(t, "Loading test ( %s ) ...\n", output.Line(outcome.File))
	for _, err := range outcome.Errors {
		t.Colored(output.Red, "  ERROR: ")
		fmt.Fprintln(t, strings.ReplaceAll(err.Error(), "\n", "\n    "))
	}
	for _, hint := range outcome.Hints {
		fmt.Fprintf(t, "  HINT: %s\n", output.Line(hint))
	}
	if len(rows) == 0 {
		return
	}
	head := []string{"ID", "POLICY", "RULE", "RESOURCE", "RESULT", "REASON"}
	if x.Detailed {
		head = append(head, "MESSAGE")
	}
	cells := make([][]string, len(rows))
	for i, row := range rows {
		reason := row.Reason
		if reason == reasonExcluded {
			reason += ": nothing was evaluated"
		}
		cells[i] = []string{fmt.Sprint(i + 1), row.Policy, row.Rule, row.Resource, string(row.Status), reason}
		if x.Detailed {
			cells[i] = append(cells[i], row.Message)
		}
	}
	output.WriteTable(t, head, cells, func(row, column int) (output.Color, bool) {
		if column != 4 {
			return "", false
		}
		return colorOf(&rows[row]), true
	})
	fmt.Fprintln(t)
}

func colorOf(row *Row) output.Color {
	switch {
	case row.Status == Failed:
		return output.Red
	case row.Status == NotYet:
		return output.Gray
	case !row.Evaluated:
		return output.Yellow
	}
	return output.Green
}

// writeFailures shows of each row that failed what was expected and what was found.
func writeFailures(t *output.Terminal, outcomes []Outcome) {
	first := true
	for _, outcome := range outcomes {
		for i := range outcome.Rows {
			row := &outcome.Rows[i]
			if row.Status != Failed {
				continue
			}
			if first {
				first = false
				fmt.Fprintln(t, "Aggregated Failed Test Cases :")
			}
			fmt.Fprintf(t, "%s:%d: policy %s, rule %s, resource %s\n", output.Line(row.File), row.Line, output.Line(row.Policy), output.Line(row.Rule), output.Line(row.Resource))
			t.Colored(output.Green, "  - "+string(row.Want))
			fmt.Fprintln(t)
			t.Colored(output.Red, "  + "+row.found())
			fmt.Fprintf(t, ": %s\n", output.Line(row.Message))
		}
	}
	if !first {
		fmt.Fprintln(t)
	}
}

// found is what there was instead of what a row wanted.
func (row *Row) found() string {
	if row.Got != "" {
		return string(row.Got)
	}
	return strings.ToLower(row.Reason)
}
