package offline

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// defaultNamespace is where kubectl puts what says no namespace.
const defaultNamespace = "default"

// Resource is an object to be judged.
type Resource struct {
	Object    eval.Object
	Kind      schema.GroupVersionKind
	Namespace string
	Name      string
	// Document is where it came from; nil when that was a cluster.
	Document *manifest.Document
}

// NewResource takes an object for a resource as a server would see it: in namespace default where it says none and its
// kind has one, and without null where it has labels, annotations and the like. The object itself is left alone.
func NewResource(object eval.Object, kinds *Kinds) (*Resource, error) {
	r := &Resource{Kind: schema.FromAPIVersionAndKind(stringAt(object, "apiVersion"), stringAt(object, "kind"))}
	switch {
	case r.Kind.Kind == "":
		return nil, errors.New("not a resource: kind is missing")
	case r.Kind.Version == "":
		return nil, errors.New("not a resource: apiVersion is missing")
	}
	if err := identified(object); err != nil {
		return nil, err
	}
	r.Object, _ = normalized(object).(eval.Object)
	metadata := mapAt(r.Object, "metadata")
	r.Name, r.Namespace = stringAt(metadata, "name"), stringAt(metadata, "namespace")
	if r.Namespace == "" && !kinds.ClusterScoped(r.Kind.GroupKind()) {
		r.Namespace = defaultNamespace
		if metadata == nil {
			metadata = map[string]any{}
			r.Object["metadata"] = metadata
		}
		metadata["namespace"] = r.Namespace
	}
	return r, nil
}

// identified tells what is wrong with the fields by which an object is known; a server would refuse them.
func identified(object eval.Object) error {
	metadata, isMap := object["metadata"].(map[string]any)
	if !isMap && object["metadata"] != nil {
		return errors.New("metadata: not an object")
	}
	for _, field := range []string{"name", "generateName", "namespace"} {
		if _, isString := metadata[field].(string); !isString && metadata[field] != nil {
			return fmt.Errorf("metadata.%s: %v is not a string; write it in quotes", field, metadata[field])
		}
	}
	return nil
}

// ReadResources takes every document for a resource. Errors name file and line.
func ReadResources(documents []*manifest.Document, kinds *Kinds) (resources []*Resource, errs []error) {
	for _, d := range documents {
		r, err := NewResource(d.Object, kinds)
		if err != nil {
			errs = append(errs, d.At("", err))
			continue
		}
		r.Document = d
		resources = append(resources, r)
	}
	return resources, errs
}

// String names the resource as namespace/Kind/name, with nothing before the first slash where it is in no namespace. A
// name that is yet to be generated ends in *.
func (r *Resource) String() string {
	name := r.Name
	if prefix := stringAt(mapAt(r.Object, "metadata"), "generateName"); name == "" && prefix != "" {
		name = prefix + "*"
	}
	return fmt.Sprintf("%s/%s/%s", r.Namespace, r.Kind.Kind, name)
}

// Floats makes every whole number of the object a float, as test suites of the reference see them.
func (r *Resource) Floats() {
	r.Object, _ = floats(r.Object).(eval.Object)
}

func floats(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = floats(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = floats(v[i])
		}
		return out
	}
	return v
}

// nullMaps are the fields in which an API server takes null for an empty map, wherever they stand.
var nullMaps = []string{"annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"}

// normalized is a copy of a value in which no such field is null.
func normalized(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			if value == nil && slices.Contains(nullMaps, key) {
				out[key] = map[string]any{}
				continue
			}
			out[key] = normalized(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = normalized(v[i])
		}
		return out
	}
	return v
}

// NewLiveResource takes an object of a cluster for a resource, as it is.
func NewLiveResource(object eval.Object) (*Resource, error) {
	r := &Resource{Object: object, Kind: schema.FromAPIVersionAndKind(stringAt(object, "apiVersion"), stringAt(object, "kind"))}
	metadata := mapAt(object, "metadata")
	r.Name, r.Namespace = stringAt(metadata, "name"), stringAt(metadata, "namespace")
	if r.Kind.Kind == "" || r.Name == "" {
		return nil, errors.New("the cluster returned an object without kind or name")
	}
	return r, nil
}

// IsNamespace tells whether the resource is a Namespace.
func (r *Resource) IsNamespace() bool {
	return r.Kind == schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
}

// Labels are the labels of the resource.
func (r *Resource) Labels() map[string]string {
	labels := map[string]string{}
	given := mapAt(mapAt(r.Object, "metadata"), "labels")
	for key := range given {
		labels[key] = stringAt(given, key)
	}
	return labels
}
