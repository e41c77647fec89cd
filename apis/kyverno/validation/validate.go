package validation

import (
	"bytes"
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func (c *checker) checkValidation(path *field.Path, validate *kyvernov1.Validation) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"pattern", validate.Pattern != nil},
		{"anyPattern", validate.AnyPattern != nil},
		{"deny", validate.Deny != nil},
		{"foreach", len(validate.ForEach) > 0},
		{"podSecurity", validate.PodSecurity != nil},
		{"cel", validate.CEL != nil},
		{"manifests", validate.Manifests != nil},
	}, "give each a rule of its own")
	errs = append(errs, checkRuleFailureAction(path.Child("failureAction"), validate.FailureAction)...)
	errs = append(errs, checkOverrides(path.Child("failureActionOverrides"), validate.FailureActionOverrides)...)
	errs = append(errs, checkAnyPattern(path.Child("anyPattern"), validate.AnyPattern)...)
	walkForEachValidation(path, validate.ForEach, func(at *field.Path, element *kyvernov1.ForEachValidation) {
		errs = append(errs, c.checkForEachValidation(at, element)...)
	})
	if validate.CEL != nil {
		errs = append(errs, c.checkCEL(path.Child("cel"), validate.CEL)...)
	}
	if validate.Manifests != nil {
		errs = append(errs, checkManifests(path.Child("manifests"), validate.Manifests)...)
	}
	return errs
}

func (c *checker) checkForEachValidation(path *field.Path, element *kyvernov1.ForEachValidation) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"pattern", element.Pattern != nil},
		{"anyPattern", element.AnyPattern != nil},
		{"deny", element.Deny != nil},
		{"foreach", len(element.ForEach) > 0},
	}, "give each an entry of its own")
	errs = append(errs, requireList(path.Child("list"), element.List)...)
	errs = append(errs, c.checkContext(path.Child("context"), element.Context, nestedContext)...)
	return append(errs, checkAnyPattern(path.Child("anyPattern"), element.AnyPattern)...)
}

// requireList checks the expression of a foreach.
func requireList(path *field.Path, list string) field.ErrorList {
	if strings.TrimSpace(list) != "" {
		return nil
	}
	return field.ErrorList{field.Required(path, "write a JMESPath expression that yields the elements, such as request.object.spec.containers")}
}

func checkAnyPattern(path *field.Path, patterns *apiextensionsv1.JSON) field.ErrorList {
	if patterns == nil || bytes.HasPrefix(bytes.TrimSpace(patterns.Raw), []byte("[")) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, string(patterns.Raw), "write a list of patterns, or use pattern for a single one")}
}

func (c *checker) checkCEL(path *field.Path, cel *kyvernov1.CEL) field.ErrorList {
	var errs field.ErrorList
	if cel.ParamRef != nil && c.namespaced && cel.ParamRef.Namespace != "" && cel.ParamRef.Namespace != c.namespace {
		errs = append(errs, field.Invalid(path.Child("paramRef", "namespace"), cel.ParamRef.Namespace,
			fmt.Sprintf("a Policy reads parameters of its own namespace only: say %s, or write a ClusterPolicy", c.namespace)))
	}
	if len(cel.Expressions) == 0 {
		errs = append(errs, field.Required(path.Child("expressions"), "write at least one expression"))
	}
	for i, validation := range cel.Expressions {
		errs = append(errs, requireExpression(path.Child("expressions").Index(i).Child("expression"), validation.Expression)...)
	}
	names := sets.New[string]()
	for i, variable := range cel.Variables {
		at := path.Child("variables").Index(i)
		if variable.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "give the variable a name"))
		} else if names.Has(variable.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), variable.Name))
		}
		names.Insert(variable.Name)
		errs = append(errs, requireExpression(at.Child("expression"), variable.Expression)...)
	}
	return errs
}

func requireExpression(path *field.Path, expression string) field.ErrorList {
	if strings.TrimSpace(expression) != "" {
		return nil
	}
	return field.ErrorList{field.Required(path, "write a CEL expression")}
}

func checkManifests(path *field.Path, manifests *kyvernov1.Manifests) field.ErrorList {
	if len(manifests.Attestors) == 0 {
		return field.ErrorList{field.Required(path.Child("attestors"), "say who must have signed")}
	}
	return checkAttestorSets(path.Child("attestors"), manifests.Attestors, kyvernov1.Cosign)
}
