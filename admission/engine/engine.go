// Package engine judges requests by policies: a policy is compiled once into a Program, and any number of Programs
// answer a request with Decisions. It is the only evaluator there is: admission, scans, evaluation endpoints and the
// command line all call it, and only it and package eval may be imported from outside.
//
// It is pure: no network, files, clock or globals. What a request does not hold is asked of an eval.Lookup, and the same
// request, programs and answers give the same decisions.
//
// # Bounds
//
// Neither a policy nor an object can make it work without end. What a policy says is bounded when it is compiled, and
// beyond that refused; what comes of it and of an object is bounded while it is evaluated, and beyond that the rule is an
// error. Each bound stands in the package that it is about:
//
//	rules of a policy; filters of match; wildcards of a selector         compile; match
//	keys, values and depth of patterns, and of what holds variables      pattern, variable
//	variables of a text, and how deep they stand in one another          variable
//	length, parts and depth of expressions; their regular expressions    jmespath; of CEL: cel
//	conditions; entries of a context; foreach in foreach                 condition; variable; demand
//	steps of a rule: expressions, conditions, elements, patterns         variable.MaxSteps; of CEL: its cost, and cel
//	what expressions build; texts, expressions and contexts with values  variable
//	elements of a list; violations and reasons that are told apart       demand; pattern
//	reads for one request, their size and time                           admission/lookup
//	the time of a request                                                Input.Over
package engine

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/compile"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/exception"
	"github.com/edict-dev/edict/admission/engine/match"
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
// Subresource is empty for the object itself. Whoever targets Pods also gets pods/ephemeralcontainers and pods/resize.
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

// Concerns tells whether a request for a kind could match a rule of the policy. Operation may be empty for any, and
// namespace for any and for what is in none. It is cheap, and never wrong when it says no.
func (p *Program) Concerns(gvk schema.GroupVersionKind, subresource string, operation eval.Operation, namespace string) bool {
	concern := match.Concern{Kind: gvk, Subresource: subresource, Operation: operation, Namespace: namespace}
	return slices.ContainsFunc(p.compiled.Rules, func(r compile.Rule) bool {
		return r.Matcher == nil || r.Matcher.Concerns(concern)
	})
}

// Namespaces returns patterns of the names of namespaces, with wildcards, such that the policy concerns objects in no
// other; ok is false when it may concern any, or objects that are in none.
func (p *Program) Namespaces() (patterns []string, ok bool) { return p.compiled.Namespaces() }

// AutogenRules are the rules that were derived from those on Pods for the controllers that make Pods.
func (p *Program) AutogenRules() []v1.Rule { return slices.Clone(p.compiled.Generated) }

// Unsupported is what the policy asks for and is not evaluated yet. Its rules of such a type answer eval.Error.
func (p *Program) Unsupported() field.ErrorList { return slices.Clone(p.compiled.Unsupported) }

// Exception is a compiled PolicyException. It is immutable.
type Exception = exception.Exception

// Exceptions are those in force. They are immutable.
type Exceptions = exception.Set

// CompileException compiles a PolicyException. With errors there is none: what cannot be understood exempts nothing.
func CompileException(e *v2.PolicyException) (*Exception, field.ErrorList) {
	return exception.Compile(e)
}

// NewExceptions puts exceptions together.
func NewExceptions(list []*Exception) *Exceptions { return exception.NewSet(list) }

// Input is one request and what judges it.
type Input struct {
	Programs []*Program
	// Exceptions are nil where there are none.
	Exceptions *Exceptions
	Request    *eval.Request
	Lookup     eval.Lookup
	// Over tells that the time for an answer is over: rules that match and were not asked by then are errors. It is nil
	// where nobody waits.
	Over func() bool
}

// Evaluate asks each Program in turn, and of each the rules in their order. Rules that do not concern the request give
// no Decision.
func Evaluate(in Input) []eval.Decision {
	var decisions []eval.Decision
	for _, p := range in.Programs {
		q := question{Input: &in, program: p.compiled}
		concerned, err := q.concerned()
		if !concerned {
			continue
		}
		for i := range p.compiled.Rules {
			d, ok := q.evaluate(&p.compiled.Rules[i], err)
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
