package v1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Generation says which resources a rule creates when another resource, the trigger, matches.
type Generation struct {
	// Whether the rule also acts on triggers that exist already.
	// +optional
	GenerateExisting *bool `json:"generateExisting,omitempty"`

	// Whether generated resources follow changes of the rule, of a cloned source and of themselves, and go when the
	// trigger goes.
	// +optional
	Synchronize *bool `json:"synchronize,omitempty"`

	// Whether generated resources stay when the policy or the rule is deleted, although they are synchronized.
	// +optional
	OrphanDownstreamOnPolicyDelete *bool `json:"orphanDownstreamOnPolicyDelete,omitempty"`

	GeneratePattern `json:",inline"`

	// Creates resources for each element of one or more lists.
	// +optional
	// +listType=atomic
	ForEach []ForEachGeneration `json:"foreach,omitzero"`
}

// GeneratePattern says which resource is created, and from exactly one of data, clone and cloneList.
type GeneratePattern struct {
	ResourceReference `json:",inline"`

	// Source: the content of the resource, without apiVersion, kind and metadata.name; it may hold variables.
	// +optional
	Data *apiextensionsv1.JSON `json:"data,omitempty"`

	// Source: another resource of the same kind.
	// +optional
	Clone *CloneSource `json:"clone,omitempty"`

	// Source: all resources of some kinds in a namespace.
	// +optional
	CloneList *CloneListSource `json:"cloneList,omitempty"`
}

// CloneSource is the resource that is copied.
type CloneSource struct {
	// The namespace of the source; empty for cluster-scoped kinds.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// The name of the source.
	// +optional
	Name string `json:"name,omitempty"`
}

// CloneListSource says which resources are copied.
type CloneListSource struct {
	// The namespace of the sources; empty for cluster-scoped kinds.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Their kinds, each as version/Kind or group/version/Kind; all must be namespaced, or none.
	// +optional
	// +listType=atomic
	Kinds []string `json:"kinds,omitzero"`
	// Labels that they must have; wildcards are not allowed.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// ForEachGeneration creates resources for each element of a list. The element is at hand as the variables element and
// elementIndex.
type ForEachGeneration struct {
	// A JMESPath expression that yields the elements.
	// +optional
	List string `json:"list,omitempty"`

	// Data that is looked up for each element.
	// +optional
	// +listType=atomic
	Context []ContextEntry `json:"context,omitzero"`

	// Conditions that must hold, else the element is skipped: an object with any and all.
	// +optional
	Preconditions *apiextensionsv1.JSON `json:"preconditions,omitempty"`

	GeneratePattern `json:",inline"`
}
