package compile

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/autogen"
	"github.com/edict-dev/edict/admission/engine/demand"
	"github.com/edict-dev/edict/admission/engine/match"
)

// warnings tell an author what the policy, though it is in order, does not do.
func warnings(policy v1.Object, p *Program) []string {
	out := autogen.Warnings(policy)
	if slices.ContainsFunc(p.Rules, func(r Rule) bool { return missesScale(&r) }) {
		out = append(out, "You are matching on replicas but not including the scale subresource in the policy.")
	}
	return out
}

var scalable = []schema.GroupVersionKind{
	{Group: "apps", Version: "v1", Kind: "Deployment"},
	{Group: "apps", Version: "v1", Kind: "StatefulSet"},
	{Group: "apps", Version: "v1", Kind: "ReplicaSet"},
	{Group: "", Version: "v1", Kind: "ReplicationController"},
}

// missesScale tells that a rule judges the number of replicas of something that can also be scaled by way of its scale
// subresource, which the rule does not concern.
func missesScale(compiled *Rule) bool {
	p, ok := compiled.Demand.(demand.Pattern)
	if !ok || compiled.Matcher == nil || !p.Names("spec", "replicas") {
		return false
	}
	return slices.ContainsFunc(scalable, func(gvk schema.GroupVersionKind) bool {
		return compiled.Matcher.Concerns(match.Concern{Kind: gvk}) && !compiled.Matcher.Concerns(match.Concern{Kind: gvk, Subresource: "scale"})
	})
}
