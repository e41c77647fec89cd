package kyverno

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Category is the name under which kubectl finds all policy kinds at once.
const Category = "kyverno"

// Resource is what the policy kinds differ in.
type Resource struct {
	Plural, Singular, ShortName string
	Namespaced                  bool
	New                         func() runtime.Object
	NewList                     func() runtime.Object
	// Overwrite makes an object a deep copy of another one.
	Overwrite            func(policy, with kyvernov1.Object)
	Validate             func(policy kyvernov1.Object) field.ErrorList
	ValidateUpdate       func(policy, old kyvernov1.Object) field.ErrorList
	ValidateStatusUpdate func(policy, old kyvernov1.Object) field.ErrorList
}

// Config is what a resource is built with.
type Config struct {
	// Typer knows the kinds; it is the server's scheme.
	Typer     runtime.ObjectTyper
	Options   generic.RESTOptionsGetter
	Validator Validator
	// Authorizer says what the author of a policy may read, and may therefore have it read.
	Authorizer Authorizer
}

// REST is a policy kind as a resource.
type REST struct {
	*genericregistry.Store
	shortName string
}

var (
	_ rest.ShortNamesProvider = &REST{}
	_ rest.CategoriesProvider = &REST{}
)

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return []string{r.shortName} }

// Categories implements rest.CategoriesProvider.
func (r *REST) Categories() []string { return []string{Category} }

// NewStorage returns a policy kind as a resource, and its status as a subresource.
func NewStorage(resource Resource, config Config) (*REST, *StatusREST, error) {
	policies := strategy{
		ObjectTyper: config.Typer, NameGenerator: names.SimpleNameGenerator,
		resource: resource, validator: config.Validator, authorizer: config.Authorizer,
	}
	store := &genericregistry.Store{
		NewFunc:                   resource.New,
		NewListFunc:               resource.NewList,
		DefaultQualifiedResource:  kyvernov1.Resource(resource.Plural),
		SingularQualifiedResource: kyvernov1.Resource(resource.Singular),
		CreateStrategy:            policies,
		UpdateStrategy:            policies,
		DeleteStrategy:            policies,
		ResetFieldsStrategy:       policies,
		TableConvertor:            columns,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: config.Options}); err != nil {
		return nil, nil, fmt.Errorf("resource %s: %w", resource.Plural, err)
	}
	status := *store
	status.UpdateStrategy = statusStrategy{policies}
	status.ResetFieldsStrategy = statusStrategy{policies}
	return &REST{Store: store, shortName: resource.ShortName}, &StatusREST{store: &status}, nil
}
