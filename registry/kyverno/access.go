package kyverno

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/warning"
)

// Authorizer says whether somebody may do something.
type Authorizer interface {
	Authorize(ctx context.Context, request authorizer.Attributes) (authorizer.Decision, string, error)
}

// Denial says why somebody may not do something; it is empty if he may. What cannot be told is not allowed.
func Denial(ctx context.Context, asked Authorizer, request authorizer.AttributesRecord) string {
	if request.User == nil || request.User.GetName() == "" {
		return "it is not known who asks"
	}
	decision, _, err := asked.Authorize(ctx, request)
	switch {
	case decision == authorizer.DecisionAllow:
		return ""
	case err != nil:
		return fmt.Sprintf("whether %s may %s could not be told: %v", request.User.GetName(), doing(request), err)
	default:
		return fmt.Sprintf("%s may not %s", request.User.GetName(), doing(request))
	}
}

// doing writes a request as a sentence does: list secrets in the namespace team.
func doing(request authorizer.AttributesRecord) string {
	if request.Verb == "*" {
		return "do everything"
	}
	if !request.ResourceRequest {
		return fmt.Sprintf("%s %s", request.Verb, request.Path)
	}
	text := request.Verb + " " + request.Resource
	if request.Subresource != "" {
		text += "/" + request.Subresource
	}
	if request.APIGroup != "" {
		text += " of the group " + request.APIGroup
	}
	if request.Name != "" {
		text += fmt.Sprintf(" %q", request.Name)
	}
	if request.Namespace != "" {
		text += " in the namespace " + request.Namespace
	}
	return text
}

// Denied tells the client of errors, if there are any, also in the words by which people and scripts know that a policy
// was refused. It returns the errors.
func Denied(ctx context.Context, errs field.ErrorList) field.ErrorList {
	if len(errs) > 0 {
		warning.AddWarning(ctx, "", "validate-policy.kyverno.svc denied the request")
	}
	return errs
}
