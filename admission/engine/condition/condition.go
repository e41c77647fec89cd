package condition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/variable"
)

const (
	// maxConditions bounds one set of conditions.
	maxConditions = 1000
	// maxJSON bounds the JSON of a key or a value.
	maxJSON = 1 << 20
	// buildSteps is what it takes to read a value, for each value in it.
	buildSteps = 10
)

// Conditions are compiled conditions. They are immutable.
type Conditions struct {
	// any is nil where there is no such list; an empty one is never met.
	any, all []*condition
	// older tells that they were given as a list, which means all.
	older bool
}

// condition compares a key with a value.
type condition struct {
	key, value *variable.Template
	operator   operator
	// check is the operator with its value, where that is known beforehand.
	check check
	// message is nil where there is none, and written what the policy has.
	message *variable.Template
	written string
}

// Compile compiles conditions: an object with any and all, or the older form, a list. Without conditions it returns
// nil, which is always met. Errors name the place below path that is at fault.
func Compile(raw *apiextensionsv1.JSON, path *field.Path) (*Conditions, field.ErrorList) {
	decoded, older, err := v1.DecodeConditions(raw)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	if raw == nil || len(raw.Raw) == 0 {
		return nil, nil
	}
	if n := len(decoded.Any) + len(decoded.All); n > maxConditions {
		return nil, field.ErrorList{field.TooMany(path, n, maxConditions)}
	}
	out := &Conditions{older: older}
	allPath := path.Child("all")
	if older {
		allPath = path
	}
	var errs, partErrs field.ErrorList
	out.any, partErrs = compileList(decoded.Any, path.Child("any"))
	errs = append(errs, partErrs...)
	out.all, partErrs = compileList(decoded.All, allPath)
	if errs = append(errs, partErrs...); len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

// compileList returns nil for nil.
func compileList(list []v1.Condition, path *field.Path) ([]*condition, field.ErrorList) {
	if list == nil {
		return nil, nil
	}
	var errs field.ErrorList
	out := make([]*condition, len(list))
	for i := range list {
		var partErrs field.ErrorList
		out[i], partErrs = compile(&list[i], path.Index(i))
		errs = append(errs, partErrs...)
	}
	return out, errs
}

func compile(c *v1.Condition, path *field.Path) (*condition, field.ErrorList) {
	out := &condition{written: c.Message}
	var errs, partErrs field.ErrorList
	out.key, partErrs = compileSide(c.Key, path.Child("key"))
	errs = append(errs, partErrs...)
	out.value, partErrs = compileSide(c.Value, path.Child("value"))
	errs = append(errs, partErrs...)
	if c.Message != "" {
		out.message, partErrs = variable.Compile(c.Message, path.Child("message"))
		errs = append(errs, partErrs...)
	}
	var known bool
	if out.operator, known = lookUp(c.Operator); !known {
		errs = append(errs, field.NotSupported(path.Child("operator"), c.Operator, operatorNames()))
	}
	if len(errs) > 0 || !out.value.Static() {
		return out, errs
	}
	var err error
	if out.check, err = out.operator.with(out.value.Value()); err != nil {
		return nil, field.ErrorList{field.Invalid(path.Child("value"), "", err.Error())}
	}
	return out, nil
}

// compileSide compiles a key or a value; none is null.
func compileSide(raw *apiextensionsv1.JSON, path *field.Path) (*variable.Template, field.ErrorList) {
	var v any
	if raw != nil && len(raw.Raw) > 0 {
		if len(raw.Raw) > maxJSON {
			return nil, field.ErrorList{field.TooLong(path, "", maxJSON)}
		}
		if err := json.Unmarshal(raw.Raw, &v); err != nil {
			return nil, field.ErrorList{field.Invalid(path, "", "is not JSON: "+err.Error())}
		}
	}
	return variable.Compile(v, path)
}

// Expressions are those that keys, values and messages evaluate.
func (c *Conditions) Expressions() []*jmespath.Expr {
	if c == nil {
		return nil
	}
	var out []*jmespath.Expr
	for _, condition := range slices.Concat(c.any, c.all) {
		out = append(out, condition.key.Expressions()...)
		out = append(out, condition.value.Expressions()...)
		if condition.message != nil {
			out = append(out, condition.message.Expressions()...)
		}
	}
	return out
}

// Evaluate tells whether the conditions are met, and what the conditions that decided say about it. What an older list
// says is one message.
func (c *Conditions) Evaluate(s *variable.Scope) (met bool, messages []string, err error) {
	if c == nil {
		return true, nil, nil
	}
	first, err := c.evaluateAny(s)
	if err != nil {
		return false, nil, err
	}
	allMet, every, err := c.evaluateAll(s)
	if err != nil {
		return false, nil, err
	}
	anyMet := c.any == nil || first < len(c.any)
	// When the whole is not met, the conditions speak that do not hold, one that came before one of any that does included.
	some := c.any[:first]
	switch met = anyMet && allMet; {
	case met:
		some = c.any[first:min(first+1, len(c.any))]
	case allMet:
		every = nil
	}
	messages = append(say(s, some), say(s, every)...)
	if c.older && len(messages) > 1 {
		messages = []string{strings.Join(messages, ";")}
	}
	return met, messages, nil
}

// Holding are the conditions that hold and of which one is enough, each by its place; complete is false when one cannot
// be told. Without such conditions there are none, though all others may hold.
func (c *Conditions) Holding(s *variable.Scope) (places []string, complete bool) {
	if c == nil {
		return nil, true
	}
	for i, condition := range c.any {
		holds, err := condition.evaluate(s)
		if err != nil {
			return places, false
		}
		if holds {
			places = append(places, "/any/"+strconv.Itoa(i))
		}
	}
	return places, true
}

// evaluateAny returns the index of the first condition that holds, or how many there are.
func (c *Conditions) evaluateAny(s *variable.Scope) (first int, err error) {
	for i, condition := range c.any {
		holds, err := condition.evaluate(s)
		if err != nil || holds {
			return i, err
		}
	}
	return len(c.any), nil
}

// evaluateAll stops at the first condition that does not hold, which then decides; else all do.
func (c *Conditions) evaluateAll(s *variable.Scope) (met bool, decided []*condition, err error) {
	for i, condition := range c.all {
		holds, err := condition.evaluate(s)
		if err != nil {
			return false, nil, err
		}
		if !holds {
			return false, c.all[i : i+1], nil
		}
	}
	return true, c.all, nil
}

// say returns what conditions say. A message whose variables cannot be resolved is left as it is written: the conditions
// themselves could be evaluated.
func say(s *variable.Scope, decided []*condition) []string {
	var messages []string
	for _, c := range decided {
		if c.message == nil {
			continue
		}
		text, err := c.message.Text(s)
		if err != nil {
			text = c.written
		}
		messages = append(messages, text)
	}
	return messages
}

func (c *condition) evaluate(s *variable.Scope) (bool, error) {
	key, err := c.key.Substitute(s)
	if err != nil {
		return false, fmt.Errorf("failed to substitute variables in condition key: %w", err)
	}
	if err := s.SpendOn(key, 1); err != nil {
		return false, fmt.Errorf("failed to look at the condition key: %w", err)
	}
	check := c.check
	if check == nil {
		value, err := c.value.Substitute(s)
		if err != nil {
			return false, fmt.Errorf("failed to substitute variables in condition value: %w", err)
		}
		if err := s.SpendOn(value, buildSteps); err != nil {
			return false, fmt.Errorf("failed to read the condition value: %w", err)
		}
		if check, err = c.operator.with(value); err != nil {
			return false, fmt.Errorf("failed to read the condition value: %w", err)
		}
	}
	holds, err := check.holds(s, key)
	if err != nil {
		return false, fmt.Errorf("failed to compare the condition key with the value: %w", err)
	}
	return holds, nil
}
