package webhookconfig

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/edict-dev/edict/admission/engine"
)

// Discovery tells what the API server serves.
type Discovery interface {
	ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error)
}

// Resources are what the API server serves, as far as is known. They are immutable.
type Resources struct {
	memo memo
	// Versions of each group, the preferred one first.
	versions map[string][]string
	served   map[schema.GroupVersion][]metav1.APIResource
	// Groups of which it is not known what they serve.
	unknown map[string]bool
}

// Discover asks the API server. A group that does not answer, for its server is down, keeps what earlier says of it.
func Discover(client Discovery, earlier *Resources) (*Resources, error) {
	groups, lists, err := client.ServerGroupsAndResources()
	var failed *discovery.ErrGroupDiscoveryFailed
	if err != nil && !errors.As(err, &failed) {
		return nil, fmt.Errorf("what the API server serves: %w", err)
	}
	r := &Resources{versions: map[string][]string{}, served: map[schema.GroupVersion][]metav1.APIResource{}, unknown: map[string]bool{}}
	for _, group := range groups {
		r.versions[group.Name] = append(r.versions[group.Name], group.PreferredVersion.Version)
		for _, version := range group.Versions {
			if version.Version != group.PreferredVersion.Version {
				r.versions[group.Name] = append(r.versions[group.Name], version.Version)
			}
		}
	}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("what the API server serves: %w", err)
		}
		r.served[version] = list.APIResources
	}
	if failed == nil {
		return r, nil
	}
	for version := range failed.Groups {
		if earlier != nil && earlier.served[version] != nil {
			r.served[version] = earlier.served[version]
		} else {
			r.unknown[version.Group] = true
		}
		if !slices.Contains(r.versions[version.Group], version.Version) {
			r.versions[version.Group] = append(r.versions[version.Group], version.Version)
		}
	}
	return r, nil
}

// equal tells that both say the same.
func (r *Resources) equal(other *Resources) bool {
	return reflect.DeepEqual(r.versions, other.versions) && reflect.DeepEqual(r.served, other.served) && maps.Equal(r.unknown, other.unknown)
}

// matched is a resource, or a subresource as resource/subresource, that a target names. Group, Version and Resource
// may be the wildcards of webhook rules.
type matched struct {
	schema.GroupVersionResource
	namespaced bool
}

// resolve finds what a target names; nothing when the API server does not serve it. Of a resource that is served in
// several versions it is the preferred one, unless the target says which: kube-apiserver converts what is written in
// another version, so that policies see one form (M08).
func (r *Resources) resolve(target engine.Target) []matched {
	key := targetKey{target.Group, target.Version, target.Kind, target.Subresource}
	return r.memo.resolved(key, func() []matched { return r.look(target) })
}

func (r *Resources) look(target engine.Target) []matched {
	if target.Kind == "*" && plain(target.Group) && plain(target.Version) {
		return everything(target)
	}
	var found []matched
	for _, group := range slices.Sorted(maps.Keys(r.versions)) {
		if !fits(target.Group, group) {
			continue
		}
		seen := map[string]bool{}
		for _, version := range r.versions[group] {
			if !fits(target.Version, version) {
				continue
			}
			for _, m := range resolveIn(r.served[schema.GroupVersion{Group: group, Version: version}], target) {
				if target.Version == "*" && seen[m.Resource] {
					continue
				}
				seen[m.Resource] = true
				m.Group, m.Version = group, version
				found = append(found, m)
			}
		}
	}
	return found
}

// resolveIn finds what a target names in one version of a group. A subresource goes with the kind of its resource.
func resolveIn(resources []metav1.APIResource, target engine.Target) []matched {
	var found []matched
	for _, parent := range resources {
		if strings.Contains(parent.Name, "/") || !fits(target.Kind, parent.Kind) {
			continue
		}
		if target.Subresource == "" {
			found = append(found, matched{schema.GroupVersionResource{Resource: parent.Name}, parent.Namespaced})
			continue
		}
		for _, resource := range resources {
			if name, ok := strings.CutPrefix(resource.Name, parent.Name+"/"); ok && fits(target.Subresource, name) {
				found = append(found, matched{schema.GroupVersionResource{Resource: resource.Name}, parent.Namespaced})
			}
		}
	}
	return found
}

// everything resolves a target for any kind, which needs no discovery and also holds for what is installed later.
func everything(target engine.Target) []matched {
	all := schema.GroupVersionResource{Group: target.Group, Version: target.Version, Resource: "*"}
	if target.Subresource != "" {
		all.Resource += "/" + target.Subresource
	}
	return []matched{{all, false}}
}

// change is a subresource through which the object itself is changed, and of which the engine says whether a rule on the
// object judges it too.
type change struct {
	kind                  schema.GroupVersionKind
	resource, subresource string
}

var (
	pod       = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	namespace = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}

	// changes are those there are (U06, M04).
	changes = []change{
		{namespace, "namespaces", "finalize"}, {namespace, "namespaces", "status"},
		{pod, "pods", "ephemeralcontainers"}, {pod, "pods", "resize"},
	}
)

// changesOf are the subresources that go with what was found.
func (r *Resources) changesOf(program *engine.Program, found []matched) []matched {
	var more []matched
	for _, m := range found {
		if m.Group != "" && m.Group != "*" {
			continue
		}
		for _, c := range changes {
			name := c.resource + "/" + c.subresource
			if (m.Resource == c.resource || m.Resource == "*") && program.Concerns(c.kind, c.subresource, "", "") && r.serves(c.kind.GroupVersion(), name) {
				more = append(more, matched{m.GroupVersion().WithResource(name), m.namespaced})
			}
		}
	}
	return more
}

func (r *Resources) serves(version schema.GroupVersion, name string) bool {
	return slices.ContainsFunc(r.served[version], func(resource metav1.APIResource) bool { return resource.Name == name })
}

// plain tells that a webhook rule can hold the pattern as it is.
func plain(pattern string) bool { return pattern == "*" || !strings.ContainsAny(pattern, "*?") }

// fits compares with a pattern of * and ?. What cannot be a name fits nothing.
func fits(pattern, name string) bool {
	fit, err := path.Match(pattern, name)
	return err == nil && fit
}
