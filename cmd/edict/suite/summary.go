package suite

import (
	"maps"
	"slices"
)

// Summary counts what came of suites.
type Summary struct {
	// Passed, with those that passed without an evaluation and those of policies that are not in order, and Failed.
	Passed, Failed int
	// Unevaluated are those among Passed for which no rule gave an answer.
	Unevaluated int
	// NotYet counts by feature the rows that need what is not evaluated yet; they are in none of the others.
	NotYet map[string]int
	// Broken are the suites of which something could not be read or run.
	Broken int
}

// Summarize counts.
func Summarize(outcomes []Outcome) Summary {
	s := Summary{NotYet: map[string]int{}}
	for _, outcome := range outcomes {
		if len(outcome.Errors) > 0 {
			s.Broken++
		}
		for _, row := range outcome.Rows {
			s.add(&row)
		}
	}
	return s
}

func (s *Summary) add(row *Row) {
	switch row.Status {
	case Failed:
		s.Failed++
	case NotYet:
		s.NotYet[row.Needs]++
	default:
		s.Passed++
		if !row.Evaluated {
			s.Unevaluated++
		}
	}
}

// OK tells that nothing failed and everything could be read and run.
func (s *Summary) OK() bool { return s.Failed == 0 && s.Broken == 0 }

func (s *Summary) features() []string { return slices.Sorted(maps.Keys(s.NotYet)) }
