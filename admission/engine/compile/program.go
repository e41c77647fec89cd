package compile

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/match"
	"github.com/edict-dev/edict/admission/engine/pattern"
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
	Warnings              []string
}

// Rule is a compiled rule.
type Rule struct {
	Name string
	// Matcher is nil when match did not compile; the rule then answers every request with its error.
	Matcher *match.Matcher
	// Check is nil when Broken is not empty.
	Check *pattern.Check
	// Broken is why the rule cannot be evaluated.
	Broken string
	// PatternOnly tells that the rule has nothing to say to DELETE.
	PatternOnly bool
	Action      Actions
	Properties  map[string]string
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

	errs := refuseSpec(spec, path)
	if len(spec.Rules) > maxRules {
		errs = append(errs, field.TooMany(path.Child("rules"), len(spec.Rules), maxRules))
	}
	overrides, overrideErrs := newOverrides(spec.ValidationFailureActionOverrides, path.Child("validationFailureActionOverrides"))
	errs = append(errs, overrideErrs...)
	policyErrs := errs
	for i := range spec.Rules {
		rule, ruleErrs := newRule(&spec.Rules[i], spec, overrides, p.Policy.Namespace, path.Child("rules").Index(i))
		errs = append(errs, ruleErrs...)
		rule.Broken = broken(rule.Name, append(policyErrs[:len(policyErrs):len(policyErrs)], ruleErrs...))
		p.Rules = append(p.Rules, rule)
	}
	p.Warnings = warnings(policy, p)
	return p, errs
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
