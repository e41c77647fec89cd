package v1

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Validation is what a rule demands of resources, in exactly one of pattern, anyPattern, deny, foreach, podSecurity,
// cel and manifests.
type Validation struct {
	// What happens when the demand is not met: Enforce refuses the request, Audit only reports. When nothing is said
	// the policy's validationFailureAction decides.
	// +optional
	FailureAction *FailureAction `json:"failureAction,omitempty"`

	// Other failure actions for some namespaces; the first that fits decides.
	// +optional
	// +listType=atomic
	FailureActionOverrides []FailureActionOverride `json:"failureActionOverrides,omitzero"`

	// Whether a resource that violated an enforced rule before may still be changed. True is meant when nothing is
	// said.
	// +optional
	AllowExistingViolations *bool `json:"allowExistingViolations,omitempty"`

	// What is said when the demand is not met; it may hold variables.
	// +optional
	Message string `json:"message,omitempty"`

	// Demands that the resource's manifest is signed.
	// +optional
	Manifests *Manifests `json:"manifests,omitempty"`

	// Demands something of each element of one or more lists.
	// +optional
	// +listType=atomic
	ForEach []ForEachValidation `json:"foreach,omitzero"`

	// The shape that the resource must have: an overlay of maps, lists, anchors and patterns.
	// +optional
	Pattern *apiextensionsv1.JSON `json:"pattern,omitempty"`

	// A list of patterns of which one must fit.
	// +optional
	AnyPattern *apiextensionsv1.JSON `json:"anyPattern,omitempty"`

	// Conditions under which the resource is refused.
	// +optional
	Deny *Deny `json:"deny,omitempty"`

	// Demands that Pods meet a level of the Pod Security Standards.
	// +optional
	PodSecurity *PodSecurity `json:"podSecurity,omitempty"`

	// Demands that CEL expressions hold.
	// +optional
	CEL *CEL `json:"cel,omitempty"`

	// Without effect; accepted so that older policies can be read. It does not count as a demand.
	// +optional
	Assert *apiextensionsv1.JSON `json:"assert,omitempty"`
}

// Deny refuses a resource under conditions.
type Deny struct {
	// Conditions under which the resource is refused: an object with any and all, or a list, which means all. Without
	// conditions every resource that matches is refused.
	// +optional
	Conditions *apiextensionsv1.JSON `json:"conditions,omitempty"`
}

// ForEachValidation demands something of each element of a list, in exactly one of pattern, anyPattern, deny and
// foreach. The element is at hand as the variables element and elementIndex.
type ForEachValidation struct {
	// A JMESPath expression that yields the elements.
	// +optional
	List string `json:"list,omitempty"`

	// Whether patterns are compared with the element (true) or with the whole resource (false). Without a value it
	// is true when the elements are objects.
	// +optional
	ElementScope *bool `json:"elementScope,omitempty"`

	// Data that is looked up for each element.
	// +optional
	// +listType=atomic
	Context []ContextEntry `json:"context,omitzero"`

	// Conditions that must hold, else the element is skipped: an object with any and all.
	// +optional
	Preconditions *apiextensionsv1.JSON `json:"preconditions,omitempty"`

	// The shape that the element must have.
	// +optional
	Pattern *apiextensionsv1.JSON `json:"pattern,omitempty"`

	// A list of patterns of which one must fit.
	// +optional
	AnyPattern *apiextensionsv1.JSON `json:"anyPattern,omitempty"`

	// Conditions under which the resource is refused.
	// +optional
	Deny *Deny `json:"deny,omitempty"`

	// Demands something of each element of lists inside the element.
	// +optional
	// +listType=atomic
	ForEach []ForEachValidation `json:"foreach,omitzero"`
}

// PodSecurity demands that Pods meet a level of the Pod Security Standards.
type PodSecurity struct {
	// The level: privileged, baseline or restricted.
	// +optional
	Level PodSecurityLevel `json:"level,omitempty"`
	// The version of the standards, such as v1.31, or latest, which is also meant when nothing is said.
	// +optional
	Version string `json:"version,omitempty"`
	// Controls that are not demanded, or not of some images.
	// +optional
	// +listType=atomic
	Exclude []PodSecurityExclusion `json:"exclude,omitzero"`
}

