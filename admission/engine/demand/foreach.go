package demand

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/condition"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/variable"
)

const (
	// maxNesting bounds how deep foreach may stand in foreach.
	maxNesting = 8
	// maxElements bounds how many elements one list may have, and with nesting what an object can make us do.
	maxElements = 10_000
	// elementSteps is what it takes to look at an element, whatever is demanded of it.
	elementSteps = 20
)

// forEach demands something of each element of lists, one list after the other.
type forEach []*loop

// loop is one list and what is demanded of its elements.
type loop struct {
	list *jmespath.Expr
	// elementScope says whether patterns are compared with the element or with the whole object; unset, elements that
	// are maps are.
	elementScope  *bool
	level         int
	context       *variable.Context
	preconditions *condition.Conditions
	demand        Demand
}

func (c compiler) forEach(list []v1.ForEachValidation, path *field.Path, level int) (Demand, field.ErrorList) {
	if level >= maxNesting {
		return nil, field.ErrorList{field.Forbidden(path, fmt.Sprintf("foreach may not be nested deeper than %d levels", maxNesting))}
	}
	c.nested = true
	var errs field.ErrorList
	var out forEach
	for i := range list {
		l, loopErrs := c.loop(&list[i], path.Index(i), level)
		errs = append(errs, loopErrs...)
		out = append(out, l)
	}
	return out, errs
}

func (c compiler) loop(f *v1.ForEachValidation, path *field.Path, level int) (*loop, field.ErrorList) {
	var errs, partErrs field.ErrorList
	l := &loop{elementScope: f.ElementScope, level: level}
	var err error
	if l.list, err = jmespath.Compile(f.List); err != nil {
		errs = append(errs, field.Invalid(path.Child("list"), f.List, err.Error()))
	}
	l.context, partErrs = variable.CompileContext(f.Context, c.policy, path.Child("context"))
	errs = append(errs, partErrs...)
	l.preconditions, partErrs = condition.Compile(f.Preconditions, path.Child("preconditions"))
	errs = append(errs, partErrs...)
	switch found := loopDemands(f); {
	case len(found) == 0:
		return l, append(errs, field.Required(path, "one of pattern, anyPattern, deny and foreach must be given"))
	case len(found) > 1:
		return l, append(errs, field.Forbidden(path.Child(found[1]), "only one demand may be given beside list"))
	}
	switch {
	case f.Pattern != nil:
		l.demand, partErrs = c.overlay(f.Pattern, path.Child("pattern"), false)
	case f.AnyPattern != nil:
		l.demand, partErrs = c.overlay(f.AnyPattern, path.Child("anyPattern"), true)
	case f.Deny != nil:
		l.demand, partErrs = c.denial(f.Deny, path.Child("deny"))
	default:
		l.demand, partErrs = c.forEach(f.ForEach, path.Child("foreach"), level+1)
	}
	return l, append(errs, partErrs...)
}

func loopDemands(f *v1.ForEachValidation) []string {
	return set([]part{{"pattern", f.Pattern != nil}, {"anyPattern", f.AnyPattern != nil}, {"deny", f.Deny != nil}, {"foreach", len(f.ForEach) > 0}})
}

// Judge implements Demand. The first failure decides. An element that could not be judged is an error unless another
// fails; where nothing was there to judge, there is nothing to say.
func (f forEach) Judge(q Question) (Verdict, bool) {
	var failed, undecided *Verdict
	applied := false
	for _, l := range f {
		err := l.each(q, func(_ int, q Question) bool {
			v, ok := l.demand.Judge(q)
			if !ok || v.Result == eval.Skip {
				return true
			}
			applied = true
			v.Message = "validation failure: " + v.Message
			switch {
			case v.Result == eval.Fail:
				failed = &v
			case v.Result == eval.Error && undecided == nil:
				undecided = &v
			}
			return failed == nil
		})
		if failed != nil {
			return *failed, true
		}
		if err != nil && undecided == nil {
			v := broken(err)
			undecided = &v
		}
	}
	switch {
	case undecided != nil:
		return *undecided, true
	case !applied:
		return Verdict{}, false
	}
	return Verdict{Result: eval.Pass, Message: "rule passed"}, true
}

// Static implements Demand.
func (f forEach) Static() bool { return false }

// Violations implements Demand: an element that fails is one, or has those that its own demand tells apart.
func (f forEach) Violations(q Question) (out []string, complete bool) {
	complete = true
	for i, l := range f {
		err := l.each(q, func(index int, q Question) bool {
			if v, ok := l.demand.Judge(q); !ok || v.Result != eval.Fail {
				return true
			}
			at := fmt.Sprintf("%d/%d", i, index)
			inner, all := l.demand.Violations(q)
			complete = complete && all
			if len(inner) == 0 {
				out = append(out, at)
			}
			for _, violation := range inner {
				out = append(out, at+violation)
			}
			return true
		})
		complete = complete && err == nil
	}
	return out, complete
}

// each visits the elements that the demand concerns, until visit returns false. A list that is not there has none; a
// value that is no list is a list of one. Elements whose preconditions cannot be evaluated are passed over: such a
// condition asks for what only some elements have.
func (l *loop) each(q Question, visit func(index int, q Question) bool) error {
	value, err := q.Scope.Query(l.list)
	var notFound *jmespath.NotFoundError
	if errors.As(err, &notFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to evaluate list: %w", err)
	}
	elements, ok := value.([]any)
	if !ok {
		elements = []any{value}
	}
	if len(elements) > maxElements {
		return fmt.Errorf("the list has %d elements; no more than %d are judged", len(elements), maxElements)
	}
	for i, element := range elements {
		if element == nil {
			continue
		}
		if err := q.Budget.Steps(elementSteps); err != nil {
			return err
		}
		inner, err := l.enter(q, element, i)
		if err != nil {
			return err
		}
		met, _, err := l.preconditions.Evaluate(inner.Scope)
		if errors.Is(err, jmespath.ErrBudget) {
			return err
		}
		if err != nil || !met {
			continue
		}
		if !visit(i, inner) {
			break
		}
	}
	return nil
}

// enter is the question about one element. Where patterns are not compared with it they are compared with what they
// would be outside of this foreach: the element of the one around it, or the object.
func (l *loop) enter(q Question, element any, index int) (Question, error) {
	_, isMap := element.(map[string]any)
	scoped := isMap
	if l.elementScope != nil {
		if scoped = *l.elementScope; scoped && !isMap {
			return q, fmt.Errorf("failed to process foreach: cannot use elementScope=true foreach rules for elements that are not maps, expected type=map got type=%T", element)
		}
	}
	if scoped {
		q.InElement, q.Element = true, element
	}
	q.Scope = q.Scope.Element(element, index, l.level, l.context)
	return q, nil
}
