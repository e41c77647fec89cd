package lookup

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// StaticConfig is what a Static knows. All that it holds is decoded JSON, is shared and must not be changed afterwards.
type StaticConfig struct {
	// Values stand for variables of rules.
	Values Values
	// NamespaceLabels are the labels of namespaces. One that is not among them, nor an object of the cluster, has none.
	NamespaceLabels map[string]map[string]string
	// Roles are what is bound to whoever makes the requests.
	Roles eval.Roles

	// Cluster is what there is in the cluster, or nil where nothing is known of one: then ConfigMaps and calls to the
	// Kubernetes API are not available.
	Cluster *StaticCluster
	// Params are objects that CEL expressions may take as parameters, beside those of the cluster.
	Params []eval.Object
	// Calls are answers to calls, before what Cluster says.
	Calls []CallAnswer
	// Globals are the data of GlobalContextEntries, by name, and of their projections, by entry.projection.
	Globals map[string]any
	// Images are what registries say of images, by reference.
	Images map[string]any

	// Beyond is asked for what is not given here, which is *eval.Unavailable when it is nil.
	Beyond eval.Lookup
}

// StaticCluster is a cluster that was given.
type StaticCluster struct {
	// Objects there are, each with its namespace where its kind has any.
	Objects []eval.Object
	// Resources are the plural names of kinds beyond those of Kubernetes: of the CustomResourceDefinitions.
	Resources map[schema.GroupVersionKind]string
}

// CallAnswer is the answer to a call.
type CallAnswer struct {
	// Method is GET or POST, or empty for any.
	Method string
	// URL is the URL of a service, or the path of a call to the Kubernetes API.
	URL string
	// Status is the HTTP status; 200 when it is zero.
	Status int
	Body   any
}

// Static answers from what was given. It is safe for concurrent use.
type Static struct {
	config StaticConfig
	values *values
	// objects of the cluster by group, version and plural name of the resource, in the order in which they were given.
	objects map[schema.GroupVersionResource][]eval.Object
}

// NewStatic returns a Static. The error says which of the given things is wrong.
func NewStatic(config StaticConfig) (*Static, error) {
	values, err := newValues(&config.Values)
	if err != nil {
		return nil, err
	}
	s := &Static{config: config, values: values, objects: map[schema.GroupVersionResource][]eval.Object{}}
	for i, answer := range config.Calls {
		if slices.ContainsFunc(config.Calls[:i], func(earlier CallAnswer) bool {
			return earlier.URL == answer.URL && earlier.Method == answer.Method
		}) {
			return nil, fmt.Errorf("answers to calls: %s is given twice; keep one", callName(answer.Method, answer.URL))
		}
	}
	if config.Cluster != nil {
		for _, object := range config.Cluster.Objects {
			kind := kindOf(object)
			if kind.Kind == "" || kind.Version == "" {
				return nil, fmt.Errorf("object %q of the cluster: apiVersion and kind are required", nameOf(object))
			}
			resource := resourceOf(config.Cluster, kind)
			s.objects[resource] = append(s.objects[resource], object)
		}
	}
	return s, nil
}

// For returns the Lookup for a request about the resource of that name: by it values of resources are found.
func (s *Static) For(resource string) eval.Lookup {
	return staticRequest{Static: s, resource: resource}
}

type staticRequest struct {
	*Static
	resource string
}

// NamespaceLabels takes a namespace of which nothing was given for one without labels, as people's suites expect.
func (s staticRequest) NamespaceLabels(name string) (map[string]string, error) {
	if labels, ok := s.config.NamespaceLabels[name]; ok {
		return labels, nil
	}
	if object := s.find(namespaceResource, "", name); object != nil {
		return (&unstructured.Unstructured{Object: object}).GetLabels(), nil
	}
	if s.config.Beyond != nil {
		return s.config.Beyond.NamespaceLabels(name)
	}
	return nil, nil
}

func (s staticRequest) RolesOf(*eval.User) (eval.Roles, error) { return s.config.Roles, nil }

func (s staticRequest) Values(policy eval.PolicyRef, rule string) eval.Object {
	return s.values.of(policy, rule, s.resource)
}

func (s staticRequest) Read(source eval.Source) (any, error) {
	switch {
	case source.ConfigMap != nil:
		return s.configMap(source)
	case source.Call != nil:
		return s.call(source)
	case source.Image != nil:
		if data, ok := s.config.Images[source.Image.Reference]; ok {
			return data, nil
		}
		return s.beyond(source, "imageRegistry "+source.Image.Reference, "give its values with --values-file, or its data in a file for --context-file")
	case source.Global != nil:
		if err := notShared(source); err != nil {
			return nil, err
		}
		if data, ok := s.config.Globals[source.Global.Name]; ok {
			return data, nil
		}
		return s.beyond(source, "globalReference "+source.Global.Name, "give its values with --values-file, or under globalContextEntries of the suite")
	case source.Params != nil:
		return s.params(source)
	case source.Namespace != nil:
		return s.namespace(source)
	case source.Host != nil:
		if err := noHosts(source); err != nil {
			return nil, err
		}
		return s.beyond(source, "the address of "+source.Host.Name, "run with --cluster, where names are resolved")
	}
	return nil, fmt.Errorf("a source that names nothing")
}

