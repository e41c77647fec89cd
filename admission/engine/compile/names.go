package compile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/variable"
)

// checkNames sees to it that every variable of a validate rule begins with a name that there will be.
func checkNames(r *v1.Rule, spec *v1.Spec, path *field.Path) field.ErrorList {
	if r.Validate == nil {
		return nil
	}
	c := names{rule: r.Name, background: spec.BackgroundEnabled()}
	c.add(r.Context)
	c.addForEach(r.Validate.ForEach)
	document, err := asDocument(r)
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	for _, key := range []string{"match", "exclude"} {
		c.refuseAll(document[key], path.Child(key))
	}
	for _, key := range []string{"context", "preconditions", "validate", "reportProperties"} {
		// The message of a rule with foreach is made for the element that fails.
		c.walk(document[key], path.Child(key), key == "validate" && len(r.Validate.ForEach) > 0)
	}
	return c.errs
}

func asDocument(r *v1.Rule) (map[string]any, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	return document, kjson.Unmarshal(text, &document)
}

// names checks the variables of one rule.
type names struct {
	rule       string
	background bool
	// known are the names of context entries.
	known []string
	errs  field.ErrorList
}

func (c *names) add(context []v1.ContextEntry) {
	for i := range context {
		c.known = append(c.known, context[i].Name)
	}
}

func (c *names) addForEach(list []v1.ForEachValidation) {
	for i := range list {
		c.add(list[i].Context)
		c.addForEach(list[i].ForEach)
	}
}

func (c *names) walk(v any, path *field.Path, inForEach bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if key == "cel" && v[key] != nil {
				continue // CEL knows no such variables
			}
			c.check(key, path.Child(key), inForEach)
			c.walk(v[key], path.Child(key), inForEach || key == "foreach")
		}
	case []any:
		for i := range v {
			c.walk(v[i], path.Index(i), inForEach)
		}
	case string:
		c.check(v, path, inForEach)
	}
}

func (c *names) check(text string, path *field.Path, inForEach bool) {
	if !strings.Contains(text, "{{") {
		return
	}
	template, errs := variable.Compile(text, path)
	if len(errs) > 0 {
		return // whoever compiles the part says so
	}
	expressions := template.Expressions()
	if err := variable.CheckNames(expressions, c.known); err != nil {
		c.errs = append(c.errs, field.Invalid(path, text, fmt.Sprintf("policy contains invalid variables: variable substitution failed for rule %s: %v", c.rule, err)))
	}
	if i := slices.IndexFunc(expressions, variable.UsesElements); i >= 0 && !inForEach {
		c.errs = append(c.errs, field.Invalid(path, text, fmt.Sprintf("variable '%s' present outside of foreach: only there are elements", expressions[i])))
	}
	if c.background {
		if err := variable.CheckBackground(expressions); err != nil {
			c.errs = append(c.errs, field.Invalid(path, text, err.Error()))
		}
	}
}

// refuseAll refuses variables where a rule says what it concerns: there they would be taken literally.
func (c *names) refuseAll(v any, path *field.Path) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.refuseAll(v[key], path.Child(key))
		}
	case []any:
		for i := range v {
			c.refuseAll(v[i], path.Index(i))
		}
	case string:
		if strings.Contains(v, "{{") {
			c.errs = append(c.errs, field.Invalid(path, v, "variables are not allowed in match and exclude: use preconditions"))
		}
	}
}
