package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// maxNesting is how deep a foreach or a set of attestors may hold others of its kind. No policy needs as much; without a
// bound the paths in error messages grow with the square of a hostile policy.
const maxNesting = 8

// checkNesting refuses what is nested too deep. Other checks rely on it and need not count.
func checkNesting(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	var errs field.ErrorList
	check := func(at *field.Path, depth int) {
		if depth > maxNesting {
			errs = append(errs, field.Invalid(at, depth, fmt.Sprintf("nested too deep: use at most %d levels", maxNesting)))
		}
	}
	if rule.Validate != nil {
		at := path.Child("validate")
		check(at.Child("foreach"), validationDepth(rule.Validate.ForEach))
		if rule.Validate.Manifests != nil {
			check(at.Child("manifests", "attestors"), attestorDepth(rule.Validate.Manifests.Attestors))
		}
	}
	if rule.Mutate != nil {
		check(path.Child("mutate", "foreach"), mutationDepth(rule.Mutate.ForEach))
	}
	for i, verification := range rule.VerifyImages {
		at := path.Child("verifyImages").Index(i)
		check(at.Child("attestors"), attestorDepth(verification.Attestors))
		for j, attestation := range verification.Attestations {
			check(at.Child("attestations").Index(j).Child("attestors"), attestorDepth(attestation.Attestors))
		}
	}
	return errs
}

func validationDepth(elements []kyvernov1.ForEachValidation) int {
	depth := 0
	for i := range elements {
		depth = max(depth, 1+validationDepth(elements[i].ForEach))
	}
	return depth
}

func mutationDepth(elements []kyvernov1.ForEachMutation) int {
	depth := 0
	for i := range elements {
		depth = max(depth, 1+mutationDepth(elements[i].ForEach))
	}
	return depth
}

func attestorDepth(sets []kyvernov1.AttestorSet) int {
	depth := 0
	for i := range sets {
		depth = max(depth, 1+nestedAttestorDepth(&sets[i]))
	}
	return depth
}

func nestedAttestorDepth(set *kyvernov1.AttestorSet) int {
	depth := 0
	for i := range set.Entries {
		if inner := set.Entries[i].Attestor; inner != nil {
			depth = max(depth, 1+nestedAttestorDepth(inner))
		}
	}
	return depth
}
