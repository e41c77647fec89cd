// Package policyexception is the kind PolicyException as a resource: how an exception is prepared and checked before it
// is stored, who may write a broad one, and what is said of it when it is read.
//
// An exception has no status of its own that anybody writes: whether it is applied follows from two settings and its
// namespace, and is told with each answer. What the engine has to say about an exception comes through a Validator. Only
// registry calls this package, and cmd/edict-server/app has the same Settings hold for evaluation.
package policyexception

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"

	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/registry/kyverno"
	"github.com/edict-dev/edict/registry/table"
)

// Config is what the resource is built with.
type Config struct {
	// Typer knows the kinds; it is the server's scheme.
	Typer     runtime.ObjectTyper
	Options   generic.RESTOptionsGetter
	Validator Validator
	// Authorizer says who may edit policies.
	Authorizer kyverno.Authorizer
	Settings   Settings
}

// REST is the resource policyexceptions.
type REST struct{ *genericregistry.Store }

var (
	_ rest.ShortNamesProvider = &REST{}
	_ rest.CategoriesProvider = &REST{}
)

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return []string{"polex"} }

// Categories implements rest.CategoriesProvider.
func (r *REST) Categories() []string { return []string{kyverno.Category} }

// NewStorage returns the resource policyexceptions.
func NewStorage(config Config) (*REST, error) {
	exceptions := strategy{
		ObjectTyper: config.Typer, NameGenerator: names.SimpleNameGenerator,
		validator: config.Validator, authorizer: config.Authorizer, settings: config.Settings,
	}
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return &kyvernov2.PolicyException{} },
		NewListFunc:               func() runtime.Object { return &kyvernov2.PolicyExceptionList{} },
		DefaultQualifiedResource:  kyvernov2.Resource("policyexceptions"),
		SingularQualifiedResource: kyvernov2.Resource("policyexception"),
		CreateStrategy:            exceptions,
		UpdateStrategy:            exceptions,
		DeleteStrategy:            exceptions,
		ResetFieldsStrategy:       exceptions,
		TableConvertor:            table.Columns[*kyvernov2.PolicyException]{table.Age[*kyvernov2.PolicyException]()},
		Decorator:                 teller{settings: config.Settings, since: time.Now()}.tell,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{RESTOptions: config.Options}); err != nil {
		return nil, fmt.Errorf("resource policyexceptions: %w", err)
	}
	return &REST{Store: store}, nil
}
