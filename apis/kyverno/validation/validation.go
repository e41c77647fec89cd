// Package validation says whether a policy is well formed: whether its fields have values that they may have, alone and
// together. It knows nothing of the engine: whether an expression compiles, what a pattern may hold and what can be
// evaluated at all is the engine's to say. It changes nothing and looks nothing up. The strategies in registry/kyverno
// call it, and so may whoever wants to check a policy without a server.
//
// Every error names the field and says what to do.
package validation

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apimachineryvalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// autogenAnnotation says for which controllers of Pods rules are derived.
const autogenAnnotation = "pod-policies.kyverno.io/autogen-controllers"

var (
	specPath     = field.NewPath("spec")
	metadataPath = field.NewPath("metadata")
)

// ValidateClusterPolicy says what is wrong with a new ClusterPolicy.
func ValidateClusterPolicy(policy *kyvernov1.ClusterPolicy) field.ErrorList {
	var errs field.ErrorList
	meta := policy.ObjectMeta
	if meta.Namespace != "" {
		errs = append(errs, field.Forbidden(metadataPath.Child("namespace"),
			"a ClusterPolicy has no namespace: remove it, or write a Policy"))
		meta.Namespace = ""
	}
	errs = append(errs, apimachineryvalidation.ValidateObjectMeta(&meta, false, apimachineryvalidation.NameIsDNSSubdomain, metadataPath)...)
	return append(errs, validateContent(policy, false)...)
}

// ValidateClusterPolicyUpdate says what is wrong with a changed ClusterPolicy. A change that leaves the spec alone is not
// held against the spec.
func ValidateClusterPolicyUpdate(policy, old *kyvernov1.ClusterPolicy) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&policy.ObjectMeta, &old.ObjectMeta, metadataPath)
	if sameContent(policy, old) {
		return errs
	}
	return append(errs, validateContent(policy, false)...)
}

// ValidateClusterPolicyStatusUpdate says what is wrong with a changed status.
func ValidateClusterPolicyStatusUpdate(policy, old *kyvernov1.ClusterPolicy) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&policy.ObjectMeta, &old.ObjectMeta, metadataPath)
	return append(errs, validateStatus(&policy.Status)...)
}

// ValidatePolicy says what is wrong with a new Policy.
func ValidatePolicy(policy *kyvernov1.Policy) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMeta(&policy.ObjectMeta, true, apimachineryvalidation.NameIsDNSSubdomain, metadataPath)
	return append(errs, validateContent(policy, true)...)
}

// ValidatePolicyUpdate says what is wrong with a changed Policy. A change that leaves the spec alone is not held against
// the spec.
func ValidatePolicyUpdate(policy, old *kyvernov1.Policy) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&policy.ObjectMeta, &old.ObjectMeta, metadataPath)
	if sameContent(policy, old) {
		return errs
	}
	return append(errs, validateContent(policy, true)...)
}

// ValidatePolicyStatusUpdate says what is wrong with a changed status.
func ValidatePolicyStatusUpdate(policy, old *kyvernov1.Policy) field.ErrorList {
	errs := apimachineryvalidation.ValidateObjectMetaUpdate(&policy.ObjectMeta, &old.ObjectMeta, metadataPath)
	return append(errs, validateStatus(&policy.Status)...)
}

// sameContent says whether two policies mean the same, so that one written before a rule of this package existed can
// still be labelled, owned and deleted.
func sameContent(policy, old kyvernov1.Object) bool {
	return apiequality.Semantic.DeepEqual(policy.PolicySpec(), old.PolicySpec()) &&
		policy.GetAnnotations()[autogenAnnotation] == old.GetAnnotations()[autogenAnnotation]
}

func validateContent(policy kyvernov1.Object, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	if policy.GetAnnotations()[autogenAnnotation] == "all" {
		errs = append(errs, field.Invalid(metadataPath.Child("annotations").Key(autogenAnnotation), "all",
			"remove the annotation to derive rules for all controllers of Pods, or list the controllers, as in Deployment,CronJob"))
	}
	c := checker{spec: policy.PolicySpec(), namespaced: namespaced, namespace: policy.GetNamespace()}
	return append(errs, c.checkSpec(specPath)...)
}

func validateStatus(status *kyvernov1.PolicyStatus) field.ErrorList {
	return metav1validation.ValidateConditions(status.Conditions, field.NewPath("status", "conditions"))
}

// checker checks one policy. Its methods share what a field's validity depends on beyond the field itself.
type checker struct {
	spec       *kyvernov1.Spec
	namespaced bool
	namespace  string
}
