// Package validation says whether a report is well formed. Reports come from many tools, so it asks for no more than the
// kinds themselves do: a name, and in each result a policy, a known result and a known severity. It judges nothing else
// and changes nothing. The strategies in registry/wgpolicyk8s call it.
package validation

import (
	"slices"

	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

var (
	metadataPath = field.NewPath("metadata")
	resultsPath  = field.NewPath("results")
)

// ValidatePolicyReport says what is wrong with a new PolicyReport.
func ValidatePolicyReport(report *v1alpha2.PolicyReport) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMeta(&report.ObjectMeta, true, apimachineryvalidation.NameIsDNSSubdomain, metadataPath)
	return append(errs, checkResults(report.Results)...)
}

// ValidatePolicyReportUpdate says what is wrong with a changed PolicyReport.
func ValidatePolicyReportUpdate(report, old *v1alpha2.PolicyReport) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&report.ObjectMeta, &old.ObjectMeta, metadataPath)
	return append(errs, checkResults(report.Results)...)
}

// ValidateClusterPolicyReport says what is wrong with a new ClusterPolicyReport.
func ValidateClusterPolicyReport(report *v1alpha2.ClusterPolicyReport) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMeta(&report.ObjectMeta, false, apimachineryvalidation.NameIsDNSSubdomain, metadataPath)
	return append(errs, checkResults(report.Results)...)
}

// ValidateClusterPolicyReportUpdate says what is wrong with a changed ClusterPolicyReport.
func ValidateClusterPolicyReportUpdate(report, old *v1alpha2.ClusterPolicyReport) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&report.ObjectMeta, &old.ObjectMeta, metadataPath)
	return append(errs, checkResults(report.Results)...)
}

var (
	knownResults    = []v1alpha2.PolicyResult{v1alpha2.Pass, v1alpha2.Fail, v1alpha2.Warn, v1alpha2.Error, v1alpha2.Skip}
	knownSeverities = []v1alpha2.PolicyResultSeverity{v1alpha2.Critical, v1alpha2.High, v1alpha2.Medium, v1alpha2.Low, v1alpha2.Info}
)

func checkResults(results []v1alpha2.PolicyReportResult) field.ErrorList {
	var errs field.ErrorList
	for i := range results {
		result, path := &results[i], resultsPath.Index(i)
		if result.Policy == "" {
			errs = append(errs, field.Required(path.Child("policy"), "name the policy that the result is about"))
		}
		errs = append(errs, oneOfValues(path.Child("result"), result.Result, knownResults)...)
		errs = append(errs, oneOfValues(path.Child("severity"), result.Severity, knownSeverities)...)
	}
	return errs
}

// oneOfValues complains when a value is none of those that its type knows; an empty value says nothing.
func oneOfValues[T ~string](path *field.Path, value T, known []T) field.ErrorList {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, known)}
}
