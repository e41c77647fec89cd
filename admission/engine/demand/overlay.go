package demand

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/pattern"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// maxPattern bounds the JSON of a pattern.
const maxPattern = 1 << 20

// buildSteps is what it takes to build a pattern, for each value in it.
const buildSteps = 10

// overlay compares the object, or an element of it, with a pattern or with several.
type overlay struct {
	rule    string
	message *message
	// check is the pattern as it is written; it judges when there is nothing to substitute in it.
	check    *pattern.Check
	template *variable.Template
	several  bool
	path     *field.Path
}

func (c compiler) overlay(raw *apiextensionsv1.JSON, path *field.Path, several bool) (Demand, field.ErrorList) {
	value, err := decode(raw, path)
	if err != nil {
		return nil, field.ErrorList{err}
	}
	if !c.nested {
		if errs := wholeResources(value, path, several); len(errs) > 0 {
			return nil, errs
		}
	}
	o := &overlay{rule: c.rule, message: c.message, several: several, path: path}
	var errs field.ErrorList
	if o.template, errs = variable.Compile(value, path); len(errs) > 0 {
		return nil, errs
	}
	written := value
	if o.template.Static() {
		written = o.template.Value()
	}
	if c.nested && !o.template.Static() {
		// The form that variables give it, such as that of the value of an anchor ^(), is not known yet.
		o.check, errs = o.substituted(written)
	} else {
		o.check, errs = o.asWritten(written)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return o, nil
}

// wholeResources sees to it that a pattern of a whole resource is a map.
func wholeResources(value any, path *field.Path, several bool) field.ErrorList {
	patterns, at := []any{value}, func(int) *field.Path { return path }
	if several {
		list, ok := value.([]any)
		if !ok {
			return nil // which is refused with what else is wrong with it
		}
		patterns, at = list, path.Index
	}
	var errs field.ErrorList
	for i, p := range patterns {
		if _, ok := p.(map[string]any); !ok {
			errs = append(errs, field.Invalid(at(i), p, "a pattern of a whole resource must be an object with the keys that it speaks of, for example spec"))
		}
	}
	return errs
}

func (o *overlay) asWritten(value any) (*pattern.Check, field.ErrorList) {
	if o.several {
		return pattern.NewAnyCheck(o.rule, value, o.path)
	}
	return pattern.NewCheck(o.rule, value, o.path)
}

func (o *overlay) substituted(value any) (*pattern.Check, field.ErrorList) {
	if o.several {
		return pattern.NewSubstitutedAnyCheck(o.rule, value, o.path)
	}
	return pattern.NewSubstitutedCheck(o.rule, value, o.path)
}

// in is the check with all variables substituted.
func (o *overlay) in(s *variable.Scope) (*pattern.Check, error) {
	if o.template.Static() {
		return o.check, nil
	}
	value, err := o.template.Substitute(s)
	if err != nil {
		return nil, err
	}
	if err := s.SpendOn(value, buildSteps); err != nil {
		return nil, err
	}
	check, errs := o.substituted(value)
	return check, errs.ToAggregate()
}

// Judge implements Demand. A pattern has nothing to say about what goes away.
func (o *overlay) Judge(q Question) (Verdict, bool) {
	object, ok := subject(q)
	if !ok {
		return Verdict{}, false
	}
	check, err := o.in(q.Scope)
	if err != nil {
		return Failed("variable substitution failed", err), true
	}
	asked := pattern.Asked{Value: object, Confidential: q.Request.Confidential(), Budget: q.Budget}
	result, message := check.Evaluate(asked, o.message.in(q.Scope))
	return Verdict{Result: result, Message: message}, true
}

// Static implements Demand.
func (o *overlay) Static() bool { return o.template.Static() && o.message.static() }

// Violations implements Demand.
func (o *overlay) Violations(q Question) ([]string, bool) {
	object, ok := subject(q)
	if !ok {
		return nil, true
	}
	check, err := o.in(q.Scope)
	if err != nil {
		return nil, false
	}
	return check.Violations(object)
}

// Names implements Pattern.
func (o *overlay) Names(path ...string) bool { return o.check.Names(path...) }

// OnlyNames implements Pattern.
func (o *overlay) OnlyNames(key string) bool { return o.check.OnlyNames(key) }

func subject(q Question) (any, bool) {
	if q.InElement {
		return q.Element, true
	}
	req := q.Request
	return req.Object, req.Operation != eval.Delete
}

// decode reads JSON into maps, slices, strings, booleans, int64 and float64.
func decode(raw *apiextensionsv1.JSON, path *field.Path) (any, *field.Error) {
	if len(raw.Raw) > maxPattern {
		return nil, field.TooLong(path, "", maxPattern)
	}
	var value any
	if err := json.Unmarshal(raw.Raw, &value); err != nil {
		return nil, field.Invalid(path, "", "is not JSON: "+err.Error())
	}
	return value, nil
}
