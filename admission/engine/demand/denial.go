package demand

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/condition"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// denial fails what its conditions hold for; without conditions, everything.
type denial struct {
	rule       string
	passed     string
	message    *message
	conditions *condition.Conditions
}

func (c compiler) denial(d *v1.Deny, path *field.Path) (Demand, field.ErrorList) {
	conditions, errs := condition.Compile(d.Conditions, path.Child("conditions"))
	return &denial{
		rule: c.rule, passed: fmt.Sprintf("validation rule '%s' passed.", c.rule), message: c.message, conditions: conditions,
	}, errs
}

func (d *denial) Judge(q Question) (Verdict, bool) {
	met, said, err := d.conditions.Evaluate(q.Scope)
	switch {
	case err != nil:
		return Failed("failed to check deny conditions", err), true
	case !met:
		return Verdict{Result: eval.Pass, Message: d.passed}, true
	}
	return Verdict{Result: eval.Fail, Message: d.words(q, said)}, true
}

// words are the rule's message, as written where its variables cannot be resolved, and those of the conditions that
// hold.
func (d *denial) words(q Question, said []string) string {
	own, err := d.message.in(q.Scope)()
	if err != nil {
		own = d.message.text
	}
	if own != "" {
		said = append([]string{own}, said...)
	}
	if len(said) == 0 {
		return fmt.Sprintf("validation error: rule %s failed", d.rule)
	}
	return strings.Join(said, "; ")
}

// Static implements Demand.
func (d *denial) Static() bool { return false }

// Violations implements Demand: each condition of which one is enough, though it says nothing of where it holds.
func (d *denial) Violations(q Question) ([]string, bool) { return d.conditions.Holding(q.Scope) }
