package validation

import (
	"fmt"
	"slices"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// ValidatePolicyException says what is wrong with a new PolicyException.
func ValidatePolicyException(exception *kyvernov2.PolicyException) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMeta(&exception.ObjectMeta, true, apimachineryvalidation.NameIsDNSSubdomain, metadataPath)
	return append(errs, checkException(specPath, &exception.Spec)...)
}

// ValidatePolicyExceptionUpdate says what is wrong with a changed PolicyException. A change that leaves the spec alone is
// not held against the spec.
func ValidatePolicyExceptionUpdate(exception, old *kyvernov2.PolicyException) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&exception.ObjectMeta, &old.ObjectMeta, metadataPath)
	if apiequality.Semantic.DeepEqual(exception.Spec, old.Spec) {
		return errs
	}
	return append(errs, checkException(specPath, &exception.Spec)...)
}

func checkException(path *field.Path, spec *kyvernov2.PolicyExceptionSpec) field.ErrorList {
	errs := checkExceptionMatch(path.Child("match"), spec)
	if spec.Conditions != nil {
		errs = append(errs, checkConditions(path.Child("conditions"), conditionsField{typed: spec.Conditions}, exceptionOperators)...)
	}
	exceptions := path.Child("exceptions")
	if len(spec.Exceptions) == 0 {
		errs = append(errs, field.Required(exceptions, "say from which rules of which policies the resources are exempt"))
	}
	for i := range spec.Exceptions {
		errs = append(errs, checkExemption(exceptions.Index(i), &spec.Exceptions[i])...)
	}
	for i := range spec.PodSecurity {
		errs = append(errs, checkPodSecurityExclusion(path.Child("podSecurity").Index(i), &spec.PodSecurity[i], "")...)
	}
	return errs
}

// checkExceptionMatch checks what is exempt. Unlike the match of a rule it need not name kinds, for a rule does that
// already, and may be empty: then it fits nothing, which is worth a warning.
func checkExceptionMatch(path *field.Path, spec *kyvernov2.PolicyExceptionSpec) field.ErrorList {
	match := &spec.Match
	if !isEmptyFilter(&match.ResourceFilter) {
		return field.ErrorList{field.Forbidden(path, "resources, subjects, roles and clusterRoles stand in filters: move them under any")}
	}
	errs := checkForms(path, match)
	// What a filter may hold is the same as in a policy of the whole cluster.
	c := checker{spec: &kyvernov1.Spec{Background: spec.Background}}
	walkFilters(path, match, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if filter.Resources != nil && filter.Resources.Name != "" {
			errs = append(errs, field.Forbidden(at.Child("resources", "name"), "exceptions do not have it: use names"))
		}
		errs = append(errs, c.checkFilter(at, filter)...)
	})
	return errs
}

func checkExemption(path *field.Path, exemption *kyvernov2.Exception) field.ErrorList {
	var errs field.ErrorList
	name := path.Child("policyName")
	switch parts := strings.Split(exemption.PolicyName, "/"); {
	case exemption.PolicyName == "":
		errs = append(errs, field.Required(name, "name the policy: a ClusterPolicy as name, a Policy as namespace/name"))
	case len(parts) > 2 || slices.Contains(parts, ""):
		errs = append(errs, field.Invalid(name, exemption.PolicyName, "write a ClusterPolicy as name, a Policy as namespace/name"))
	}
	rules := path.Child("ruleNames")
	if len(exemption.RuleNames) == 0 {
		errs = append(errs, field.Required(rules, "name the rules; wildcards are allowed"))
	}
	for i, rule := range exemption.RuleNames {
		if rule == "" {
			errs = append(errs, field.Required(rules.Index(i), "name a rule; wildcards are allowed"))
		}
	}
	return errs
}

// ExceptionWarnings says what is valid in an exception and had better be written otherwise, each with the path of the
// field.
func ExceptionWarnings(exception *kyvernov2.PolicyException) []string {
	var warnings []string
	if exception.Spec.Conditions != nil {
		warnings = operatorWarnings(specPath.Child("conditions"), conditionsField{typed: exception.Spec.Conditions})
	}
	match := &exception.Spec.Match
	if len(match.Any) == 0 && len(match.All) == 0 {
		warnings = append(warnings, fmt.Sprintf("%s: it is empty, and nothing is exempt: say under any which resources are.", specPath.Child("match")))
	}
	walkFilters(specPath.Child("match"), match, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if isEmptyFilter(filter) {
			warnings = append(warnings, fmt.Sprintf("%s: an empty filter exempts nothing: say which resources are exempt, or remove it.", at))
		}
	})
	warnings = append(warnings, exclusionWarnings(specPath.Child("podSecurity"), exception.Spec.PodSecurity)...)
	for i, exemption := range exception.Spec.Exceptions {
		if strings.ContainsAny(exemption.PolicyName, "*?") {
			warnings = append(warnings, fmt.Sprintf("%s: names of policies are compared as they are written, and no policy can be named %q: nothing is exempt from it.",
				specPath.Child("exceptions").Index(i).Child("policyName"), exemption.PolicyName))
		}
	}
	return warnings
}
