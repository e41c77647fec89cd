package webhookconfig

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
)

// Served is what the API server makes of the kinds that a policy asks for, as the policy names them.
type Served struct {
	// Unknown are kinds that it does not serve.
	Unknown []string
	// ClusterScoped are kinds whose objects are in no namespace.
	ClusterScoped []string
	// Subresources are kinds of subresources alone, such as Scale.
	Subresources []string
	// Found are the resources that are served, without subresources and wildcards.
	Found []Resource
}

// Resource is one version of a kind.
type Resource struct {
	schema.GroupVersionResource
	Kind string
}

// Served looks the kinds of a policy up. Of a kind that may be one of a group that does not answer, nothing is said, and
// nothing at all where nothing is known.
func (r *Resources) Served(program *engine.Program) Served {
	var served Served
	if r == nil || len(r.served) == 0 {
		return served
	}
	for _, target := range program.Targets() {
		found := r.resolve(target)
		switch name := nameOf(target); {
		case len(found) > 0:
			if !slices.ContainsFunc(found, func(m matched) bool { return m.namespaced || strings.Contains(m.Resource, "*") }) {
				served.ClusterScoped = append(served.ClusterScoped, name)
			}
		case slices.ContainsFunc(slices.Collect(maps.Keys(r.unknown)), func(group string) bool { return fits(target.Group, group) }):
		case target.Subresource == "" && r.onlySubresource(target):
			served.Subresources = append(served.Subresources, name)
		default:
			served.Unknown = append(served.Unknown, name)
		}
		for _, m := range found {
			for _, resource := range r.served[m.GroupVersion()] {
				if resource.Name == m.Resource && !strings.Contains(m.Resource, "/") {
					served.Found = append(served.Found, Resource{m.GroupVersionResource, resource.Kind})
				}
			}
		}
	}
	slices.SortFunc(served.Found, func(a, b Resource) int { return strings.Compare(a.String(), b.String()) })
	served.Found = slices.Compact(served.Found)
	for _, list := range []*[]string{&served.Unknown, &served.ClusterScoped, &served.Subresources} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return served
}

// onlySubresource tells that the kind is served, but as that of subresources.
func (r *Resources) onlySubresource(target engine.Target) bool {
	for version, resources := range r.served {
		if fits(target.Group, version.Group) && fits(target.Version, version.Version) &&
			slices.ContainsFunc(resources, func(resource metav1.APIResource) bool { return fits(target.Kind, resource.Kind) }) {
			return true
		}
	}
	return false
}
