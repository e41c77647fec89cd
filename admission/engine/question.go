package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/compile"
	"github.com/edict-dev/edict/admission/engine/demand"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/exception"
	"github.com/edict-dev/edict/admission/engine/imageref"
	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// question is one request put to one policy.
type question struct {
	*Input
	program *compile.Program
}

// The stages of a rule, as errors name them.
const (
	stageConditions = "matchConditions"
	stageMatch      = "match"
	stageDemand     = "validate"
	stageAction     = "failureAction"
)

// errOver is the error of rules whose turn came too late.
var errOver = errors.New("the time for an answer was over before the rule could be asked")

// budgets are for rules without variables; the scope of those with some has its own.
var budgets = sync.Pool{New: func() any { return new(jmespath.Budget) }}

// concerned asks the policy's own match conditions. With an error it is concerned, and each rule that matches answers
// with it.
func (q *question) concerned() (concerned bool, err error) {
	if q.program.Conditions == nil {
		return true, nil
	}
	defer func() {
		if r := recover(); r != nil {
			concerned, err = true, fmt.Errorf("internal error: %v", r)
		}
	}()
	met, err := q.program.Conditions.Evaluate(q.Request, q.Lookup)
	return met || err != nil, err
}

// evaluate asks one rule; ok is false when it does not concern the request. A panic in any stage is that rule's error
// and nobody else's.
func (q *question) evaluate(rule *compile.Rule, conditions error) (d eval.Decision, ok bool) {
	stage := stageMatch
	defer func() {
		if r := recover(); r != nil {
			d, ok = q.broken(rule, stage, fmt.Errorf("internal error: %v", r)), true
		}
	}()
	if !rule.Judges(q.Request.Named().Kind) {
		return eval.Decision{}, false
	}
	if rule.Matcher != nil {
		matched, err := rule.Matcher.Match(q.Request, q.Lookup)
		if err != nil {
			return q.broken(rule, stage, err), true
		}
		if !matched {
			return eval.Decision{}, false
		}
	}
	if conditions != nil {
		return q.broken(rule, stageConditions, conditions), true
	}
	if q.Over != nil && q.Over() {
		return q.broken(rule, stage, errOver), true
	}
	if rule.Broken != "" {
		d = q.decision(rule)
		d.Action, _ = rule.Action.For(q.Request, q.Lookup)
		d.Result, d.Message = eval.Error, rule.Broken
		return d, true
	}
	stage = stageDemand
	d, ok = q.judge(rule)
	if !ok {
		return eval.Decision{}, false
	}
	stage = stageAction
	action, err := rule.Action.For(q.Request, q.Lookup)
	d.Action = action
	if d.Result == eval.Fail && err != nil {
		return q.broken(rule, stage, fmt.Errorf("%s; whether it is enforced cannot be told: %w", d.Message, err)), true
	}
	return d, true
}

// judge asks a rule that concerns the request.
func (q *question) judge(rule *compile.Rule) (eval.Decision, bool) {
	exceptions := q.Exceptions.For(q.program.Policy, rule.Name)
	var scope *variable.Scope
	if len(exceptions) > 0 || !rule.Static() {
		scope = q.scope(rule, q.Request)
	}
	asked := demand.Question{Request: q.Request, Lookup: q.Lookup, Scope: scope}
	if scope != nil {
		asked.Budget = scope.Budget()
	} else {
		asked.Budget = budgets.Get().(*jmespath.Budget)
		defer budgets.Put(asked.Budget)
		*asked.Budget = *jmespath.NewBudget(0, variable.MaxSteps)
	}
	v, excepted, ok := q.verdict(rule, exceptions, asked)
	if ok && v.Result == eval.Fail && rule.ToleratesExisting && q.Request.Operation == eval.Update {
		v = q.tolerated(rule, exceptions, asked, v)
	}
	if v.Result == eval.Error && q.Request.Confidential() {
		v.Message = withhold(v.Message, q.Request)
	}
	d := q.decision(rule)
	d.Result, d.Message, d.Unavailable, d.Exceptions = v.Result, v.Message, v.Unavailable, excepted
	d.Properties = merged(rule.Properties.In(scope), v.Properties)
	return d, ok
}

