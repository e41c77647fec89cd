// Package engine judges requests by policies: a policy is compiled once into a Program, and any number of Programs
// answer a request with Decisions. It is the only evaluator there is: admission, scans, evaluation endpoints and the
// command line all call it, and only it and package eval may be imported from outside.
//
// It is pure: no network, files, clock or globals. What a request does not hold is asked of an eval.Lookup, and the same
// request, programs and answers give the same decisions.
package engine

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/compile"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// Program is a compiled policy. It is immutable, and safe for concurrent use.
type Program struct {
	compiled *compile.Program
}

// Compile compiles a policy. The Program is always usable: a rule with an error answers eval.Error to every request
// that it matches, or to every request when what it matches is itself at fault, and the other rules are evaluated as
// usual. So a server refuses a policy with errors, while a policy that is stored already loses no more than it must.
func Compile(policy v1.Object) (*Program, field.ErrorList) {
	compiled, errs := compile.New(policy)
	return &Program{compiled: compiled}, errs
}

// Warnings tell the author what the policy, though it is in order, does not do.
func (p *Program) Warnings() []string { return slices.Clone(p.compiled.Warnings) }

// Ref names the policy.
func (p *Program) Ref() eval.PolicyRef { return p.compiled.Policy }

// FailClosed tells that a request is refused when the policy cannot be evaluated.
func (p *Program) FailClosed() bool { return p.compiled.FailClosed }

// WebhookTimeoutSeconds is how long the API server is to wait for an answer; 0 when the policy does not say.
func (p *Program) WebhookTimeoutSeconds() int32 { return p.compiled.TimeoutSeconds }

// Admission tells that the policy is evaluated for admission requests.
func (p *Program) Admission() bool { return p.compiled.Admission }

// Background tells that the policy is evaluated in scans.
func (p *Program) Background() bool { return p.compiled.Background }

// Target says which requests a rule asks for. Group, Version, Kind and Subresource may hold the wildcards * and ?;
// Subresource is empty for the object itself. Whoever targets Pods also gets pods/ephemeralcontainers.
type Target struct {
	Group, Version, Kind, Subresource string
	// Operations are never empty.
	Operations []eval.Operation
	// Namespace is the only one that the policy concerns, or empty for all and for cluster-scoped objects.
	Namespace string
}

// Targets says what must be sent to the policy so that each of its rules can answer. A rule whose match does not
// compile has none: what it concerns is not known.
func (p *Program) Targets() []Target {
	var targets []Target
	for i := range p.compiled.Rules {
		rule := &p.compiled.Rules[i]
		if rule.Matcher == nil {
			continue
		}
		for _, t := range rule.Matcher.Targets() {
			targets = append(targets, Target{
				Group: t.Group, Version: t.Version, Kind: t.Kind, Subresource: t.Subresource,
				Operations: t.Operations,
				Namespace:  p.compiled.Policy.Namespace,
			})
		}
	}
	return targets
}

// Concerns tells whether a request for a kind could match a rule of the policy. It is cheap, and never wrong when it
// says no.
func (p *Program) Concerns(gvk schema.GroupVersionKind, subresource string) bool {
	return slices.ContainsFunc(p.compiled.Rules, func(r compile.Rule) bool {
		return r.Matcher == nil || r.Matcher.Concerns(gvk, subresource)
	})
}

// Evaluate asks each Program in turn, and of each the rules in their order. Rules that do not concern the request give
// no Decision.
func Evaluate(programs []*Program, req *eval.Request, lookup eval.Lookup) []eval.Decision {
	var decisions []eval.Decision
	for _, p := range programs {
		for i := range p.compiled.Rules {
			d, ok := p.evaluate(&p.compiled.Rules[i], req, lookup)
			if !ok {
				continue
			}
			decisions = append(decisions, d)
			if p.compiled.ApplyOne && (d.Result == eval.Pass || d.Result == eval.Fail) {
				break
			}
		}
	}
	return decisions
}

// The stages of a rule, as errors name them.
const (
	stageMatch  = "match"
	stageCheck  = "pattern"
	stageAction = "failureAction"
)

// evaluate asks one rule; ok is false when it does not concern the request. A panic in any stage is that rule's error
// and nobody else's.
func (p *Program) evaluate(rule *compile.Rule, req *eval.Request, lookup eval.Lookup) (d eval.Decision, ok bool) {
	// A pattern has nothing to say about what goes away.
	if rule.PatternOnly && req.Operation == eval.Delete {
		return eval.Decision{}, false
	}
	stage := stageMatch
	defer func() {
		if r := recover(); r != nil {
			d, ok = p.failed(rule, stage, fmt.Errorf("internal error: %v", r)), true
		}
	}()
	if rule.Matcher != nil {
		matched, err := rule.Matcher.Match(req, lookup)
		if err != nil {
			return p.failed(rule, stage, err), true
		}
		if !matched {
			return eval.Decision{}, false
		}
	}
	d = p.decision(rule)
	stage = stageAction
	action, actionErr := rule.Action.For(req, lookup)
	d.Action = action

	stage = stageCheck
	if rule.Broken != "" {
		d.Result, d.Message = eval.Error, rule.Broken
		return d, true
	}
	d.Result, d.Message = rule.Check.Evaluate(req.Subject())
	if d.Result == eval.Fail && actionErr != nil {
		return p.failed(rule, stageAction, fmt.Errorf("%s; whether it is enforced cannot be told: %w", d.Message, actionErr)), true
	}
	return d, true
}

// failed is the decision of a rule that could not be evaluated. Its action is Enforce, since it cannot be told for
// sure that it is not.
func (p *Program) failed(rule *compile.Rule, stage string, err error) eval.Decision {
	d := p.decision(rule)
	d.Action = eval.Enforce
	d.Result = eval.Error
	d.Message = fmt.Sprintf("rule %s: %s: %v", rule.Name, stage, err)
	return d
}

// decision is what all decisions of a rule have in common.
func (p *Program) decision(rule *compile.Rule) eval.Decision {
	c := p.compiled
	return eval.Decision{
		Policy: c.Policy, Rule: rule.Name, FailClosed: c.FailClosed, Background: c.Background, EmitWarning: c.EmitWarning,
		Severity: c.Severity, Category: c.Category, Scored: c.Scored, Properties: rule.Properties,
	}
}
