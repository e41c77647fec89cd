package eval

import (
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Lookup answers what the request itself does not hold. Implementations do the I/O; the engine only asks, and asks only
// for what a rule needs. An error is never taken for an empty answer: the rule that asked ends in Error. What is
// returned is shared and must not be changed.
type Lookup interface {
	// NamespaceLabels returns the labels of a namespace that exists, and an error when it cannot be told.
	NamespaceLabels(name string) (map[string]string, error)
	// RolesOf returns what is bound to a user.
	RolesOf(user *User) (Roles, error)
	// Read returns the data of a source as decoded JSON.
	Read(source Source) (any, error)
	// Values returns what was given beforehand to stand for variables of a rule: an object that is laid over all that
	// the rule knows, for example {"request": {"operation": "UPDATE"}, "settings": {"data": {}}}. It is nil in a
	// cluster. The rule is the one that is evaluated, autogen- prefix and all.
	Values(policy PolicyRef, rule string) Object
}

// Roles are what RBAC binds to a user: roles as namespace:name, and the names of cluster roles.
type Roles struct {
	Roles        []string
	ClusterRoles []string
}

// Source names data outside of the request. Exactly one of its pointers is set; all variables in it are substituted.
type Source struct {
	// Policy is whose rule asks. What a namespaced one may be shown is in its own namespace.
	Policy PolicyRef

	// ConfigMap yields {"data": {…}, "metadata": {…}}.
	ConfigMap *ConfigMapSource
	// Call yields the JSON of the answer.
	Call *CallSource
	// Image yields what a registry knows about an image: image, resolvedImage, registry, repository, identifier,
	// manifest, configData and so on.
	Image *ImageSource
	// Global yields the data of a GlobalContextEntry, or of a projection of one.
	Global *GlobalSource
	// Params yields a list of objects: the parameters of CEL expressions.
	Params *ParamsSource
	// Namespace yields a Namespace object.
	Namespace *NamespaceSource
	// Host yields the addresses of a host, as a list of strings.
	Host *HostSource
}

// ConfigMapSource names a ConfigMap.
type ConfigMapSource struct{ Namespace, Name string }

// CallSource is a call to the Kubernetes API, or to a service where URL is set.
type CallSource struct {
	// Method is GET or POST.
	Method string
	// Path is the path of a call to the Kubernetes API, with its query.
	Path string
	// URL, Headers and CABundle (PEM) belong to a call to a service.
	URL      string
	Headers  map[string]string
	CABundle string
	// Body is what a POST sends.
	Body Object
}

// ImageSource names an image in a registry.
type ImageSource struct {
	Reference string
	// AllowInsecure permits a registry without TLS.
	AllowInsecure bool
	Providers     []string
	Secrets       []string
}

// GlobalSource names a GlobalContextEntry, or one of its projections, as entry.projection.
type GlobalSource struct{ Name string }

// ParamsSource selects the parameters of CEL expressions: by name, or by labels where Name is empty.
type ParamsSource struct {
	Kind schema.GroupVersionKind
	// Namespace is empty for cluster-scoped kinds and for all namespaces.
	Namespace string
	Name      string
	Selector  labels.Selector
}

// NamespaceSource names a namespace.
type NamespaceSource struct{ Name string }

// HostSource names a host.
type HostSource struct{ Name string }

// Unavailable is the error of a Lookup for a source that cannot be read where it runs, whatever is asked. Values that
// were given for the entry stand in for it; without them the rule ends in Error.
type Unavailable struct {
	// What is missing, for example "apiCall /api/v1/namespaces".
	What string
	// Remedy says how to give it, for example "give its answer in --values-file, or run with --cluster".
	Remedy string
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("%s is not available here: %s", u.What, u.Remedy)
}
