package webhookconfig

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Exempt is what the author of a policy is told when the match conditions keep all that it concerns from the webhooks.
const Exempt = "all that the policy concerns is kept from admission, so that the cluster cannot be locked: it is never evaluated there"

// Kinds whose resources the match conditions keep from the webhooks whoever writes them, as policies name them when they
// leave out the group.
var exemptKinds = []string{
	"Event", "TokenReview", "SelfSubjectReview",
	"SubjectAccessReview", "LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview",
	"ClusterPolicy", "PolicyException", "PolicyReport", "ClusterPolicyReport",
}

// ConcernsOnlyExempt tells from a policy's own words that admission never sees what it concerns. What the API server
// serves is not looked up, so a kind of the same name in a group of others may be meant; Ready tells that.
func ConcernsOnlyExempt(policy v1.Object, program *engine.Program) bool {
	targets := program.Targets()
	if !program.Admission() || len(targets) == 0 {
		return false
	}
	return onlyInKubeSystem(policy) || !slices.ContainsFunc(targets, func(t engine.Target) bool { return !exemptKind(t) })
}

func exemptKind(t engine.Target) bool {
	switch t.Group {
	case "authentication.k8s.io", "authorization.k8s.io":
		return true
	case "", "*", "events.k8s.io":
		return slices.Contains(exemptKinds, t.Kind)
	default:
		return slices.Contains(ownGroups, t.Group)
	}
}

// onlyInKubeSystem tells that no rule of the policy can match anything outside of kube-system.
func onlyInKubeSystem(policy v1.Object) bool {
	if policy.GetNamespace() == metav1.NamespaceSystem {
		return true
	}
	rules := policy.PolicySpec().Rules
	return len(rules) > 0 && !slices.ContainsFunc(rules, func(r v1.Rule) bool {
		switch {
		case len(r.Match.Any) > 0:
			return slices.ContainsFunc(r.Match.Any, func(f v1.ResourceFilter) bool { return !inKubeSystem(f) })
		case len(r.Match.All) > 0:
			return !slices.ContainsFunc(r.Match.All, inKubeSystem)
		default:
			return !inKubeSystem(r.Match.ResourceFilter)
		}
	})
}

func inKubeSystem(f v1.ResourceFilter) bool {
	return f.Resources != nil && len(f.Resources.Namespaces) > 0 &&
		!slices.ContainsFunc(f.Resources.Namespaces, func(n string) bool { return n != metav1.NamespaceSystem })
}