// verdict asks preconditions, then exceptions, then what the rule demands. It returns the exceptions that were made.
func (q *question) verdict(rule *compile.Rule, exceptions []*exception.Exception, asked demand.Question) (v demand.Verdict, excepted []string, ok bool) {
	met, said, err := rule.Preconditions.Evaluate(asked.Scope)
	switch {
	case err != nil:
		return demand.Failed("failed to evaluate preconditions", err), nil, true
	case !met:
		return demand.Verdict{Result: eval.Skip, Message: strings.Join(append([]string{"preconditions not met"}, said...), "; ")}, nil, true
	case len(exceptions) == 0:
		v, ok = rule.Demand.Judge(asked)
		return v, nil, ok
	}
	return except(rule, exceptions, asked)
}

// tolerated is the verdict on an update that a rule fails: what was wrong before and still is may stay, and anything
// else is a failure as always. So an old fault does not cover a new one, nor does one that cannot be told.
func (q *question) tolerated(rule *compile.Rule, exceptions []*exception.Exception, now demand.Question, failed demand.Verdict) demand.Verdict {
	created := *q.Request
	created.Operation, created.Object, created.OldObject = eval.Create, q.Request.OldObject, nil
	// What was there is an object, and no request on a subresource.
	created.Subresource, created.Parent = "", schema.GroupVersionKind{}
	matched, err := rule.Matcher.Match(&created, q.Lookup)
	if err != nil || !matched {
		return failed
	}
	before := demand.Question{Request: &created, Lookup: q.Lookup, Budget: jmespath.NewBudget(0, variable.MaxSteps)}
	if now.Scope != nil {
		before.Scope = q.scope(rule, &created)
		before.Budget = before.Scope.Budget()
	}
	if v, _, ok := q.verdict(rule, exceptions, before); !ok || v.Result != eval.Fail {
		return failed
	}
	old, oldComplete := rule.Demand.Violations(before)
	found, complete := rule.Demand.Violations(now)
	if !oldComplete || !complete {
		return failed
	}
	known := map[string]bool{}
	for _, violation := range old {
		known[violation] = true
	}
	for _, violation := range found {
		if !known[violation] {
			return failed
		}
	}
	return demand.Verdict{Result: eval.Skip, Message: "skipping the rule evaluation as pre-existing violations are allowed"}
}

func (q *question) scope(rule *compile.Rule, req *eval.Request) *variable.Scope {
	return variable.NewScope(variable.Config{
		Request: req, Lookup: q.Lookup, Policy: q.program.Policy, Rule: rule.Name, Context: rule.Context,
		Images: func() (map[string]any, error) { return imageref.Extract(req.Subject(), req.Kind, rule.Images) },
	})
}

// broken is the decision of a rule that could not be evaluated. Its action is Enforce, since it cannot be told for
// sure that it is not.
func (q *question) broken(rule *compile.Rule, stage string, err error) eval.Decision {
	d := q.decision(rule)
	d.Action = eval.Enforce
	d.Result = eval.Error
	d.Message = fmt.Sprintf("rule %s: %s: %v", rule.Name, stage, err)
	errors.As(err, &d.Unavailable)
	return d
}

// decision is what all decisions of a rule have in common.
func (q *question) decision(rule *compile.Rule) eval.Decision {
	p := q.program
	return eval.Decision{
		Policy: p.Policy, Rule: rule.Name, FailClosed: p.FailClosed, Background: p.Background, EmitWarning: p.EmitWarning,
		Severity: p.Severity, Category: p.Category, Scored: p.Scored,
	}
}

// merged is the properties of a rule and those of its verdict.
func merged(own, verdict map[string]string) map[string]string {
	if len(verdict) == 0 {
		return own
	}
	out := make(map[string]string, len(own)+len(verdict))
	for _, properties := range []map[string]string{own, verdict} {
		for key, value := range properties {
			out[key] = value
		}
	}
	return out
}
