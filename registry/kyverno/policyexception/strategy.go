package policyexception

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
	"github.com/edict-dev/edict/apis/kyverno/validation"
	"github.com/edict-dev/edict/registry/kyverno"
)

// Validator says what is wrong with a well-formed exception beyond its form: what does not compile. It changes nothing.
type Validator interface {
	ValidateException(exception *kyvernov2.PolicyException) field.ErrorList
}

// strategy prepares and checks what is written to an exception.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	validator  Validator
	authorizer kyverno.Authorizer
	settings   Settings
}

var (
	_ rest.RESTCreateStrategy  = strategy{}
	_ rest.RESTUpdateStrategy  = strategy{}
	_ rest.RESTDeleteStrategy  = strategy{}
	_ rest.ResetFieldsStrategy = strategy{}
)

func (s strategy) NamespaceScoped() bool { return true }

// PrepareForCreate drops the status that a client sent: it is told when the exception is read.
func (s strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	exception := obj.(*kyvernov2.PolicyException)
	exception.Generation = 1
	exception.Status = kyvernov2.PolicyExceptionStatus{}
}

// PrepareForUpdate drops the status. A changed spec is a new generation.
func (s strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	exception, previous := obj.(*kyvernov2.PolicyException), old.(*kyvernov2.PolicyException)
	exception.Status = kyvernov2.PolicyExceptionStatus{}
	if !kyverno.SameSpec(&exception.Spec, &previous.Spec) {
		exception.Generation = previous.Generation + 1
	}
}

func (s strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	exception := obj.(*kyvernov2.PolicyException)
	return kyverno.Denied(ctx, s.judge(ctx, exception, validation.ValidatePolicyException(exception)))
}

func (s strategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	exception, previous := obj.(*kyvernov2.PolicyException), old.(*kyvernov2.PolicyException)
	errs := validation.ValidatePolicyExceptionUpdate(exception, previous)
	if !kyverno.SameSpec(&exception.Spec, &previous.Spec) {
		errs = s.judge(ctx, exception, errs)
	}
	return kyverno.Denied(ctx, errs)
}

// judge adds what is wrong with a spec that is well formed so far.
func (s strategy) judge(ctx context.Context, exception *kyvernov2.PolicyException, errs field.ErrorList) field.ErrorList {
	if len(errs) > 0 {
		return errs
	}
	if errs = s.validator.ValidateException(exception); len(errs) > 0 {
		return errs
	}
	return s.checkScope(ctx, exception)
}

func (s strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return s.warnings(obj.(*kyvernov2.PolicyException))
}

func (s strategy) WarningsOnUpdate(_ context.Context, obj, old runtime.Object) []string {
	exception, previous := obj.(*kyvernov2.PolicyException), old.(*kyvernov2.PolicyException)
	if kyverno.SameSpec(&exception.Spec, &previous.Spec) {
		return nil
	}
	return s.warnings(exception)
}

func (s strategy) warnings(exception *kyvernov2.PolicyException) []string {
	var warnings []string
	if refusal := s.settings.refuses(exception.Namespace); refusal != nil {
		warnings = append(warnings, refusal.warning)
	}
	return append(warnings, validation.ExceptionWarnings(exception)...)
}

// Canonicalize changes nothing: what was applied is what is read back.
func (s strategy) Canonicalize(runtime.Object) {}

func (s strategy) AllowCreateOnUpdate(context.Context) bool { return false }

func (s strategy) AllowUnconditionalUpdate(context.Context) bool { return true }

// GetResetFields are those that no client owns by applying an exception.
func (s strategy) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	status := fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	return map[fieldpath.APIVersion]*fieldpath.Set{
		fieldpath.APIVersion(kyvernov2.SchemeGroupVersion.String()):      status,
		fieldpath.APIVersion(kyvernov2beta1.SchemeGroupVersion.String()): status,
	}
}
