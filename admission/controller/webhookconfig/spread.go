package webhookconfig

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// spread deals atoms out to webhooks, by the version that the webhook is for, or "" for the common one.
//
// kube-apiserver calls a webhook once for a request: in the version in which it was written if any rule asks for that,
// and converted to one that is asked for otherwise. Rules for two versions of one resource, or for any version and for
// one, would therefore keep requests from a policy that names one version, if only they are written in the other (M08).
// So each version has a webhook of its own where that is so.
func spread(atoms []atom, resources *Resources) map[string][]atom {
	atoms = distinct(atoms)
	webhooks := map[string][]atom{}
	for _, a := range atoms {
		version := ""
		if resources.hasVersion(a.version) && !resources.oneVersion(a) && slices.ContainsFunc(atoms, func(b atom) bool { return b.version != a.version && a.overlaps(b) }) {
			version = a.version
		}
		webhooks[version] = append(webhooks[version], a)
	}
	return webhooks
}

// without leaves out what the others ask for already, in the same version.
func without(atoms, others []atom, resources *Resources) []atom {
	return slices.DeleteFunc(distinct(atoms), func(b atom) bool {
		return slices.ContainsFunc(others, func(a atom) bool {
			return a.covers(b) && (a.version == b.version || resources.oneVersion(b))
		})
	})
}

// overlaps tells that requests may concern the resources of both, if not for their versions.
func (a atom) overlaps(b atom) bool {
	return (a.group == b.group || a.group == "*" || b.group == "*") &&
		(coversResource(a.resource, b.resource) || coversResource(b.resource, a.resource))
}

// hasVersion tells that there is such a version of any group; what else a policy may name is asked for by nobody.
func (r *Resources) hasVersion(version string) bool {
	for _, versions := range r.versions {
		if slices.Contains(versions, version) {
			return true
		}
	}
	return false
}

// oneVersion tells that the atom's resource is surely served in one version alone.
func (r *Resources) oneVersion(a atom) bool {
	if r.unknown[a.group] {
		return false
	}
	served := 0
	for _, version := range r.versions[a.group] {
		for _, resource := range r.served[schema.GroupVersion{Group: a.group, Version: version}] {
			if resource.Name == a.resource {
				served++
			}
		}
	}
	return served == 1
}
