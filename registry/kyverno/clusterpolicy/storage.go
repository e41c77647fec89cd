// Package clusterpolicy is the kind ClusterPolicy as a resource: its names and its validation. All else it has in common
// with Policy, in package kyverno. Only registry calls it.
package clusterpolicy

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/kyverno/validation"
	"github.com/edict-dev/edict/registry/kyverno"
)

var resource = kyverno.Resource{
	Plural: "clusterpolicies", Singular: "clusterpolicy", ShortName: "cpol",
	Namespaced: false,
	New:        func() runtime.Object { return &kyvernov1.ClusterPolicy{} },
	NewList:    func() runtime.Object { return &kyvernov1.ClusterPolicyList{} },
	Overwrite: func(policy, with kyvernov1.Object) {
		with.(*kyvernov1.ClusterPolicy).DeepCopyInto(policy.(*kyvernov1.ClusterPolicy))
	},
	Validate: func(policy kyvernov1.Object) field.ErrorList {
		return validation.ValidateClusterPolicy(policy.(*kyvernov1.ClusterPolicy))
	},
	ValidateUpdate: func(policy, old kyvernov1.Object) field.ErrorList {
		return validation.ValidateClusterPolicyUpdate(policy.(*kyvernov1.ClusterPolicy), old.(*kyvernov1.ClusterPolicy))
	},
	ValidateStatusUpdate: func(policy, old kyvernov1.Object) field.ErrorList {
		return validation.ValidateClusterPolicyStatusUpdate(policy.(*kyvernov1.ClusterPolicy), old.(*kyvernov1.ClusterPolicy))
	},
}

// NewStorage returns the resource clusterpolicies and its subresource status.
func NewStorage(config kyverno.Config) (*kyverno.REST, *kyverno.StatusREST, error) {
	return kyverno.NewStorage(resource, config)
}
