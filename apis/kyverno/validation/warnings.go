package validation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Warnings says what is valid in a policy and had better be written otherwise, each with the path of the field.
func Warnings(policy kyvernov1.Object) []string {
	spec := policy.PolicySpec()
	warnings := failureActionWarnings(spec)
	if len(spec.Rules) == 0 {
		warnings = append(warnings, fmt.Sprintf("%s: the policy has no rules and does nothing.", specPath.Child("rules")))
	}
	for i := range spec.Rules {
		rule, path := &spec.Rules[i], specPath.Child("rules").Index(i)
		if rule.Exclude != nil {
			warnings = append(warnings, emptyFilterWarnings(path.Child("exclude"), rule.Exclude)...)
		}
		walkRuleConditions(path, rule, func(at *field.Path, conditions conditionsField) {
			warnings = append(warnings, operatorWarnings(at, conditions)...)
		})
		warnings = append(warnings, statusWarnings(rule)...)
		warnings = append(warnings, bypassWarnings(path, rule)...)
		for j, verification := range rule.VerifyImages {
			for k, attestation := range verification.Attestations {
				if attestation.PredicateType != "" {
					warnings = append(warnings, fmt.Sprintf("%s: predicateType has been deprecated, use type instead.",
						path.Child("verifyImages").Index(j).Child("attestations").Index(k).Child("predicateType")))
				}
			}
		}
	}
	return append(warnings, lostNullWarnings(policy)...)
}

// lostNullWarnings warns of what a pattern demands to be null or absent and no longer does: kubectl apply drops every
// null from an object that it creates, and keeps it in its record of what was applied.
func lostNullWarnings(policy kyvernov1.Object) []string {
	record, recorded := policy.GetAnnotations()[corev1.LastAppliedConfigAnnotation]
	var applied struct {
		Spec kyvernov1.Spec `json:"spec"`
	}
	if !recorded || json.Unmarshal([]byte(record), &applied) != nil {
		return nil // What is recorded is kubectl's, and decides nothing.
	}
	var warnings []string
	rules := policy.PolicySpec().Rules
	for i := range min(len(rules), len(applied.Spec.Rules)) {
		was, is := applied.Spec.Rules[i].Validate, rules[i].Validate
		if was == nil || is == nil {
			continue
		}
		path := specPath.Child("rules").Index(i).Child("validate")
		for _, at := range slices.Concat(lostNulls(path.Child("pattern"), was.Pattern, is.Pattern),
			lostNulls(path.Child("anyPattern"), was.AnyPattern, is.AnyPattern)) {
			warnings = append(warnings, fmt.Sprintf("%s: kubectl apply has dropped this null, and with it what it demands: apply once more, or with --server-side.", at))
		}
	}
	return warnings
}

func lostNulls(path *field.Path, was, is *apiextensionsv1.JSON) []*field.Path {
	var before, now any
	if was == nil || is == nil || json.Unmarshal(was.Raw, &before) != nil || json.Unmarshal(is.Raw, &now) != nil {
		return nil
	}
	return missingNulls(path, before, now)
}

func missingNulls(path *field.Path, was, is any) []*field.Path {
	var lost []*field.Path
	switch was := was.(type) {
	case map[string]any:
		is, ok := is.(map[string]any)
		if !ok {
			return nil
		}
		for _, key := range slices.Sorted(maps.Keys(was)) {
			value, there := is[key]
			switch {
			case there:
				lost = append(lost, missingNulls(path.Child(key), was[key], value)...)
			case was[key] == nil:
				lost = append(lost, path.Child(key))
			}
		}
	case []any:
		is, ok := is.([]any)
		if !ok {
			return nil
		}
		for i := range min(len(was), len(is)) {
			lost = append(lost, missingNulls(path.Index(i), was[i], is[i])...)
		}
	}
	return lost
}

func emptyFilterWarnings(path *field.Path, exclude *kyvernov1.MatchResources) []string {
	var warnings []string
	walkFilters(path, exclude, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if isEmptyFilter(filter) {
			warnings = append(warnings, fmt.Sprintf("%s: an empty filter excludes nothing: say what is excluded, or remove it.", at))
		}
	})
	return warnings
}

// failureActionWarnings warns of the older spelling, of the policy and of overrides, where alone it is valid.
func failureActionWarnings(spec *kyvernov1.Spec) []string {
	var warnings []string
	warn := func(path *field.Path, action kyvernov1.FailureAction) {
		if action == kyvernov1.AuditLowerCase || action == kyvernov1.EnforceLowerCase {
			warnings = append(warnings, fmt.Sprintf("%s: Validation failure actions enforce/audit are deprecated, use Enforce/Audit instead.", path))
		}
	}
	warn(specPath.Child("validationFailureAction"), spec.ValidationFailureAction)
	overrides := func(path *field.Path, overrides []kyvernov1.FailureActionOverride) {
		for i, override := range overrides {
			warn(path.Index(i).Child("action"), override.Action)
		}
	}
	overrides(specPath.Child("validationFailureActionOverrides"), spec.ValidationFailureActionOverrides)
	for i, rule := range spec.Rules {
		if rule.Validate != nil {
			overrides(specPath.Child("rules").Index(i).Child("validate", "failureActionOverrides"), rule.Validate.FailureActionOverrides)
		}
	}
	return warnings
}

// replacements are the operators to use instead of deprecated ones.
var replacements = map[kyvernov1.ConditionOperator]string{
	kyvernov1.In:                          "AnyIn or AllIn",
	kyvernov1.NotIn:                       "AnyNotIn or AllNotIn",
	kyvernov1.DurationGreaterThan:         "GreaterThan",
	kyvernov1.DurationGreaterThanOrEquals: "GreaterThanOrEquals",
	kyvernov1.DurationLessThan:            "LessThan",
	kyvernov1.DurationLessThanOrEquals:    "LessThanOrEquals",
}

func operatorWarnings(path *field.Path, f conditionsField) []string {
	conditions, older, err := f.decode()
	if err != nil {
		return nil // An error says so.
	}
	var warnings []string
	walkConditions(path, conditions, older, func(at *field.Path, condition *kyvernov1.Condition) {
		if replacement, deprecated := replacements[condition.Operator]; deprecated {
			warnings = append(warnings, fmt.Sprintf("%s: the operator %s is deprecated, use %s instead.", at.Child("operator"), condition.Operator, replacement))
		}
	})
	return warnings
}
