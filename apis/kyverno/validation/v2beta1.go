package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// ValidateV2beta1 says what a spec holds that the version v2beta1 does not allow. It is for what is written through that
// version, beside the checks that hold for every version.
func ValidateV2beta1(spec *kyvernov1.Spec) field.ErrorList {
	var errs field.ErrorList
	for i := range spec.Rules {
		rule, path := &spec.Rules[i], specPath.Child("rules").Index(i)
		if len(checkNesting(path, rule)) > 0 {
			continue // The checks for every version say so.
		}
		errs = append(errs, matchInV2beta1(path.Child("match"), &rule.Match)...)
		if rule.Exclude != nil {
			errs = append(errs, matchInV2beta1(path.Child("exclude"), rule.Exclude)...)
		}
		walkRuleConditions(path, rule, func(at *field.Path, conditions conditionsField) {
			errs = append(errs, conditionsInV2beta1(at, conditions)...)
		})
		if rule.Validate != nil && rule.Validate.AllowExistingViolations != nil {
			errs = append(errs, notInV2beta1(path.Child("validate", "allowExistingViolations"), "remove it, or write the policy as v1"))
		}
		for j := range rule.VerifyImages {
			errs = append(errs, verificationInV2beta1(path.Child("verifyImages").Index(j), &rule.VerifyImages[j])...)
		}
	}
	return errs
}

func notInV2beta1(path *field.Path, advice string) *field.Error {
	return field.Forbidden(path, "v2beta1 does not allow it: "+advice)
}

func matchInV2beta1(path *field.Path, match *kyvernov1.MatchResources) field.ErrorList {
	var errs field.ErrorList
	for _, older := range []choice{
		{"resources", match.Resources != nil},
		{"subjects", len(match.Subjects) > 0},
		{"roles", len(match.Roles) > 0},
		{"clusterRoles", len(match.ClusterRoles) > 0},
	} {
		if older.set {
			errs = append(errs, notInV2beta1(path.Child(older.name), "move it into a filter under any"))
		}
	}
	walkFilters(path, match, func(at *field.Path, filter *kyvernov1.ResourceFilter) {
		if filter.Resources != nil && filter.Resources.Name != "" {
			errs = append(errs, notInV2beta1(at.Child("resources", "name"), "use names"))
		}
	})
	return errs
}

func conditionsInV2beta1(path *field.Path, f conditionsField) field.ErrorList {
	conditions, older, err := f.decode()
	if err != nil {
		return nil // The checks for every version say so.
	}
	var errs field.ErrorList
	if older {
		errs = append(errs, notInV2beta1(path, "move the list under all"))
	}
	walkConditions(path, conditions, older, func(at *field.Path, condition *kyvernov1.Condition) {
		switch condition.Operator {
		case kyvernov1.In:
			errs = append(errs, notInV2beta1(at.Child("operator"), "use AnyIn or AllIn"))
		case kyvernov1.NotIn:
			errs = append(errs, notInV2beta1(at.Child("operator"), "use AnyNotIn or AllNotIn"))
		}
	})
	return errs
}

func verificationInV2beta1(path *field.Path, verification *kyvernov1.ImageVerification) field.ErrorList {
	var errs field.ErrorList
	for _, older := range []struct {
		choice
		advice string
	}{
		{choice{"image", verification.Image != ""}, "use imageReferences"},
		{choice{"key", verification.Key != ""}, "use attestors"},
		{choice{"roots", verification.Roots != ""}, "use attestors"},
		{choice{"subject", verification.Subject != ""}, "use attestors"},
		{choice{"issuer", verification.Issuer != ""}, "use attestors"},
		{choice{"additionalExtensions", len(verification.AdditionalExtensions) > 0}, "use attestors"},
		{choice{"annotations", len(verification.Annotations) > 0}, "use attestors"},
		{choice{"cosignOCI11", verification.CosignOCI11 != nil}, "remove it, or write the policy as v1"},
	} {
		if older.set {
			errs = append(errs, notInV2beta1(path.Child(older.name), older.advice))
		}
	}
	return errs
}