// PodSecurityLevel is a level of the Pod Security Standards.
// +enum
type PodSecurityLevel string

const (
	Privileged PodSecurityLevel = "privileged"
	Baseline   PodSecurityLevel = "baseline"
	Restricted PodSecurityLevel = "restricted"
)

// PodSecurityExclusion is a control of the Pod Security Standards that is not demanded.
type PodSecurityExclusion struct {
	// The name of the control, as the standards spell it, for example "Host Namespaces".
	ControlName string `json:"controlName"`
	// The images whose containers are excluded; wildcards * and ? are allowed. Controls on containers need them,
	// controls on Pods may not have them.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
	// The field to which the exclusion is narrowed, for example spec.containers[*].securityContext.capabilities.add.
	// It needs values.
	// +optional
	RestrictedField string `json:"restrictedField,omitempty"`
	// The values of restrictedField that are excluded.
	// +optional
	// +listType=atomic
	Values []string `json:"values,omitzero"`
}

// CEL demands that CEL expressions hold, with the meaning that they have in a ValidatingAdmissionPolicy.
type CEL struct {
	// Whether a ValidatingAdmissionPolicy is made from the rule, so that the API server evaluates it itself. False is
	// meant when nothing is said.
	// +optional
	Generate *bool `json:"generate,omitempty"`
	// The expressions, each of which must hold.
	// +optional
	// +listType=atomic
	Expressions []admissionregistrationv1.Validation `json:"expressions,omitzero"`
	// The kind of the parameters that expressions find as params.
	// +optional
	ParamKind *admissionregistrationv1.ParamKind `json:"paramKind,omitempty"`
	// Which objects are the parameters.
	// +optional
	ParamRef *admissionregistrationv1.ParamRef `json:"paramRef,omitempty"`
	// Expressions whose values are reported with the result.
	// +optional
	// +listType=atomic
	AuditAnnotations []admissionregistrationv1.AuditAnnotation `json:"auditAnnotations,omitzero"`
	// Expressions under a name that others find as variables.<name>.
	// +optional
	// +listType=atomic
	Variables []admissionregistrationv1.Variable `json:"variables,omitzero"`
}

// Manifests demands that a resource's manifest is signed.
type Manifests struct {
	// Who must have signed.
	// +optional
	// +listType=atomic
	Attestors []AttestorSet `json:"attestors,omitzero"`
	// The prefix of the annotations that hold signature and signed manifest. cosign.sigstore.dev is meant when
	// nothing is said.
	// +optional
	AnnotationDomain string `json:"annotationDomain,omitempty"`
	// Fields that may differ from the signed manifest.
	// +optional
	// +listType=atomic
	IgnoreFields []IgnoredFields `json:"ignoreFields,omitzero"`
	// Whether the signed manifest is compared after the API server has defaulted it.
	// +optional
	DryRun *DryRun `json:"dryRun,omitempty"`
	// Where signatures are stored, if not in the resource's annotations.
	// +optional
	Repository string `json:"repository,omitempty"`
}

// IgnoredFields are fields that may differ from a signed manifest.
type IgnoredFields struct {
	// The paths of the fields; wildcards * and ? are allowed.
	// +optional
	// +listType=atomic
	Fields []string `json:"fields,omitzero"`
	// The objects for which they are ignored.
	// +optional
	// +listType=atomic
	Objects []ManifestObject `json:"objects,omitzero"`
}

// ManifestObject says which objects are meant; in each field wildcards * and ? are allowed.
type ManifestObject struct {
	// The API group.
	// +optional
	Group string `json:"group,omitempty"`
	// The API version.
	// +optional
	Version string `json:"version,omitempty"`
	// The kind.
	// +optional
	Kind string `json:"kind,omitempty"`
	// The name.
	// +optional
	Name string `json:"name,omitempty"`
	// The namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// DryRun says whether a signed manifest is sent to the API server without being stored, so that its defaults are
// known.
type DryRun struct {
	// Whether it is done.
	// +optional
	Enable *bool `json:"enable,omitempty"`
	// In which namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}
