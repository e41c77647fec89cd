package wgpolicyk8s

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// Object is a report of either kind.
type Object interface {
	metav1.Object
	runtime.Object
}

// Resource is what the report kinds differ in.
type Resource struct {
	Plural, Singular, ShortName string
	Namespaced                  bool
	New                         func() runtime.Object
	NewList                     func() runtime.Object
	// Report is an object seen as a PolicyReport. It shares the object's memory and is only read.
	Report         func(runtime.Object) *v1alpha2.PolicyReport
	Validate       func(obj runtime.Object) field.ErrorList
	ValidateUpdate func(obj, old runtime.Object) field.ErrorList
}

// Config is what a resource is built with.
type Config struct {
	// Typer knows the kinds; it is the server's scheme.
	Typer   runtime.ObjectTyper
	Options generic.RESTOptionsGetter
}

// REST is a report kind as a resource.
type REST struct {
	*genericregistry.Store
	shortName string
}

var _ rest.ShortNamesProvider = &REST{}

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return []string{r.shortName} }

// NewStorage returns a report kind as a resource.
func NewStorage(resource Resource, config Config) (*REST, error) {
	reports := strategy{ObjectTyper: config.Typer, NameGenerator: names.SimpleNameGenerator, resource: resource}
	store := &genericregistry.Store{
		NewFunc:                   resource.New,
		NewListFunc:               resource.NewList,
		DefaultQualifiedResource:  v1alpha2.Resource(resource.Plural),
		SingularQualifiedResource: v1alpha2.Resource(resource.Singular),
		CreateStrategy:            reports,
		UpdateStrategy:            reports,
		DeleteStrategy:            reports,
		TableConvertor:            columns(resource),
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: config.Options}); err != nil {
		return nil, fmt.Errorf("resource %s: %w", resource.Plural, err)
	}
	return &REST{Store: store, shortName: resource.ShortName}, nil
}
