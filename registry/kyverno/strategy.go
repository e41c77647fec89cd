package kyverno

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
	"github.com/edict-dev/edict/apis/kyverno/validation"
)

// strategy prepares and checks what is written to a policy itself; its status is written through statusStrategy.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	resource   Resource
	validator  Validator
	authorizer Authorizer
}

var (
	_ rest.RESTCreateStrategy  = strategy{}
	_ rest.RESTUpdateStrategy  = strategy{}
	_ rest.RESTDeleteStrategy  = strategy{}
	_ rest.ResetFieldsStrategy = strategy{}
)

func (s strategy) NamespaceScoped() bool { return s.resource.Namespaced }

// PrepareForCreate drops the status that a client sent and records who the client is.
func (s strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	policy := obj.(kyvernov1.Object)
	policy.SetGeneration(1)
	*policy.PolicyStatus() = kyvernov1.PolicyStatus{Author: author(ctx)}
}

// PrepareForUpdate keeps the status. A changed spec is a new generation, and its author is whoever changed it.
func (s strategy) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	policy, previous := obj.(kyvernov1.Object), old.(kyvernov1.Object)
	*policy.PolicyStatus() = *previous.PolicyStatus()
	if !sameSpec(policy, previous) {
		policy.SetGeneration(previous.GetGeneration() + 1)
		policy.PolicyStatus().Author = author(ctx)
	}
}

func (s strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	policy := obj.(kyvernov1.Object)
	return Denied(ctx, s.judge(ctx, policy, s.resource.Validate(policy)))
}

func (s strategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	policy, previous := obj.(kyvernov1.Object), old.(kyvernov1.Object)
	errs := s.resource.ValidateUpdate(policy, previous)
	switch {
	case !sameSpec(policy, previous):
		errs = s.judge(ctx, policy, errs)
	case len(errs) == 0 && !sameAnnotations(policy, previous):
		errs = s.judgeAnnotations(ctx, policy, previous)
	}
	return Denied(ctx, errs)
}

// judge adds what is wrong with a spec that is well formed so far.
func (s strategy) judge(ctx context.Context, policy kyvernov1.Object, errs field.ErrorList) field.ErrorList {
	errs = append(errs, validateVersion(ctx, policy)...)
	errs = append(errs, checkSources(policy.PolicySpec())...)
	if len(errs) > 0 {
		return errs
	}
	if errs = s.validator.Validate(ctx, policy); len(errs) > 0 {
		return errs
	}
	if s.resource.Namespaced {
		return borrowed(ctx, s.authorizer, policy)
	}
	return nil // Authors of ClusterPolicies are trusted everywhere: they are warned.
}

// judgeAnnotations says what is wrong with annotations. A policy that is stored with errors, by an older version for
// example, may still be annotated.
func (s strategy) judgeAnnotations(ctx context.Context, policy, previous kyvernov1.Object) field.ErrorList {
	errs := s.validator.Validate(ctx, policy)
	if len(errs) > 0 && len(s.validator.Validate(ctx, previous)) > 0 {
		return nil
	}
	return errs
}

func (s strategy) WarningsOnCreate(ctx context.Context, obj runtime.Object) []string {
	policy := obj.(kyvernov1.Object)
	return append(s.warnings(ctx, policy), s.rightsWarnings(ctx, policy)...)
}

func (s strategy) WarningsOnUpdate(ctx context.Context, obj, old runtime.Object) []string {
	policy, previous := obj.(kyvernov1.Object), old.(kyvernov1.Object)
	if !sameSpec(policy, previous) {
		return s.WarningsOnCreate(ctx, policy)
	}
	if !sameAnnotations(policy, previous) {
		return s.warnings(ctx, policy)
	}
	return nil
}

func (s strategy) warnings(ctx context.Context, policy kyvernov1.Object) []string {
	return append(validation.Warnings(policy), s.validator.Warnings(ctx, policy)...)
}

// rightsWarnings are for ClusterPolicies; others were refused.
func (s strategy) rightsWarnings(ctx context.Context, policy kyvernov1.Object) []string {
	if s.resource.Namespaced {
		return nil
	}
	var warnings []string
	for _, err := range borrowed(ctx, s.authorizer, policy) {
		warnings = append(warnings, fmt.Sprintf("%s: %s.", err.Field, err.Detail))
	}
	return warnings
}

// Canonicalize changes nothing: what was applied is what is read back.
func (s strategy) Canonicalize(runtime.Object) {}

func (s strategy) AllowCreateOnUpdate(context.Context) bool { return false }

func (s strategy) AllowUnconditionalUpdate(context.Context) bool { return true }

// GetResetFields are those that no client owns by applying a policy.
func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return inEachVersion(fieldpath.NewSet(fieldpath.MakePathOrDie("status")))
}

func inEachVersion(set *fieldpath.Set) map[fieldpath.APIVersion]*fieldpath.Set {
	return map[fieldpath.APIVersion]*fieldpath.Set{
		fieldpath.APIVersion(kyvernov1.SchemeGroupVersion.String()):      set,
		fieldpath.APIVersion(kyvernov2beta1.SchemeGroupVersion.String()): set,
	}
}

// validateVersion holds what is written through a version against what that version allows.
func validateVersion(ctx context.Context, policy kyvernov1.Object) field.ErrorList {
	info, ok := genericapirequest.RequestInfoFrom(ctx)
	if !ok || info.APIVersion != kyvernov2beta1.SchemeGroupVersion.Version {
		return nil
	}
	return validation.ValidateV2beta1(policy.PolicySpec())
}

func sameSpec(policy, previous kyvernov1.Object) bool {
	return SameSpec(policy.PolicySpec(), previous.PolicySpec())
}

// SameSpec tells whether two specs are the same as JSON. Fields that hold any JSON keep the bytes that were sent, which a
// patch writes anew in another order; that is no change.
func SameSpec(a, b any) bool {
	return reflect.DeepEqual(a, b) || reflect.DeepEqual(asJSON(a), asJSON(b))
}

func asJSON(spec any) any {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return err // equal to nothing but the same failure, so it counts as a change
	}
	var decoded any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		return err
	}
	return decoded
}

func sameAnnotations(policy, previous kyvernov1.Object) bool {
	return maps.Equal(policy.GetAnnotations(), previous.GetAnnotations())
}
