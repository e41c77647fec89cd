package cel

import (
	"strings"

	"github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// maxConditions bounds a list of conditions, and of the expressions of a rule.
const maxConditions = 200

// Conditions are match conditions: expressions that must all hold before something is asked at all. They are immutable.
type Conditions struct {
	expressions []*expression
}

// CompileConditions compiles conditions that stand outside of a rule, and see neither params nor variables.
func CompileConditions(list []admissionregistrationv1.MatchCondition, path *field.Path) (*Conditions, field.ErrorList) {
	env, _, err := newEnvironment(false, false)
	if err != nil {
		return nil, field.ErrorList{field.InternalError(path, err)}
	}
	c := &compiler{env: env}
	conditions := c.compileConditions(list, path)
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return conditions, nil
}

func (c *compiler) compileConditions(list []admissionregistrationv1.MatchCondition, path *field.Path) *Conditions {
	if len(list) > maxConditions {
		c.errs = append(c.errs, field.TooMany(path, len(list), maxConditions))
		return nil
	}
	out := &Conditions{}
	for i := range list {
		e, _ := c.compile(list[i].Expression, path.Index(i).Child("expression"), cel.BoolType)
		out.expressions = append(out.expressions, e)
	}
	return out
}

// Evaluate tells whether all conditions hold. One that does not hold is a no, even where another cannot be evaluated.
func (c *Conditions) Evaluate(req *eval.Request, lookup eval.Lookup) (bool, error) {
	return c.met(&activation{request: req, lookup: lookup, work: meter{maxWork}})
}

func (c *Conditions) met(a *activation) (bool, error) {
	a.budget = celconfig.RuntimeCELCostBudgetMatchConditions
	var broken failures
	for _, e := range c.expressions {
		holds, err := a.holds(e)
		switch {
		case a.unread != nil, a.exhausted != nil:
			return false, err
		case err != nil:
			broken = append(broken, err)
		case !holds:
			return false, nil
		}
	}
	if len(broken) > 0 {
		return false, broken
	}
	return true, nil
}

// failures are the errors of several conditions.
type failures []error

func (f failures) Error() string {
	texts := make([]string, len(f))
	for i, err := range f {
		texts[i] = err.Error()
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func (f failures) Unwrap() []error { return f }
