// Package policyreport is the kind PolicyReport as a resource: its names and its validation. All else it has in common
// with ClusterPolicyReport, in package wgpolicyk8s. Only registry calls it.
package policyreport

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/validation"
	"github.com/edict-dev/edict/registry/wgpolicyk8s"
)

var resource = wgpolicyk8s.Resource{
	Plural: "policyreports", Singular: "policyreport", ShortName: "polr",
	Namespaced: true,
	New:        func() runtime.Object { return &v1alpha2.PolicyReport{} },
	NewList:    func() runtime.Object { return &v1alpha2.PolicyReportList{} },
	Report:     func(obj runtime.Object) *v1alpha2.PolicyReport { return obj.(*v1alpha2.PolicyReport) },
	Validate: func(obj runtime.Object) field.ErrorList {
		return validation.ValidatePolicyReport(obj.(*v1alpha2.PolicyReport))
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validation.ValidatePolicyReportUpdate(obj.(*v1alpha2.PolicyReport), old.(*v1alpha2.PolicyReport))
	},
}

// NewStorage returns the resource policyreports.
func NewStorage(config wgpolicyk8s.Config) (*wgpolicyk8s.REST, error) {
	return wgpolicyk8s.NewStorage(resource, config)
}
