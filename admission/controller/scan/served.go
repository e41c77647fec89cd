package scan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// resource is one version of a kind, as the cluster serves it.
type resource struct {
	name schema.GroupVersionResource
	kind schema.GroupVersionKind
}

// namespaces are watched whether or not a policy concerns them: policies select objects by the labels of theirs.
var namespaces = resource{
	name: schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
	kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"},
}

// excluded kinds are never scanned: events, of which there is no end and each is gone in an hour, and what is Edict's
// own, reports above all.
func excluded(kind schema.GroupKind) bool {
	switch kind.Group {
	case "", "events.k8s.io":
		return kind.Kind == "Event"
	case "kyverno.io", "wgpolicyk8s.io", "openreports.io":
		return true
	default:
		return strings.HasSuffix(kind.Group, ".kyverno.io")
	}
}

// served is what the cluster serves that can be listed and watched. What discovery cannot tell at the moment stays as
// it was told before.
type served struct {
	discovery Discovery
	// lists is the last answer for each group and version.
	lists map[string]*metav1.APIResourceList
	// kinds holds the versions of each kind, the preferred one first; nil until discovery has answered.
	kinds map[schema.GroupKind][]resource
	// blind holds the groups that discovery has failed for without ever having told of them before.
	blind map[string]bool
}

func newServed(discovery Discovery) *served {
	return &served{discovery: discovery}
}

func (s *served) known() bool { return s.kinds != nil }

// refresh asks discovery. After an error, everything is as before.
func (s *served) refresh(ctx context.Context) error {
	groups, answered, err := s.discovery.ServerGroupsAndResourcesWithContext(ctx)
	failed, partial := discovery.GroupDiscoveryFailedErrorGroups(err)
	if err != nil && !partial {
		return fmt.Errorf("discover what the cluster serves: %w", err)
	}
	lists := make(map[string]*metav1.APIResourceList, len(answered))
	for _, list := range answered {
		lists[list.GroupVersion] = list
	}
	blind := make(map[string]bool)
	for version := range failed {
		if list, ok := s.lists[version.String()]; ok {
			lists[version.String()] = list
		} else {
			blind[version.Group] = true
		}
	}
	s.lists, s.blind = lists, blind
	s.kinds = make(map[schema.GroupKind][]resource)
	for _, version := range preferredFirst(groups, lists) {
		s.add(version, lists[version.String()])
	}
	return nil
}

func (s *served) add(version schema.GroupVersion, list *metav1.APIResourceList) {
	for i := range list.APIResources {
		api := &list.APIResources[i]
		if strings.Contains(api.Name, "/") || !slices.Contains(api.Verbs, "list") || !slices.Contains(api.Verbs, "watch") {
			continue
		}
		kind := version.WithKind(api.Kind)
		s.kinds[kind.GroupKind()] = append(s.kinds[kind.GroupKind()],
			resource{name: version.WithResource(api.Name), kind: kind})
	}
}

// preferredFirst orders the versions that there are lists of as their groups do; those of groups that were not named
// this time come last.
func preferredFirst(groups []*metav1.APIGroup, lists map[string]*metav1.APIResourceList) []schema.GroupVersion {
	var order []string
	for _, group := range groups {
		order = append(order, group.PreferredVersion.GroupVersion)
		for _, version := range group.Versions {
			order = append(order, version.GroupVersion)
		}
	}
	rest := make([]string, 0, len(lists))
	for name := range lists {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	var versions []schema.GroupVersion
	seen := make(map[string]bool, len(lists))
	for _, name := range append(order, rest...) {
		if lists[name] == nil || seen[name] {
			continue
		}
		seen[name] = true
		if version, err := schema.ParseGroupVersion(name); err == nil {
			versions = append(versions, version)
		}
	}
	return versions
}
