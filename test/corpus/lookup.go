package corpus

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Lookup is what a case says can be looked up. What it does not name is an error.
type Lookup struct {
	// Namespaces are the labels of namespaces, by name.
	Namespaces map[string]map[string]string `json:"namespaces"`
	// Roles are what is bound to users, by name.
	Roles map[string]Roles `json:"roles"`
	// ConfigMaps are ConfigMap objects by namespace/name.
	ConfigMaps map[string]any `json:"configMaps"`
	// Calls are the answers of GET calls by path.
	Calls map[string]any `json:"calls"`
	// Images are what registries know, by reference.
	Images map[string]any `json:"images"`
	// Globals are the data of GlobalContextEntries by name.
	Globals map[string]any `json:"globals"`
	// Params are the parameters of CEL expressions by name.
	Params map[string]any `json:"params"`
	// Hosts are addresses by host.
	Hosts map[string][]any `json:"hosts"`
}

// Roles are what is bound to a user: roles as namespace:name, and cluster roles.
type Roles struct {
	Roles        []string `json:"roles"`
	ClusterRoles []string `json:"clusterRoles"`
}

var _ eval.Lookup = (*Lookup)(nil)

// NamespaceLabels implements eval.Lookup.
func (l *Lookup) NamespaceLabels(name string) (map[string]string, error) {
	return known("namespace", name, l.Namespaces)
}

// RolesOf implements eval.Lookup.
func (l *Lookup) RolesOf(user *eval.User) (eval.Roles, error) {
	bound, err := known("roles of", user.Name, l.Roles)
	return eval.Roles(bound), err
}

// Values implements eval.Lookup.
func (l *Lookup) Values(eval.PolicyRef, string) eval.Object { return nil }

// Read implements eval.Lookup.
func (l *Lookup) Read(source eval.Source) (any, error) {
	switch {
	case source.ConfigMap != nil:
		return known("ConfigMap", source.ConfigMap.Namespace+"/"+source.ConfigMap.Name, l.ConfigMaps)
	case source.Call != nil:
		return known("call", source.Call.Path+source.Call.URL, l.Calls)
	case source.Image != nil:
		return known("image", source.Image.Reference, l.Images)
	case source.Global != nil:
		return known("global context entry", source.Global.Name, l.Globals)
	case source.Params != nil:
		if source.Params.Name == "" {
			return l.selected(source.Params.Selector), nil
		}
		param, err := known("params", source.Params.Name, l.Params)
		return []any{param}, err
	case source.Host != nil:
		addresses, err := known("host", source.Host.Name, l.Hosts)
		return addresses, err
	case source.Namespace != nil:
		labels, err := known("namespace", source.Namespace.Name, l.Namespaces)
		object := map[string]any{}
		for key, value := range labels {
			object[key] = value
		}
		return map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": source.Namespace.Name, "labels": object},
		}, err
	}
	return nil, fmt.Errorf("the case knows no such source: %+v", source)
}

// selected are the parameters with such labels, by their names.
func (l *Lookup) selected(selector labels.Selector) []any {
	found := []any{}
	for _, name := range slices.Sorted(maps.Keys(l.Params)) {
		param, _ := l.Params[name].(eval.Object)
		if selector.Matches(labels.Set(stringsOf(metadata(param)["labels"]))) {
			found = append(found, param)
		}
	}
	return found
}

func known[V any](what, name string, all map[string]V) (V, error) {
	v, ok := all[name]
	if !ok {
		return v, fmt.Errorf("%s %q not found", what, name)
	}
	return v, nil
}
