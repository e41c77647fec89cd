package v1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// ContextEntry is data under a name that variables of the rule can use. It has exactly one source.
type ContextEntry struct {
	// The name under which variables find the data.
	// +optional
	Name string `json:"name,omitempty"`

	// Source: a ConfigMap.
	// +optional
	ConfigMap *ConfigMapReference `json:"configMap,omitempty"`

	// Source: a call to the Kubernetes API or to another service.
	// +optional
	APICall *ContextAPICall `json:"apiCall,omitempty"`

	// Source: what a registry knows about an image.
	// +optional
	ImageRegistry *ImageRegistry `json:"imageRegistry,omitempty"`

	// Source: a value, or a query over what the rule knows already.
	// +optional
	Variable *Variable `json:"variable,omitempty"`

	// Source: a GlobalContextEntry. A namespaced Policy may not use one.
	// +optional
	GlobalReference *GlobalContextReference `json:"globalReference,omitempty"`
}

// ConfigMapReference names a ConfigMap.
type ConfigMapReference struct {
	// The name of the ConfigMap.
	Name string `json:"name"`
	// The namespace of the ConfigMap.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}

// ContextAPICall is a call whose answer becomes data of the rule.
type ContextAPICall struct {
	APICall `json:",inline"`

	// What is used instead when the call fails.
	// +optional
	Default *apiextensionsv1.JSON `json:"default,omitempty"`

	// A JMESPath expression that is applied to the answer.
	// +optional
	JMESPath string `json:"jmesPath,omitempty"`
}

// APICall is a call to the Kubernetes API (urlPath) or to another service (service).
type APICall struct {
	// The path of the Kubernetes API, as in kubectl get --raw.
	// +optional
	URLPath string `json:"urlPath,omitempty"`

	// The HTTP method. GET is meant when nothing is said.
	// +optional
	Method HTTPMethod `json:"method,omitempty"`

	// The fields of the JSON object that a POST sends.
	// +optional
	// +listType=atomic
	Data []RequestData `json:"data,omitzero"`

	// A service other than the Kubernetes API.
	// +optional
	Service *ServiceCall `json:"service,omitempty"`
}

// HTTPMethod is the method of an API call.
// +enum
type HTTPMethod string

const (
	Get  HTTPMethod = "GET"
	Post HTTPMethod = "POST"
)

// RequestData is one field of the JSON object that a POST sends.
type RequestData struct {
	// The name of the field.
	Key string `json:"key"`
	// Its value.
	Value *apiextensionsv1.JSON `json:"value"`
}

// ServiceCall is a call to a service other than the Kubernetes API.
type ServiceCall struct {
	// The address to call, with https:// or http://.
	URL string `json:"url"`
	// Headers that are sent along.
	// +optional
	// +listType=atomic
	Headers []HTTPHeader `json:"headers,omitzero"`
	// The PEM-encoded authorities that the service's certificate is checked against.
	// +optional
	CABundle string `json:"caBundle,omitempty"`
}

// HTTPHeader is one header of a request.
type HTTPHeader struct {
	// The name of the header.
	Key string `json:"key"`
	// Its value.
	Value string `json:"value"`
}

// ImageRegistry asks a registry about an image.
type ImageRegistry struct {
	// The reference of the image; it may hold variables.
	Reference string `json:"reference"`
	// A JMESPath expression that is applied to the answer.
	// +optional
	JMESPath string `json:"jmesPath,omitempty"`
	// With which credentials the registry is asked.
	// +optional
	ImageRegistryCredentials *ImageRegistryCredentials `json:"imageRegistryCredentials,omitempty"`
}

// ImageRegistryCredentials says how to authenticate to a registry.
type ImageRegistryCredentials struct {
	// Whether a registry without TLS, or with a certificate that cannot be checked, may be used.
	// +optional
	AllowInsecureRegistry *bool `json:"allowInsecureRegistry,omitempty"`
	// Where credentials are looked for.
	// +optional
	// +listType=atomic
	Providers []ImageRegistryProvider `json:"providers,omitzero"`
	// Secrets that hold credentials, by name in the servers' own namespace, or as namespace/name.
	// +optional
	// +listType=atomic
	Secrets []string `json:"secrets,omitzero"`
}

// ImageRegistryProvider is a place where registry credentials come from.
// +enum
type ImageRegistryProvider string

const (
	ProviderDefault ImageRegistryProvider = "default"
	ProviderGoogle  ImageRegistryProvider = "google"
	ProviderAzure   ImageRegistryProvider = "azure"
	ProviderAmazon  ImageRegistryProvider = "amazon"
	ProviderGitHub  ImageRegistryProvider = "github"
)

// Variable is a value, or a query over what the rule knows already, or a query over the value.
type Variable struct {
	// The value, any JSON; it may hold variables.
	// +optional
	Value *apiextensionsv1.JSON `json:"value,omitempty"`
	// A JMESPath expression, applied to value if there is one, else to what the rule knows already.
	// +optional
	JMESPath string `json:"jmesPath,omitempty"`
	// What is used instead when the query finds nothing. It needs jmesPath.
	// +optional
	Default *apiextensionsv1.JSON `json:"default,omitempty"`
}

// GlobalContextReference names a GlobalContextEntry.
type GlobalContextReference struct {
	// The name of the entry, or entry.projection.
	// +optional
	Name string `json:"name,omitempty"`
	// A JMESPath expression that is applied to the entry's data.
	// +optional
	JMESPath string `json:"jmesPath,omitempty"`
}
