package demand

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/cel"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// expressions demands that CEL expressions hold.
type expressions struct {
	check *cel.Check
}

// newExpressions compiles the expressions of a rule; the path is that of the rule.
func newExpressions(r *v1.Rule, policy eval.PolicyRef, path *field.Path) (Demand, field.ErrorList) {
	check, errs := cel.Compile(cel.Config{
		Rule: r.Name, Policy: policy, Validation: r.Validate, Preconditions: r.CELPreconditions, Path: path,
	})
	return &expressions{check: check}, errs
}

func (e *expressions) Judge(q Question) (Verdict, bool) {
	v := e.check.Evaluate(q.Request, q.Lookup)
	return Verdict{Result: v.Result, Message: v.Message, Properties: v.Properties, Unavailable: v.Unavailable}, true
}

// Static implements Demand.
func (e *expressions) Static() bool { return true }

// Violations implements Demand: expressions say nothing of where they do not hold.
func (e *expressions) Violations(Question) ([]string, bool) { return nil, true }
