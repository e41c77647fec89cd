package output

import (
	"fmt"
	"strings"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

const rule = "----------------------------------------------------------------------"

// Heading is the line before everything else that people read.
func (r *Run) Heading(t *Terminal) {
	exceptions := ""
	if r.Exceptions > 0 {
		exceptions = fmt.Sprintf(" with %d exception(s)", r.Exceptions)
	}
	fmt.Fprintf(t, "\nApplying %d policy rule(s) to %d resource(s)%s...\n", r.Rules, r.Resources, exceptions)
}

// Text shows failures, errors and what could not be judged here, a block for each policy and resource, and the summary.
// With Detailed it also shows why rules were skipped.
func (r *Run) Text(t *Terminal) {
	r.problems(t)
	for start := 0; start < len(r.Judgements); {
		end := start + 1
		for end < len(r.Judgements) && r.Judgements[end].Policy == r.Judgements[start].Policy && r.Judgements[end].Resource == r.Judgements[start].Resource {
			end++
		}
		r.blocks(t, r.Judgements[start:end])
		start = end
	}
	r.Totals(t)
}

// Totals are the last line.
func (r *Run) Totals(t *Terminal) {
	s := r.Summary()
	fmt.Fprintf(t, "\npass: %d, fail: %d, warn: %d, error: %d, skip: %d \n", s.Pass, s.Fail, s.Warn, s.Error, s.Skip)
}

// problems lists the policies that were not evaluated, since they are not in order.
func (r *Run) problems(t *Terminal) {
	if len(r.Invalid) == 0 {
		return
	}
	fmt.Fprintf(t, "%s\nPolicies Skipped:\n", rule)
	for i, invalid := range r.Invalid {
		fmt.Fprintf(t, "%d. %s:", i+1, Line(invalid.Name))
		if len(invalid.Errors) == 1 {
			fmt.Fprintf(t, " %s\n", Line(invalid.Errors[0].Error()))
			continue
		}
		fmt.Fprintln(t)
		for _, err := range invalid.Errors {
			fmt.Fprintf(t, "   %s\n", Line(err.Error()))
		}
	}
	fmt.Fprintln(t, rule)
}

// blocks shows the judgements of one policy on one resource, by result.
func (r *Run) blocks(t *Terminal, judgements []offline.Judgement) {
	for _, kind := range []struct {
		said  string
		color Color
		holds func(*offline.Judgement) bool
	}{
		{"failed", Red, func(j *offline.Judgement) bool {
			return j.Result == eval.Fail && (!r.AuditWarn || j.Action != eval.Audit)
		}},
		{"failed as audit warning", Yellow, func(j *offline.Judgement) bool { return j.Result == eval.Fail && r.AuditWarn && j.Action == eval.Audit }},
		{"ended in an error", Red, func(j *offline.Judgement) bool { return j.Result == eval.Error }},
		{"skipped", Gray, func(j *offline.Judgement) bool { return j.Result == eval.Skip && (j.Unknown || r.Detailed) }},
	} {
		number := 0
		for i := range judgements {
			j := &judgements[i]
			if !kind.holds(j) {
				continue
			}
			if number++; number == 1 {
				fmt.Fprintf(t, "policy %s -> resource %s ", Line(j.Decision.Policy.String()), Line(j.Resource.String()))
				t.Colored(kind.color, kind.said)
				fmt.Fprintln(t, ":")
			}
			fmt.Fprintf(t, "%d - %s %s\n", number, Line(j.Rule), strings.TrimSpace(Line(j.Message)))
		}
	}
}

// Table shows every judgement in a row, and the summary.
func (r *Run) Table(t *Terminal) {
	r.problems(t)
	head := []string{"ID", "POLICY", "RULE", "RESOURCE", "RESULT", "REASON"}
	if r.Detailed {
		head = append(head, "MESSAGE")
	}
	rows := make([][]string, len(r.Judgements))
	for i := range r.Judgements {
		j := &r.Judgements[i]
		reason := ""
		if j.Unknown {
			reason = "Not judged"
		}
		result := string(r.Result(j))
		rows[i] = []string{
			fmt.Sprint(i + 1), j.Decision.Policy.String(), j.Rule, j.Resource.String(),
			strings.ToUpper(result[:1]) + result[1:], reason,
		}
		if r.Detailed {
			rows[i] = append(rows[i], j.Message)
		}
	}
	WriteTable(t, head, rows, func(row, column int) (Color, bool) {
		if column != 4 {
			return "", false
		}
		return colorOf(r.Result(&r.Judgements[row])), true
	})
	r.Totals(t)
}

func colorOf(result eval.Result) Color {
	switch result {
	case eval.Pass:
		return Green
	case eval.Fail, eval.Error:
		return Red
	case eval.Warn:
		return Yellow
	default:
		return Gray
	}
}
