package cel

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Config is what a rule says.
type Config struct {
	Rule       string
	Policy     eval.PolicyRef
	Validation *v1.Validation
	// Preconditions are the rule's celPreconditions.
	Preconditions []admissionregistrationv1.MatchCondition
	// Path is that of the rule.
	Path *field.Path
}

// Check judges requests by the expressions of one rule. It is immutable.
type Check struct {
	rule          string
	policy        eval.PolicyRef
	params        *params
	preconditions *Conditions
	variables     []variable
	validations   []validation
}

// validation is an expression that must hold, and what is said when it does not.
type validation struct {
	*expression
	// computed is the message expression, or nil.
	computed *expression
	message  string
}

// Verdict is what a check says: pass, fail, skip or error.
type Verdict struct {
	Result     eval.Result
	Message    string
	Properties map[string]string
	// Unavailable is set on an error that comes of data that cannot be read here.
	Unavailable *eval.Unavailable
}

// Compile compiles what a rule demands in validate.cel.
func Compile(cfg Config) (*Check, field.ErrorList) {
	rule, path := cfg.Validation.CEL, cfg.Path.Child("validate", "cel")
	out := &Check{rule: cfg.Rule, policy: cfg.Policy}
	params, errs := newParams(rule, cfg.Policy, path)
	env, declared, err := newEnvironment(rule.ParamKind != nil, len(rule.Variables) > 0)
	if err != nil {
		return nil, append(errs, field.InternalError(path, err))
	}
	out.params = params
	c := &compiler{env: env, errs: errs}
	out.variables = c.compileVariables(rule.Variables, declared, path.Child("variables"))
	out.preconditions = c.compileConditions(cfg.Preconditions, cfg.Path.Child("celPreconditions"))
	out.validations = c.compileValidations(rule.Expressions, cfg.Validation.Message, path.Child("expressions"))
	for i := range rule.AuditAnnotations {
		c.compile(rule.AuditAnnotations[i].ValueExpression, path.Child("auditAnnotations").Index(i).Child("valueExpression"), cel.StringType, cel.NullType)
	}
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return out, nil
}

func (c *compiler) compileValidations(list []admissionregistrationv1.Validation, message string, path *field.Path) []validation {
	switch {
	case len(list) == 0:
		c.errs = append(c.errs, field.Required(path, "give one or more expressions that must hold"))
		return nil
	case len(list) > maxConditions:
		c.errs = append(c.errs, field.TooMany(path, len(list), maxConditions))
		return nil
	}
	var out []validation
	for i := range list {
		at := path.Index(i)
		v := validation{message: strings.TrimSpace(cmp.Or(list[i].Message, message))}
		v.expression, _ = c.compile(list[i].Expression, at.Child("expression"), cel.BoolType)
		if list[i].MessageExpression != "" {
			v.computed, _ = c.compile(list[i].MessageExpression, at.Child("messageExpression"), cel.StringType)
		}
		v.message = cmp.Or(v.message, "failed expression: "+strings.TrimSpace(list[i].Expression))
		out = append(out, v)
	}
	return out
}

// Evaluate judges a request, with each of the parameters where the rule has some. The first that fails decides.
func (c *Check) Evaluate(req *eval.Request, lookup eval.Lookup) Verdict {
	if c.params == nil {
		return c.judge(req, lookup, nil)
	}
	list, err := c.params.read(req, lookup)
	if err != nil {
		return broken(fmt.Errorf("error in parameterized resource: %w", err))
	}
	for _, params := range list {
		if v := c.judge(req, lookup, params); v.Result != eval.Pass {
			return v
		}
	}
	return c.passed()
}

func (c *Check) judge(req *eval.Request, lookup eval.Lookup, params any) Verdict {
	a := &activation{request: req, lookup: lookup, policy: c.policy, params: params, variables: c.variables, work: meter{maxWork}}
	met, err := c.preconditions.met(a)
	switch {
	case a.unread != nil:
		return broken(a.unread)
	case err != nil:
		return Verdict{Result: eval.Fail, Message: err.Error()}
	case !met:
		return Verdict{Result: eval.Skip, Message: "cel preconditions not met"}
	}
	a.budget = celconfig.RuntimeCELCostBudget
	for i := range c.validations {
		v := &c.validations[i]
		holds, err := a.holds(v.expression)
		switch {
		case a.unread != nil:
			return broken(a.unread)
		case err != nil:
			return Verdict{Result: eval.Fail, Message: err.Error()}
		case !holds:
			return Verdict{Result: eval.Fail, Message: v.explain(a)}
		}
	}
	return c.passed()
}

func (c *Check) passed() Verdict {
	return Verdict{Result: eval.Pass, Message: fmt.Sprintf("Validation rule '%s' passed.", c.rule)}
}

func broken(err error) Verdict {
	v := Verdict{Result: eval.Error, Message: err.Error()}
	errors.As(err, &v.Unavailable)
	return v
}

// explain says why a validation failed. A message expression that gives no sentence, that is empty, long, of several
// lines or broken, gives way to the message.
func (v *validation) explain(a *activation) string {
	if v.computed == nil {
		return v.message
	}
	value, err := a.evaluate(v.computed)
	if err != nil {
		return v.message
	}
	text, ok := value.(types.String)
	sentence := strings.TrimSpace(string(text))
	if !ok || len(sentence) > celconfig.MaxEvaluatedMessageExpressionSizeBytes || strings.Contains(sentence, "\n") {
		return v.message
	}
	return cmp.Or(sentence, v.message)
}
