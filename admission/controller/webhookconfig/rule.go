package webhookconfig

import (
	"cmp"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/edict-dev/edict/admission/engine"
)

// atom is one thing that a webhook is called for. Rules are taken apart into atoms to be compared, and put together
// from them to be written.
type atom struct {
	group, version, resource string
	scope                    admissionregistrationv1.ScopeType
	operation                admissionregistrationv1.OperationType
}

// covers tells that whatever b asks for, a asks for too.
func (a atom) covers(b atom) bool {
	return (a.group == "*" || a.group == b.group) &&
		(a.version == "*" || a.version == b.version) &&
		(a.scope == admissionregistrationv1.AllScopes || a.scope == b.scope) &&
		(a.operation == admissionregistrationv1.OperationAll || a.operation == b.operation) &&
		coversResource(a.resource, b.resource)
}

func coversResource(a, b string) bool {
	if a == b || a == "*/*" {
		return true
	}
	parent, subresource, nested := strings.Cut(a, "/")
	otherParent, otherSubresource, otherNested := strings.Cut(b, "/")
	return nested == otherNested && (parent == "*" || parent == otherParent) &&
		(subresource == otherSubresource || subresource == "*")
}

// atomsOf takes a target's resources apart.
func atomsOf(target engine.Target, resources []matched) []atom {
	var atoms []atom
	for _, m := range resources {
		scope := admissionregistrationv1.AllScopes
		if m.namespaced || target.Namespace != "" {
			scope = admissionregistrationv1.NamespacedScope
		}
		for _, operation := range target.Operations {
			atoms = append(atoms, atom{m.Group, m.Version, m.Resource, scope, admissionregistrationv1.OperationType(operation)})
		}
	}
	return atoms
}

// atomsIn takes rules apart.
func atomsIn(rules []admissionregistrationv1.RuleWithOperations) []atom {
	var atoms []atom
	for _, rule := range rules {
		scope := admissionregistrationv1.AllScopes
		if rule.Scope != nil {
			scope = *rule.Scope
		}
		for _, group := range rule.APIGroups {
			for _, version := range rule.APIVersions {
				for _, resource := range rule.Resources {
					for _, operation := range rule.Operations {
						atoms = append(atoms, atom{group, version, resource, scope, operation})
					}
				}
			}
		}
	}
	return atoms
}

// rulesOf puts rules together, the same ones for the same atoms in whatever order: resources that are asked for in the
// same way stand in one rule, and what another atom covers is left out.
func rulesOf(atoms []atom) []admissionregistrationv1.RuleWithOperations {
	atoms = distinct(atoms)
	atoms = slices.DeleteFunc(slices.Clone(atoms), func(b atom) bool {
		return slices.ContainsFunc(atoms, func(a atom) bool { return a != b && a.covers(b) })
	})

	type resourceKey struct {
		group, version, resource string
		scope                    admissionregistrationv1.ScopeType
	}
	operations := map[resourceKey][]admissionregistrationv1.OperationType{}
	var order []resourceKey
	for _, a := range atoms {
		key := resourceKey{a.group, a.version, a.resource, a.scope}
		if operations[key] == nil {
			order = append(order, key)
		}
		operations[key] = append(operations[key], a.operation) // sorted, as the atoms are
	}
	var rules []admissionregistrationv1.RuleWithOperations
	for _, key := range order {
		same := slices.IndexFunc(rules, func(r admissionregistrationv1.RuleWithOperations) bool {
			return r.APIGroups[0] == key.group && r.APIVersions[0] == key.version && *r.Scope == key.scope &&
				slices.Equal(r.Operations, operations[key])
		})
		if same >= 0 {
			rules[same].Resources = append(rules[same].Resources, key.resource)
			continue
		}
		rules = append(rules, admissionregistrationv1.RuleWithOperations{
			Operations: operations[key],
			Rule: admissionregistrationv1.Rule{
				APIGroups: []string{key.group}, APIVersions: []string{key.version}, Resources: []string{key.resource}, Scope: &key.scope,
			},
		})
	}
	return rules
}

// distinct are the atoms in order, each once.
func distinct(atoms []atom) []atom {
	atoms = slices.Clone(atoms)
	slices.SortFunc(atoms, compareAtoms)
	return slices.Compact(atoms)
}

func compareAtoms(a, b atom) int {
	return cmp.Or(
		cmp.Compare(a.group, b.group), cmp.Compare(a.version, b.version), cmp.Compare(a.scope, b.scope),
		cmp.Compare(a.resource, b.resource), cmp.Compare(a.operation, b.operation),
	)
}
