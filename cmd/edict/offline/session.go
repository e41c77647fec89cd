package offline

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// Lookup is what a Session looks things up in, for a resource by its name.
type Lookup interface {
	For(resource string) eval.Lookup
}

// Session is what resources are judged by.
type Session struct {
	Policies []*Policy
	// Exceptions are nil where there are none.
	Exceptions *engine.Exceptions
	Lookup     Lookup
	Kinds      *Kinds
	// Values say which kinds are subresources; what stands for variables is in Lookup.
	Values *ValuesSpec
	// User is nil where nobody in particular asks.
	User *eval.User
	Now  time.Time
	Seed uint64
	// Strict leaves what cannot be known here the error that it is.
	Strict bool
	// Progress is told after each case how many are done; nil where nobody wants to know. It may be called from several
	// goroutines.
	Progress func(done int)
}

// Case is a resource and what is done to it.
type Case struct {
	Resource *Resource
	// Operation is empty for what the values say.
	Operation eval.Operation
}

// Judgement is the answer of one rule to one case.
type Judgement struct {
	Policy   *Policy
	Resource *Resource
	// Operation is the one that was judged.
	Operation eval.Operation
	eval.Decision
	// Unknown tells that the rule could not be judged here; the message says what is missing and how to give it.
	Unknown bool
}

// Judge puts every case to every policy. The judgements are in the order of the cases, then of the policies, then of
// their rules, however many run side by side.
func (s *Session) Judge(ctx context.Context, cases []Case) ([]Judgement, error) {
	found := make([][]Judgement, len(cases))
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(cases)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(cases) && ctx.Err() == nil; i = next.Add(1) - 1 {
				found[i] = s.judge(cases[i])
				if finished := done.Add(1); s.Progress != nil {
					s.Progress(int(finished))
				}
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var all []Judgement
	for _, judgements := range found {
		all = append(all, judgements...)
	}
	return all, nil
}

func (s *Session) judge(c Case) []Judgement {
	lookup := s.Lookup.For(c.Resource.Name)
	var judgements []Judgement
	for _, policy := range s.Policies {
		request, err := s.Request(c, policy.Program.Ref())
		if err != nil {
			judgements = append(judgements, Judgement{Policy: policy, Resource: c.Resource, Decision: refused(policy, err)})
			continue
		}
		for _, decision := range engine.Evaluate(engine.Input{
			Programs: []*engine.Program{policy.Program}, Exceptions: s.Exceptions, Request: request, Lookup: lookup,
		}) {
			j := Judgement{Policy: policy, Resource: c.Resource, Operation: request.Operation, Decision: decision}
			s.explain(&j)
			judgements = append(judgements, j)
		}
	}
	return judgements
}

// refused is the decision where no request could be made.
func refused(policy *Policy, err error) eval.Decision {
	return eval.Decision{Policy: policy.Program.Ref(), Result: eval.Error, Message: err.Error(), Action: eval.Enforce, Scored: true}
}

// explain turns an error that comes of where we are into a skip that says what is missing.
func (s *Session) explain(j *Judgement) {
	if j.Result != eval.Error {
		return
	}
	if what, ok := j.Policy.unsupportedRule(j.Rule); ok {
		j.Unknown, j.Message = true, what
	} else if j.Unavailable != nil {
		j.Unknown, j.Message = true, j.Unavailable.Error()
	}
	if j.Unknown && !s.Strict {
		j.Result = eval.Skip
	}
}
