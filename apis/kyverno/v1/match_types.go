package v1

import (
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MatchResources says which resources, and users, are meant: by any, by all, or by the older form with the fields of
// one filter directly in it. At most one of the three may be used.
type MatchResources struct {
	// Filters of which one must fit.
	// +optional
	// +listType=atomic
	Any []ResourceFilter `json:"any,omitzero"`

	// Filters all of which must fit.
	// +optional
	// +listType=atomic
	All []ResourceFilter `json:"all,omitzero"`

	// The older form: one filter. The version v2beta1 does not allow it.
	// +optional
	ResourceFilter `json:",inline"`
}

// ResourceFilter fits when all of its fields fit.
type ResourceFilter struct {
	// Who sent the request.
	// +optional
	UserInfo `json:",inline"`

	// What the request is about.
	// +optional
	Resources *ResourceDescription `json:"resources,omitempty"`
}

// UserInfo says who sent a request. Of the lists that are given each must have one entry that fits. In a scan nobody
// asks: there match ignores them, and exclude does not.
type UserInfo struct {
	// Roles, each as namespace:name, of which one must be bound to the user.
	// +optional
	// +listType=atomic
	Roles []string `json:"roles,omitzero"`

	// Cluster roles of which one must be bound to the user.
	// +optional
	// +listType=atomic
	ClusterRoles []string `json:"clusterRoles,omitzero"`

	// Users, groups and service accounts. Wildcards are allowed in name and namespace.
	// +optional
	// +listType=atomic
	Subjects []rbacv1.Subject `json:"subjects,omitzero"`
}

// ResourceDescription fits when each of the fields that are given fits; of a list one entry must fit.
type ResourceDescription struct {
	// Kinds, each as Kind, version/Kind or group/version/Kind, with an optional subresource as Kind/subresource.
	// Wildcards are allowed.
	// +optional
	// +listType=atomic
	Kinds []string `json:"kinds,omitzero"`

	// The name of the resource; wildcards * and ? are allowed. Cannot be combined with names; the version v2beta1
	// does not allow it.
	// Deprecated: use names.
	// +optional
	Name string `json:"name,omitempty"`

	// The names of resources; wildcards * and ? are allowed.
	// +optional
	// +listType=atomic
	Names []string `json:"names,omitzero"`

	// The namespaces of resources; wildcards * and ? are allowed. For a Namespace its own name counts. A namespaced
	// Policy may not have them.
	// +optional
	// +listType=atomic
	Namespaces []string `json:"namespaces,omitzero"`

	// Annotations that the resource must have; keys and values may have wildcards * and ?.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`

	// Labels that the resource must have; keys and values of matchLabels may have wildcards * and ?.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// Labels that the namespace of the resource must have. It never fits a resource of kind Namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// The operations of requests. Without them the rule's type decides.
	// +optional
	// +listType=atomic
	Operations []AdmissionOperation `json:"operations,omitzero"`
}

// AdmissionOperation is what a request does to a resource.
// +enum
type AdmissionOperation string

const (
	Create  AdmissionOperation = "CREATE"
	Update  AdmissionOperation = "UPDATE"
	Delete  AdmissionOperation = "DELETE"
	Connect AdmissionOperation = "CONNECT"
)