// beyond asks further for what is not given.
func (s *Static) beyond(source eval.Source, what, remedy string) (any, error) {
	if s.config.Beyond != nil {
		return s.config.Beyond.Read(source)
	}
	return nil, &eval.Unavailable{What: what, Remedy: remedy}
}

func (s *Static) configMap(source eval.Source) (any, error) {
	name := source.ConfigMap
	if err := ownNamespace(source.Policy, "configMap", name.Namespace); err != nil {
		return nil, err
	}
	if s.config.Cluster == nil {
		return s.beyond(source, fmt.Sprintf("configMap %s/%s", name.Namespace, name.Name),
			"give its values with --values-file, the ConfigMap under clusterResources of the suite, or run with --cluster")
	}
	object := s.find(configMapResource, name.Namespace, name.Name)
	if object == nil {
		return nil, fmt.Errorf("configMap %s/%s: not among the objects of the cluster that were given", name.Namespace, name.Name)
	}
	return map[string]any{"data": object["data"], "metadata": object["metadata"]}, nil
}

// namespace makes up a Namespace that was not given: it has its name, and the labels that were given for it.
func (s staticRequest) namespace(source eval.Source) (any, error) {
	name := source.Namespace.Name
	if err := ownNamespace(source.Policy, "namespace", name); err != nil {
		return nil, err
	}
	if object := s.find(namespaceResource, "", name); object != nil {
		return object, nil
	}
	if s.config.Beyond != nil {
		return s.config.Beyond.Read(source)
	}
	metadata := map[string]any{"name": name}
	if labels := s.config.NamespaceLabels[name]; len(labels) > 0 {
		decoded := make(map[string]any, len(labels))
		for key, value := range labels {
			decoded[key] = value
		}
		metadata["labels"] = decoded
	}
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, nil
}

func (s *Static) params(source eval.Source) (any, error) {
	params := source.Params
	if err := ownNamespace(source.Policy, "paramRef", params.Namespace); err != nil {
		return nil, err
	}
	found := []any{}
	known := s.config.Cluster != nil || len(s.config.Params) > 0
	for _, object := range s.all() {
		namespace := namespaceOf(object)
		if kindOf(object) != params.Kind || namespace != "" && params.Namespace != "" && namespace != params.Namespace {
			continue
		}
		if namespace == "" {
			if err := inNamespace(source.Policy, params.Kind.Kind); err != nil {
				return nil, err
			}
		}
		if params.Name != "" && nameOf(object) != params.Name || params.Name == "" && params.Selector != nil && !params.Selector.Matches(labelsOf(object)) {
			continue
		}
		found = append(found, object)
	}
	if !known {
		return s.beyond(source, fmt.Sprintf("%s %s", params.Kind.Kind, cmp.Or(params.Name, "by selector")),
			"give it with --parameter-resource, or under paramResources of the suite")
	}
	return found, nil
}

// all are the parameters that were given and the objects of the cluster; of the same object the one that was given first.
func (s *Static) all() []eval.Object {
	if s.config.Cluster == nil {
		return s.config.Params
	}
	return slices.Concat(s.config.Params, s.config.Cluster.Objects)
}

func (s *Static) find(resource schema.GroupVersionResource, namespace, name string) eval.Object {
	for _, object := range s.objects[resource] {
		if namespaceOf(object) == namespace && nameOf(object) == name {
			return object
		}
	}
	return nil
}

var (
	namespaceResource = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

// resourceOf is the plural name of a kind: the one that was given for it, or what Kubernetes makes of all of its own.
func resourceOf(cluster *StaticCluster, kind schema.GroupVersionKind) schema.GroupVersionResource {
	if plural, ok := cluster.Resources[kind]; ok {
		return kind.GroupVersion().WithResource(plural)
	}
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural
}

func kindOf(object eval.Object) schema.GroupVersionKind {
	return (&unstructured.Unstructured{Object: object}).GroupVersionKind()
}

func nameOf(object eval.Object) string { return (&unstructured.Unstructured{Object: object}).GetName() }

func namespaceOf(object eval.Object) string {
	return (&unstructured.Unstructured{Object: object}).GetNamespace()
}
