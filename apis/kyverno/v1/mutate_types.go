package v1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Mutation is how a rule changes resources, in one of patchStrategicMerge, patchesJson6902 and foreach.
type Mutation struct {
	// Whether the targets are also changed when the policy is created or changed, and not only for requests.
	// +optional
	MutateExistingOnPolicyUpdate *bool `json:"mutateExistingOnPolicyUpdate,omitempty"`

	// Resources that exist already and are changed instead of the one that matches, which then is only the trigger.
	// +optional
	// +listType=atomic
	Targets []MutationTarget `json:"targets,omitzero"`

	// An overlay that is merged into the resource; keys may have anchors.
	// +optional
	PatchStrategicMerge *apiextensionsv1.JSON `json:"patchStrategicMerge,omitempty"`

	// The operations of a JSON patch (RFC 6902), as JSON or YAML in a string.
	// +optional
	PatchesJSON6902 string `json:"patchesJson6902,omitempty"`

	// Changes the resource for each element of one or more lists.
	// +optional
	// +listType=atomic
	ForEach []ForEachMutation `json:"foreach,omitzero"`
}

// MutationTarget says which existing resources are changed.
type MutationTarget struct {
	ResourceReference `json:",inline"`

	// Labels that the resources must have, instead of a name.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// Data that is looked up for each target.
	// +optional
	// +listType=atomic
	Context []ContextEntry `json:"context,omitzero"`

	// Conditions that must hold, else the target is skipped: an object with any and all, or a list, which means all.
	// +optional
	Preconditions *apiextensionsv1.JSON `json:"preconditions,omitempty"`
}

// ResourceReference says which resource is meant; each field may hold variables.
type ResourceReference struct {
	// The API group and version, as in manifests.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
	// The kind.
	// +optional
	Kind string `json:"kind,omitempty"`
	// The namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// The name.
	// +optional
	Name string `json:"name,omitempty"`
	// The UID.
	// +optional
	UID types.UID `json:"uid,omitempty"`
}

// ForEachMutation changes a resource for each element of a list. One with a nested foreach has nothing but list, order
// and foreach. The element is at hand as the variables element and elementIndex.
type ForEachMutation struct {
	// A JMESPath expression that yields the elements.
	// +optional
	List string `json:"list,omitempty"`

	// The order in which elements are taken. When nothing is said it is Descending for patchStrategicMerge and
	// Ascending for patchesJson6902.
	// +optional
	Order *ForEachOrder `json:"order,omitempty"`

	// Data that is looked up for each element.
	// +optional
	// +listType=atomic
	Context []ContextEntry `json:"context,omitzero"`

	// Conditions that must hold, else the element is skipped: an object with any and all.
	// +optional
	Preconditions *apiextensionsv1.JSON `json:"preconditions,omitempty"`

	// An overlay that is merged into the resource.
	// +optional
	PatchStrategicMerge *apiextensionsv1.JSON `json:"patchStrategicMerge,omitempty"`

	// The operations of a JSON patch (RFC 6902), as JSON or YAML in a string.
	// +optional
	PatchesJSON6902 string `json:"patchesJson6902,omitempty"`

	// Changes the resource for each element of lists inside the element.
	// +optional
	// +listType=atomic
	ForEach []ForEachMutation `json:"foreach,omitzero"`
}

// ForEachOrder is the order in which the elements of a list are taken.
// +enum
type ForEachOrder string

const (
	Ascending  ForEachOrder = "Ascending"
	Descending ForEachOrder = "Descending"
)
