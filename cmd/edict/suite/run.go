package suite

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// Runner runs suites.
type Runner struct {
	// Now is the time of all requests.
	Now time.Time
	// Strict fails every row that passes without an evaluation, or that cannot be judged yet.
	Strict bool
	// Selector leaves out what nobody asked for.
	Selector Selector
	// WarningsAsErrors makes what authors of policies are warned of errors of the suite.
	WarningsAsErrors bool
	// Progress is told after each suite how many are done; nil where nobody wants to know. It may be called from several
	// goroutines.
	Progress func(done int)
}

// Outcome is what came of a suite.
type Outcome struct {
	*Suite
	Rows []Row
	// Errors are what could not be read or run, beside the suite's own errors.
	Errors []error
}

// Run runs the suites side by side. The outcomes are in the order of the suites.
func (r *Runner) Run(ctx context.Context, suites []*Suite) ([]Outcome, error) {
	outcomes := make([]Outcome, len(suites))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(suites)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(suites) && ctx.Err() == nil; i = next.Add(1) - 1 {
				outcomes[i] = r.run(ctx, suites[i])
				if finished := done.Add(1); r.Progress != nil {
					r.Progress(int(finished))
				}
			}
		})
	}
	wait.Wait()
	return outcomes, ctx.Err()
}

// run runs one suite. A panic is the error of that suite, and of no other (C04).
func (r *Runner) run(ctx context.Context, s *Suite) (out Outcome) {
	out = Outcome{Suite: s, Errors: s.Errors}
	defer func() {
		if p := recover(); p != nil {
			out.Rows = nil
			out.Errors = append(out.Errors, fmt.Errorf("%s: internal error: %v", s.File, p))
		}
	}()
	if len(s.Errors) > 0 {
		return out
	}
	l := s.load(ctx, r.Now)
	out.Errors = append(out.Errors, l.errs...)
	if r.WarningsAsErrors {
		out.Errors = append(out.Errors, l.warnings()...)
	}
	if l.session == nil {
		return out
	}
	j, err := l.judge(ctx)
	if err != nil {
		out.Errors = append(out.Errors, err)
		return out
	}
	for i := range s.Results {
		out.Rows = append(out.Rows, r.rows(j, i)...)
	}
	return out
}

// rows are the rows of one expectation.
func (r *Runner) rows(j *judged, index int) []Row {
	expected := &j.Results[index]
	if !r.Selector.expectation(expected) {
		return nil
	}
	rows := r.Selector.rows(j.rows(expected))
	line := 0
	for i := range rows {
		if r.Strict {
			rows[i].strict(j.namesake(expected, rows[i].Resource))
		}
		// To find a line takes reading the suite once more, so it is done for who needs it.
		if rows[i].Status == Failed {
			if line == 0 {
				line, _ = j.document.Position(fmt.Sprintf("results[%d]", index))
			}
			rows[i].Line = line
		}
	}
	return rows
}

// namesake tells of a resource that the expectation does not mean by its kind, while it means another of the same name.
func (j *judged) namesake(r *Result, resource string) bool {
	var self candidate
	for _, c := range j.candidates {
		if c.String() == resource {
			self = c
		}
	}
	if r.Kind == "" || r.Kind == self.kind {
		return false
	}
	for _, c := range j.candidates {
		if c.kind == r.Kind && c.name == self.name {
			return true
		}
	}
	return false
}

// warnings are what authors of the policies are warned of.
func (l *loaded) warnings() []error {
	var errs []error
	for _, p := range l.policies.Valid {
		for _, warning := range p.Warnings {
			errs = append(errs, p.Document.At("", fmt.Errorf("policy %s: %s", p.Object.GetName(), warning)))
		}
	}
	return errs
}

// judge evaluates all that the suite has: every resource once, and once more for each operation that is asked about.
func (l *loaded) judge(ctx context.Context) (*judged, error) {
	j := &judged{loaded: l, answers: map[eval.Operation]map[candidate][]offline.Judgement{}, missing: missingFeatures(l.policies), invalid: map[string][]error{}}
	for _, invalid := range l.policies.Invalid {
		j.invalid[invalid.Name] = append(j.invalid[invalid.Name], invalid.Errors...)
	}
	known := map[candidate]bool{}
	for _, r := range l.resources {
		if c := candidateOf(r); !known[c] {
			known[c] = true
			j.candidates = append(j.candidates, c)
		}
	}
	for i := range l.Results {
		expected := &l.Results[i]
		operation := expected.Operation
		if _, done := j.answers[operation]; done || j.needs(expected.policyName(), expected) != "" {
			continue
		}
		cases := make([]offline.Case, len(l.resources))
		for i, r := range l.resources {
			cases[i] = offline.Case{Resource: r, Operation: operation}
		}
		judgements, err := l.session.Judge(ctx, cases)
		if err != nil {
			return nil, err
		}
		j.answers[operation] = map[candidate][]offline.Judgement{}
		for _, judgement := range judgements {
			c := candidateOf(judgement.Resource)
			j.answers[operation][c] = append(j.answers[operation][c], judgement)
		}
	}
	return j, nil
}
