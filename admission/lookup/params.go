package lookup

import (
	"fmt"
	"net/url"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// params reads the objects that CEL expressions take as parameters. One that does not exist is no error here: what
// follows from that, the policy says.
func (l *requestLookup) params(policy eval.PolicyRef, source *eval.ParamsSource) (any, error) {
	if err := ownNamespace(policy, "paramRef", source.Namespace); err != nil {
		return nil, err
	}
	resource, err := l.kinds.resource(l, source.Kind)
	if err != nil {
		return nil, fmt.Errorf("parameters of kind %s: %w", source.Kind.Kind, err)
	}
	if !resource.namespaced {
		if err := inNamespace(policy, source.Kind.Kind); err != nil {
			return nil, err
		}
	}
	if source.Namespace == "" && source.Name != "" && resource.namespaced {
		return nil, fmt.Errorf("parameter %s %q: its namespace is not known", source.Kind.Kind, source.Name)
	}
	segments := []string{"api", source.Kind.Version}
	if source.Kind.Group != "" {
		segments = []string{"apis", source.Kind.Group, source.Kind.Version}
	}
	if source.Namespace != "" && resource.namespaced {
		segments = append(segments, "namespaces", source.Namespace)
	}
	segments = append(segments, resource.plural)
	if source.Name != "" {
		segments = append(segments, source.Name)
	}
	path, err := objectPath("paramRef", segments...)
	if err != nil {
		return nil, err
	}
	if source.Name == "" && source.Selector != nil && !source.Selector.Empty() {
		path.query = url.Values{"labelSelector": {source.Selector.String()}}
	}
	return l.readParams(path, source)
}

func (l *requestLookup) readParams(path apiPath, source *eval.ParamsSource) (any, error) {
	object, err := l.object(path)
	if source.Name != "" {
		if apierrors.IsNotFound(err) {
			return []any{}, nil
		}
		if err != nil {
			return nil, err
		}
		return []any{object}, nil
	}
	if err != nil {
		return nil, err
	}
	items, ok := object["items"].([]any)
	if !ok && object["items"] != nil {
		return nil, fmt.Errorf("GET %s: the answer is no list", path.encode())
	}
	// The items of a list do not say what they are.
	list := make([]any, 0, len(items))
	for _, item := range items {
		param, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("GET %s: the answer is no list of objects", path.encode())
		}
		whole := make(map[string]any, len(param)+2)
		whole["apiVersion"], whole["kind"] = source.Kind.GroupVersion().String(), source.Kind.Kind
		for key, value := range param {
			whole[key] = value
		}
		list = append(list, whole)
	}
	return list, nil
}

// kinds remembers by which names kinds are served. Only those that are served are remembered, and policies name them, so
// there are few; one that is not there may come any time.
type kinds struct {
	mu        sync.RWMutex
	known     map[schema.GroupVersionKind]servedKind
	resources map[schema.GroupVersionResource]schema.GroupVersionKind
}

type servedKind struct {
	plural     string
	namespaced bool
}

func (k *kinds) resource(l *requestLookup, kind schema.GroupVersionKind) (servedKind, error) {
	k.mu.RLock()
	found, ok := k.known[kind]
	k.mu.RUnlock()
	if ok {
		return found, nil
	}
	found, err := discoverKind(l, kind)
	if err != nil {
		return servedKind{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[schema.GroupVersionKind]servedKind{}
	}
	k.known[kind] = found
	return found, nil
}

func discoverKind(l *requestLookup, kind schema.GroupVersionKind) (servedKind, error) {
	resources, err := l.served("paramKind", kind.GroupVersion())
	if err != nil {
		return servedKind{}, err
	}
	for _, entry := range resources {
		resource, _ := entry.(map[string]any)
		plural, _ := resource["name"].(string)
		// Subresources have kinds too; their names hold a slash.
		if resource["kind"] != kind.Kind || checkSegment(plural) != nil {
			continue
		}
		namespaced, _ := resource["namespaced"].(bool)
		return servedKind{plural, namespaced}, nil
	}
	return servedKind{}, fmt.Errorf("the API server serves no such kind in %s", kind.GroupVersion())
}

// served is what the API server says that it serves in one version of a group.
func (l *requestLookup) served(what string, version schema.GroupVersion) ([]any, error) {
	segments := []string{"api", version.Version}
	if version.Group != "" {
		segments = []string{"apis", version.Group, version.Version}
	}
	path, err := objectPath(what, segments...)
	if err != nil {
		return nil, err
	}
	object, err := l.object(path)
	if err != nil {
		return nil, err
	}
	resources, _ := object["resources"].([]any)
	return resources, nil
}
