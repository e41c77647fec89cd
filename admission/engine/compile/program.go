package compile

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/autogen"
	"github.com/edict-dev/edict/admission/engine/cel"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// maxRules bounds a policy.
const maxRules = 1000

// Program is a compiled policy.
type Program struct {
	Policy eval.PolicyRef
	Rules  []Rule
	// ApplyOne stops after the first rule that applies.
	ApplyOne bool
	// FailClosed tells that a request is refused when the policy cannot be evaluated.
	FailClosed bool
	// TimeoutSeconds is 0 where the policy does not say.
	TimeoutSeconds        int32
	Admission, Background bool
	EmitWarning           bool
	Severity, Category    string
	Scored                bool
	// Conditions say which requests the policy concerns at all, before its rules are asked.
	Conditions *cel.Conditions
	Warnings   []string
	// Unsupported is what the policy asks for and is not evaluated yet.
	Unsupported field.ErrorList
	// Generated are the rules that were derived for the controllers of Pods.
	Generated []v1.Rule
}

// New compiles a policy. The Program is always usable, also when there are errors.
func New(policy v1.Object) (*Program, field.ErrorList) {
	spec, path := policy.PolicySpec(), field.NewPath("spec")
	p := &Program{
		Policy:     ref(policy),
		ApplyOne:   spec.ApplyRules == v1.ApplyOne,
		FailClosed: failClosed(spec),
		Admission:  valueOr(spec.Admission, true),
		Background: valueOr(spec.Background, true),
		Scored:     policy.GetAnnotations()["policies.kyverno.io/scored"] != "false",
		Severity:   policy.GetAnnotations()["policies.kyverno.io/severity"],
		Category:   policy.GetAnnotations()["policies.kyverno.io/category"],
	}
	p.TimeoutSeconds = timeoutSeconds(spec)
	p.EmitWarning = valueOr(spec.EmitWarning, false)

	var errs field.ErrorList
	if len(spec.Rules) > maxRules {
		errs = append(errs, field.TooMany(path.Child("rules"), len(spec.Rules), maxRules))
	}
	overrides, overrideErrs := newOverrides(spec.ValidationFailureActionOverrides, path.Child("validationFailureActionOverrides"))
	errs = append(errs, overrideErrs...)
	if w := spec.WebhookConfiguration; w != nil && len(w.MatchConditions) > 0 {
		var conditionErrs field.ErrorList
		p.Conditions, conditionErrs = cel.CompileConditions(w.MatchConditions, path.Child("webhookConfiguration", "matchConditions"))
		errs = append(errs, conditionErrs...)
	}
	policyErrs := errs[:len(errs):len(errs)]
	parts := policyParts{ref: p.Policy, spec: spec, overrides: overrides}
	derived := autogen.Derive(policy)
	add := func(r *v1.Rule, path *field.Path) *Rule {
		rule, ruleErrs := newRule(r, parts, path)
		errs = append(errs, ruleErrs...)
		rule.Broken = broken(rule.Name, append(policyErrs, ruleErrs...))
		p.Rules = append(p.Rules, rule)
		return &p.Rules[len(p.Rules)-1]
	}
	for i := range spec.Rules {
		rule := add(&spec.Rules[i], path.Child("rules").Index(i))
		rule.setAside = autogen.SetAside(rule.Name, derived)
	}
	// What is wrong with a rule is said once, of what its author wrote.
	written := errs
	for i := range derived {
		rule := add(&derived[i].Rule, path.Child("rules").Index(derived[i].Origin))
		rule.kinds = derived[i].Kinds
		p.Generated = append(p.Generated, derived[i].Rule)
	}
	if len(written) > 0 {
		errs = written
	}
	p.Unsupported = unsupported(spec, path)
	p.Warnings = warnings(policy, p)
	return p, errs
}

// Namespaces returns patterns of the only namespaces that a rule concerns; ok is false where there is no such limit.
func (p *Program) Namespaces() (patterns []string, ok bool) {
	for i := range p.Rules {
		m := p.Rules[i].Matcher
		if m == nil {
			return nil, false
		}
		some, limited := m.Namespaces()
		if !limited {
			return nil, false
		}
		patterns = append(patterns, some...)
	}
	return patterns, true
}

func ref(policy v1.Object) eval.PolicyRef {
	r := eval.PolicyRef{Kind: "ClusterPolicy", Name: policy.GetName()}
	if _, ok := policy.(*v1.Policy); ok {
		r.Kind, r.Namespace = "Policy", policy.GetNamespace()
	}
	return r
}

func failClosed(spec *v1.Spec) bool {
	if w := spec.WebhookConfiguration; w != nil && w.FailurePolicy != nil {
		return *w.FailurePolicy != v1.Ignore
	}
	return spec.FailurePolicy != v1.Ignore
}

func timeoutSeconds(spec *v1.Spec) int32 {
	if w := spec.WebhookConfiguration; w != nil && w.TimeoutSeconds != nil {
		return *w.TimeoutSeconds
	}
	return valueOr(spec.WebhookTimeoutSeconds, 0)
}

func valueOr[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// broken is the message of a rule that cannot be evaluated, or nothing.
func broken(rule string, errs field.ErrorList) string {
	if len(errs) == 0 {
		return ""
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return fmt.Sprintf("rule %s cannot be evaluated: %s", rule, strings.Join(texts, "; "))
}
