package kyverno

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Validator says what is wrong with a well-formed policy beyond its form: what does not compile, what would not be done,
// and what cannot be with the kinds that there are. It changes nothing.
type Validator interface {
	Validate(ctx context.Context, policy kyvernov1.Object) field.ErrorList
	// Warnings go to the author of a policy without errors.
	Warnings(ctx context.Context, policy kyvernov1.Object) []string
}
