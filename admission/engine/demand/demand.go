// Package demand is what validate rules demand of an object: a pattern, that conditions do not hold, something of each
// element of a list, a level of the Pod Security Standards, or CEL expressions. Each form is compiled once and judges by
// a scope of variables; package compile builds them, and the engine asks them.
//
// It does not know which objects a rule concerns, nor what follows from a failure.
package demand

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/pattern"
	"github.com/edict-dev/edict/admission/engine/podsecurity"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// Demand is one of the forms, compiled. It is immutable.
type Demand interface {
	// Judge answers; ok is false when the demand has nothing to say to the question.
	Judge(q Question) (v Verdict, ok bool)
	// Static tells that there are no variables in it: it judges without a scope.
	Static() bool
	// Violations tells the single things apart that are wrong, each by what it is and where, so that those of two
	// states of an object can be compared. There are none where a demand cannot tell them apart; complete is false when
	// there may be more.
	Violations(q Question) (found []string, complete bool)
}

// Pattern is a Demand that is a pattern, of which it can be told what it speaks of.
type Pattern interface {
	// Names tells whether it speaks of the value at a path of keys, whatever their anchors.
	Names(path ...string) bool
	// OnlyNames tells whether it speaks of one plain key at the top and nothing else.
	OnlyNames(key string) bool
}

// Question is what is judged.
type Question struct {
	Request *eval.Request
	Lookup  eval.Lookup
	// Scope may be nil for a demand that is static.
	Scope *variable.Scope
	// Budget is what the evaluation of the rule may do, its Scope included.
	Budget *jmespath.Budget
	// Element is what patterns are compared with instead of the whole object: an element of foreach. It counts only
	// when InElement is set, for an element may be anything.
	Element   any
	InElement bool
	// Lowered are exclusions that exceptions add to those of a podSecurity rule.
	Lowered []*podsecurity.Exclusions
}

// Verdict is an answer: pass, fail, skip or error.
type Verdict struct {
	Result     eval.Result
	Message    string
	Properties map[string]string
	// Unavailable is set on an error that comes of data that cannot be read here.
	Unavailable *eval.Unavailable
}

// Failed is the verdict when something could not be evaluated.
func Failed(doing string, err error) Verdict { return broken(fmt.Errorf("%s: %w", doing, err)) }

func broken(err error) Verdict {
	v := Verdict{Result: eval.Error, Message: err.Error()}
	errors.As(err, &v.Unavailable)
	return v
}

// New compiles what a validate rule demands. The path is that of the rule.
func New(r *v1.Rule, policy eval.PolicyRef, path *field.Path) (Demand, field.ErrorList) {
	v, rulePath, path := r.Validate, path, path.Child("validate")
	message, errs := newMessage(r, path.Child("message"))
	c := compiler{rule: r.Name, policy: policy, message: message}
	var d Demand
	var demandErrs field.ErrorList
	switch found := named(v); {
	case len(found) == 0:
		return nil, field.ErrorList{field.Required(path, "one of pattern, anyPattern, deny, foreach, podSecurity, cel and manifests must be given")}
	case len(found) > 1:
		return nil, field.ErrorList{field.Forbidden(path.Child(found[1]), "only one demand may be given, and there is "+strings.Join(found, " and ")+"; make each a rule of its own")}
	case v.Pattern != nil:
		d, demandErrs = c.overlay(v.Pattern, path.Child("pattern"), false)
	case v.AnyPattern != nil:
		d, demandErrs = c.overlay(v.AnyPattern, path.Child("anyPattern"), true)
	case v.Deny != nil:
		d, demandErrs = c.denial(v.Deny, path.Child("deny"))
	case len(v.ForEach) > 0:
		d, demandErrs = c.forEach(v.ForEach, path.Child("foreach"), 0)
	case v.PodSecurity != nil:
		d, demandErrs = newStandards(r.Name, v.PodSecurity, path.Child("podSecurity"))
	case v.CEL != nil:
		d, demandErrs = newExpressions(r, policy, rulePath)
	default:
		d = Unsupported("validate.manifests")
	}
	if errs = append(errs, demandErrs...); len(errs) > 0 {
		return nil, errs
	}
	return d, nil
}

// named are the fields of a validate rule that say what it demands.
func named(v *v1.Validation) []string {
	return set([]part{
		{"pattern", v.Pattern != nil}, {"anyPattern", v.AnyPattern != nil}, {"deny", v.Deny != nil},
		{"foreach", len(v.ForEach) > 0}, {"podSecurity", v.PodSecurity != nil}, {"cel", v.CEL != nil},
		{"manifests", v.Manifests != nil},
	})
}

// part is a field that may be set.
type part struct {
	name string
	set  bool
}

func set(parts []part) []string {
	var found []string
	for _, p := range parts {
		if p.set {
			found = append(found, p.name)
		}
	}
	return found
}

// compiler is what the forms of one rule share.
type compiler struct {
	rule    string
	policy  eval.PolicyRef
	message *message
	nested  bool
}

// message is the rule's own message.
type message struct {
	text     string
	template *variable.Template
}

// newMessage compiles a rule's message. References in it, as in $(./../pattern/spec/replicas), lead to what else the
// rule says.
func newMessage(r *v1.Rule, path *field.Path) (*message, field.ErrorList) {
	text := r.Validate.Message
	var document any = text
	if strings.Contains(text, "$(") {
		written, err := json.Marshal(r)
		if err == nil {
			err = kjson.Unmarshal(written, &document)
		}
		if err != nil {
			return nil, field.ErrorList{field.InternalError(path, err)}
		}
	}
	template, errs := variable.CompileIn(document, "/validate/message", text, path)
	return &message{text: text, template: template}, errs
}

func (m *message) static() bool { return m.template.Static() }

// in makes the message of one evaluation.
func (m *message) in(s *variable.Scope) pattern.Message {
	return func() (string, error) { return m.template.Text(s) }
}
