package kyverno

import (
	"context"
	"encoding/json"
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
	resource  Resource
	validator Validator
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
	errs := append(s.resource.Validate(policy), validateVersion(ctx, policy)...)
	if len(errs) > 0 {
		return errs
	}
	_, errs = s.validator.Validate(policy)
	return errs
}

func (s strategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	policy, previous := obj.(kyvernov1.Object), old.(kyvernov1.Object)
	errs := s.resource.ValidateUpdate(policy, previous)
	same := sameSpec(policy, previous)
	if !same {
		errs = append(errs, validateVersion(ctx, policy)...)
	}
	if len(errs) > 0 || same && sameAnnotations(policy, previous) {
		return errs
	}
	_, errs = s.validator.Validate(policy)
	if len(errs) > 0 && same {
		// A policy that is stored with errors, by an older version for example, may still be annotated.
		if _, before := s.validator.Validate(previous); len(before) > 0 {
			return nil
		}
	}
	return errs
}

func (s strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return s.warnings(obj.(kyvernov1.Object))
}

func (s strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	policy, previous := obj.(kyvernov1.Object), old.(kyvernov1.Object)
	if sameSpec(policy, previous) && sameAnnotations(policy, previous) {
		return nil
	}
	return s.warnings(policy)
}

func (s strategy) warnings(policy kyvernov1.Object) []string {
	warnings, _ := s.validator.Validate(policy)
	return append(validation.Warnings(policy), warnings...)
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

// sameSpec tells whether two policies have the same spec as JSON. Fields that hold any JSON keep the bytes that were
// sent, which a patch writes anew in another order; that is no change.
func sameSpec(policy, previous kyvernov1.Object) bool {
	a, b := policy.PolicySpec(), previous.PolicySpec()
	return reflect.DeepEqual(a, b) || reflect.DeepEqual(asJSON(a), asJSON(b))
}

func asJSON(spec *kyvernov1.Spec) any {
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
