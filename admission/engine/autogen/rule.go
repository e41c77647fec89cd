package autogen

import (
	"bytes"
	"encoding/json"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// shape says where a controller has what a Pod has at its root.
type shape struct {
	prefix string
	// steps lead to the template.
	steps []string
	// expressions and celExpressions replace the fields of Pods in text.
	expressions, celExpressions *strings.Replacer
}

var (
	template    = newShape(prefix, "spec", "template")
	jobTemplate = newShape(cronJobPrefix, "spec", "jobTemplate", "spec", "template")
)

func newShape(prefix string, steps ...string) shape {
	at := "." + strings.Join(steps, ".")
	replacer := func(objects ...string) *strings.Replacer {
		var pairs []string
		for _, object := range objects {
			pairs = append(pairs, object+".spec", object+at+".spec", object+".metadata", object+at+".metadata")
		}
		return strings.NewReplacer(pairs...)
	}
	return shape{
		prefix: prefix, steps: steps,
		expressions:    replacer("request.object", "request.oldObject"),
		celExpressions: replacer("object", "oldObject"),
	}
}

// derive returns the counterpart of a rule on Pods for kinds of one shape, and false where there is none.
func derive(origin *v1.Rule, s shape, kinds []string) (v1.Rule, bool) {
	rule := origin.DeepCopy()
	// An extractor goes by the kind of the object, and controllers need none.
	rule.ImageExtractors = nil
	replaceKinds(&rule.Match, kinds)
	if rule.Exclude != nil {
		replaceKinds(rule.Exclude, kinds)
	}
	switch {
	case rule.Mutate != nil:
		mutation, ok := deriveMutation(rule.Mutate, s)
		if !ok {
			return v1.Rule{}, false
		}
		rule.Mutate = mutation
	case rule.Validate != nil:
		if !deriveValidation(rule.Validate, s) {
			return v1.Rule{}, false
		}
	case len(rule.VerifyImages) == 0:
		return v1.Rule{}, false
	}
	rule = replaceText(rule, s)
	rule.Name = derivedName(s.prefix, origin.Name)
	return *rule, true
}

// replaceKinds lets the filters that speak of Pods speak of the controllers. Those on other kinds stay what they are:
// an exclusion of ConfigMaps must not become one of CronJobs.
func replaceKinds(m *v1.MatchResources, kinds []string) {
	eachOf(m, nil, func(d *v1.ResourceDescription, _ *field.Path) {
		if namesPod(d) {
			d.Kinds = selectors(kinds)
		}
	})
}

// deriveMutation keeps what can be carried over to a template. Changes to existing resources cannot, nor can nested
// loops.
func deriveMutation(m *v1.Mutation, s shape) (*v1.Mutation, bool) {
	if m.PatchStrategicMerge != nil {
		return &v1.Mutation{PatchStrategicMerge: s.wrap(m.PatchStrategicMerge)}, true
	}
	derived := &v1.Mutation{}
	for _, f := range m.ForEach {
		if f.PatchStrategicMerge != nil {
			derived.ForEach = append(derived.ForEach, v1.ForEachMutation{
				List: f.List, Context: f.Context, Preconditions: f.Preconditions, PatchStrategicMerge: s.wrap(f.PatchStrategicMerge),
			})
		}
	}
	return derived, len(derived.ForEach) > 0
}

// deriveValidation changes v, and tells whether it demands anything that can be carried over.
func deriveValidation(v *v1.Validation, s shape) bool {
	switch {
	case v.Pattern != nil:
		v.Message = shiftReferences(v.Message, "pattern", s)
		v.Pattern = s.wrap(v.Pattern)
	case v.AnyPattern != nil:
		v.Message = shiftReferences(v.Message, "anyPattern", s)
		v.AnyPattern = s.wrapEach(v.AnyPattern)
	case v.Deny == nil && v.PodSecurity == nil && len(v.ForEach) == 0 && v.CEL == nil:
		return false
	}
	return true
}

// wrap puts a value where the controller has its template.
func (s shape) wrap(value *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	return &apiextensionsv1.JSON{Raw: s.wrapRaw(value.Raw)}
}

func (s shape) wrapRaw(value []byte) []byte {
	var out bytes.Buffer
	for _, step := range s.steps {
		out.WriteString(`{"` + step + `":`)
	}
	if len(value) == 0 {
		value = []byte("null")
	}
	out.Write(value)
	out.WriteString(strings.Repeat("}", len(s.steps)))
	return out.Bytes()
}

// wrapEach wraps every element of a list. What is no list stays as it is, for the compiler to tell.
func (s shape) wrapEach(list *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	var elements []json.RawMessage
	if json.Unmarshal(list.Raw, &elements) != nil {
		return list
	}
	for i := range elements {
		elements[i] = s.wrapRaw(elements[i])
	}
	raw, err := json.Marshal(elements)
	if err != nil {
		return list
	}
	return &apiextensionsv1.JSON{Raw: raw}
}

// replaceText replaces the fields of Pods in all text of the rule: wherever a policy may hold an expression, it may also
// hold one within other text. A rule that is no JSON stays as it is, for the compiler to tell.
func replaceText(rule *v1.Rule, s shape) *v1.Rule {
	replacer := s.expressions
	if rule.Validate != nil && rule.Validate.CEL != nil {
		replacer = s.celExpressions
	}
	raw, err := json.Marshal(rule)
	if err != nil {
		return rule
	}
	text := string(raw)
	replaced := replacer.Replace(text)
	if replaced == text {
		return rule
	}
	out := &v1.Rule{}
	if err := json.Unmarshal([]byte(replaced), out); err != nil {
		return rule
	}
	return out
}
