package compile

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const autogenAnnotation = "pod-policies.kyverno.io/autogen-controllers"

// warnings tell an author what the policy, though it is in order, does not do.
func warnings(policy v1.Object, p *Program) []string {
	var out []string
	if rules := autogenRules(policy); len(rules) > 0 {
		out = append(out, fmt.Sprintf("Pod controllers are not judged yet, only Pods: what %s would demand of Deployments and other controllers takes effect when they create Pods", strings.Join(rules, ", ")))
	}
	for i := range p.Rules {
		if missesScale(&p.Rules[i]) {
			out = append(out, "You are matching on replicas but not including the scale subresource in the policy.")
			break
		}
	}
	return out
}

// autogenRules are the names of the rules on Pods that would also hold for the controllers that make Pods.
func autogenRules(policy v1.Object) []string {
	if value, ok := policy.GetAnnotations()[autogenAnnotation]; ok && (value == "none" || value == "") {
		return nil
	}
	rules := policy.PolicySpec().Rules
	if slices.ContainsFunc(rules, func(r v1.Rule) bool { return preventsAutogen(&r) }) {
		return nil
	}
	var names []string
	for i := range rules {
		if rules[i].Exclude != nil && !onlyPods(rules[i].Exclude) {
			continue
		}
		if slices.ContainsFunc(resources(&rules[i].Match), namesPod) {
			names = append(names, "rule "+rules[i].Name)
		}
	}
	return names
}

// preventsAutogen tells that a rule selects in a way that could not be carried over to the templates of controllers.
// One such rule rules the whole policy out.
func preventsAutogen(r *v1.Rule) bool {
	if r.Generate != nil {
		return true
	}
	selected := resources(&r.Match)
	if r.Exclude != nil {
		selected = append(selected, resources(r.Exclude)...)
	}
	return slices.ContainsFunc(selected, func(d *v1.ResourceDescription) bool {
		return d.Name != "" || len(d.Names) > 0 || d.Selector != nil || len(d.Annotations) > 0 || namesPod(d) && len(d.Kinds) > 1
	})
}

func onlyPods(m *v1.MatchResources) bool {
	return !slices.ContainsFunc(resources(m), func(d *v1.ResourceDescription) bool {
		return len(d.Kinds) > 0 && !namesPod(d)
	})
}

func namesPod(d *v1.ResourceDescription) bool {
	return slices.ContainsFunc(d.Kinds, func(kind string) bool { return kind == "Pod" || kind == "v1/Pod" })
}

// resources are the descriptions of all filters.
func resources(m *v1.MatchResources) []*v1.ResourceDescription {
	var out []*v1.ResourceDescription
	each(m, nil, func(d *v1.ResourceDescription, _ *field.Path) { out = append(out, d) })
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
	if compiled.Matcher == nil || compiled.Check == nil || !compiled.Check.Names("spec", "replicas") {
		return false
	}
	return slices.ContainsFunc(scalable, func(gvk schema.GroupVersionKind) bool {
		return compiled.Matcher.Concerns(gvk, "") && !compiled.Matcher.Concerns(gvk, "scale")
	})
}
