package wgpolicyk8s

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// strategy prepares and checks what is written to a report.
type strategy struct {
	runtime.ObjectTyper
	names.NameGenerator
	resource Resource
}

var (
	_ rest.RESTCreateStrategy = strategy{}
	_ rest.RESTUpdateStrategy = strategy{}
	_ rest.RESTDeleteStrategy = strategy{}
)

func (s strategy) NamespaceScoped() bool { return s.resource.Namespaced }

func (s strategy) PrepareForCreate(_ context.Context, obj runtime.Object) {
	obj.(metav1.Object).SetGeneration(1)
}

// PrepareForUpdate counts generations: of everything but the metadata, since a report has no status.
func (s strategy) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	if !sameContent(s.resource.Report(obj), s.resource.Report(old)) {
		obj.(metav1.Object).SetGeneration(old.(metav1.Object).GetGeneration() + 1)
	}
}

func (s strategy) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	return s.resource.Validate(obj)
}

func (s strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return s.resource.ValidateUpdate(obj, old)
}

func (s strategy) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

func (s strategy) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// Canonicalize changes nothing: what was applied is what is read back.
func (s strategy) Canonicalize(runtime.Object) {}

func (s strategy) AllowCreateOnUpdate(context.Context) bool { return false }

func (s strategy) AllowUnconditionalUpdate(context.Context) bool { return true }

func sameContent(a, b *v1alpha2.PolicyReport) bool {
	return apiequality.Semantic.DeepEqual(a.Scope, b.Scope) &&
		apiequality.Semantic.DeepEqual(a.ScopeSelector, b.ScopeSelector) &&
		a.Summary == b.Summary &&
		apiequality.Semantic.DeepEqual(a.Results, b.Results)
}
