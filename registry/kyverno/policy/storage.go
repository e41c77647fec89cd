// Package policy is the kind Policy as a resource: its names and its validation. All else it has in common with
// ClusterPolicy, in package kyverno. Only registry calls it.
package policy

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/kyverno/validation"
	"github.com/edict-dev/edict/registry/kyverno"
)

var resource = kyverno.Resource{
	Plural: "policies", Singular: "policy", ShortName: "pol",
	Namespaced: true,
	New:        func() runtime.Object { return &kyvernov1.Policy{} },
	NewList:    func() runtime.Object { return &kyvernov1.PolicyList{} },
	Overwrite: func(policy, with kyvernov1.Object) {
		with.(*kyvernov1.Policy).DeepCopyInto(policy.(*kyvernov1.Policy))
	},
	Validate: func(policy kyvernov1.Object) field.ErrorList {
		return validation.ValidatePolicy(policy.(*kyvernov1.Policy))
	},
	ValidateUpdate: func(policy, old kyvernov1.Object) field.ErrorList {
		return validation.ValidatePolicyUpdate(policy.(*kyvernov1.Policy), old.(*kyvernov1.Policy))
	},
	ValidateStatusUpdate: func(policy, old kyvernov1.Object) field.ErrorList {
		return validation.ValidatePolicyStatusUpdate(policy.(*kyvernov1.Policy), old.(*kyvernov1.Policy))
	},
}

// NewStorage returns the resource policies and its subresource status.
func NewStorage(config kyverno.Config) (*kyverno.REST, *kyverno.StatusREST, error) {
	return kyverno.NewStorage(resource, config)
}
