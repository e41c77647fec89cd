package kyverno

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Validator says what is wrong with a well-formed policy beyond its form: what does not compile, and what would not be
// done. Warnings go to the author of a policy without errors. It changes nothing.
type Validator interface {
	Validate(policy kyvernov1.Object) (warnings []string, errs field.ErrorList)
}
