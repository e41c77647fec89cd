// Package clusterpolicyreport is the kind ClusterPolicyReport as a resource: its names and its validation. All else it
// has in common with PolicyReport, in package wgpolicyk8s. Only registry calls it.
package clusterpolicyreport

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/validation"
	"github.com/edict-dev/edict/registry/wgpolicyk8s"
)

var resource = wgpolicyk8s.Resource{
	Plural: "clusterpolicyreports", Singular: "clusterpolicyreport", ShortName: "cpolr",
	New:     func() runtime.Object { return &v1alpha2.ClusterPolicyReport{} },
	NewList: func() runtime.Object { return &v1alpha2.ClusterPolicyReportList{} },
	Report: func(obj runtime.Object) *v1alpha2.PolicyReport {
		report := obj.(*v1alpha2.ClusterPolicyReport)
		return &v1alpha2.PolicyReport{
			ObjectMeta: report.ObjectMeta, Scope: report.Scope, ScopeSelector: report.ScopeSelector,
			Summary: report.Summary, Results: report.Results,
		}
	},
	Validate: func(obj runtime.Object) field.ErrorList {
		return validation.ValidateClusterPolicyReport(obj.(*v1alpha2.ClusterPolicyReport))
	},
	ValidateUpdate: func(obj, old runtime.Object) field.ErrorList {
		return validation.ValidateClusterPolicyReportUpdate(obj.(*v1alpha2.ClusterPolicyReport), old.(*v1alpha2.ClusterPolicyReport))
	},
}

// NewStorage returns the resource clusterpolicyreports.
func NewStorage(config wgpolicyk8s.Config) (*wgpolicyk8s.REST, error) {
	return wgpolicyk8s.NewStorage(resource, config)
}
