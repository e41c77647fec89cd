package autogen

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/match"
)

// obstacle is a field on account of which a policy's rules cannot be carried over to controllers.
type obstacle struct {
	path *field.Path
	why  string
}

// findObstacle returns the first field of any rule that stands against derived rules for the whole policy: who selects
// Pods by name or label selects something else by those of their controller.
func findObstacle(spec *v1.Spec) *obstacle {
	for i := range spec.Rules {
		rule, path := &spec.Rules[i], field.NewPath("spec", "rules").Index(i)
		if rule.Generate != nil {
			return &obstacle{path.Child("generate"), "a rule that generates resources has no counterpart for controllers"}
		}
		if found := mutationObstacle(rule.Mutate, path.Child("mutate")); found != nil {
			return found
		}
		var found *obstacle
		each(rule, path, func(d *v1.ResourceDescription, path *field.Path) {
			if found == nil {
				found = selectionObstacle(d, path)
			}
		})
		if found != nil {
			return found
		}
	}
	return nil
}

func mutationObstacle(mutation *v1.Mutation, path *field.Path) *obstacle {
	const why = "the paths of a JSON patch cannot be carried over"
	if mutation == nil {
		return nil
	}
	if mutation.PatchesJSON6902 != "" {
		return &obstacle{path.Child("patchesJson6902"), why}
	}
	for i := range mutation.ForEach {
		if mutation.ForEach[i].PatchesJSON6902 != "" {
			return &obstacle{path.Child("foreach").Index(i).Child("patchesJson6902"), why}
		}
	}
	return nil
}

func selectionObstacle(d *v1.ResourceDescription, path *field.Path) *obstacle {
	const why = "what it selects among Pods it would not select among their controllers"
	switch {
	case d.Name != "":
		return &obstacle{path.Child("name"), why}
	case len(d.Names) > 0:
		return &obstacle{path.Child("names"), why}
	case d.Selector != nil:
		return &obstacle{path.Child("selector"), why}
	case d.Annotations != nil:
		return &obstacle{path.Child("annotations"), why}
	case len(d.Kinds) > 1 && namesPod(d):
		return &obstacle{path.Child("kinds"), "other kinds stand beside Pod; list Pod in a filter, or a rule, of its own"}
	}
	return nil
}

// concernsPods tells whether any filter of the policy, match or exclude, names Pods or a controller by its bare kind.
func concernsPods(spec *v1.Spec) bool {
	concerned := false
	for i := range spec.Rules {
		each(&spec.Rules[i], nil, func(d *v1.ResourceDescription, _ *field.Path) {
			concerned = concerned || slices.ContainsFunc(d.Kinds, func(kind string) bool {
				_, known := controllers[kind]
				return kind == pod || known
			})
		})
	}
	return concerned
}

// isOnPods tells whether a rule matches Pods. One that leaves out other kinds only is none that speaks of Pods alone.
func isOnPods(rule *v1.Rule) bool {
	matched, _ := podsAmong(&rule.Match)
	if rule.Exclude == nil {
		return matched
	}
	excluded, kinds := podsAmong(rule.Exclude)
	return matched && (excluded || !kinds)
}

// podsAmong tells whether filters name Pods, and whether they name kinds at all.
func podsAmong(m *v1.MatchResources) (pods, kinds bool) {
	eachOf(m, nil, func(d *v1.ResourceDescription, _ *field.Path) {
		pods = pods || namesPod(d)
		kinds = kinds || len(d.Kinds) > 0
	})
	return pods, kinds
}

// namesPod tells whether one of the kinds is Pod, in whatever spelling and with whatever subresource.
func namesPod(d *v1.ResourceDescription) bool {
	return slices.ContainsFunc(d.Kinds, func(kind string) bool {
		selector, err := match.ParseKind(kind)
		return err == nil && selector.Kind == pod
	})
}

// each calls f for the resources of every filter of match and exclude.
func each(rule *v1.Rule, path *field.Path, f func(*v1.ResourceDescription, *field.Path)) {
	eachOf(&rule.Match, path.Child("match"), f)
	if rule.Exclude != nil {
		eachOf(rule.Exclude, path.Child("exclude"), f)
	}
}

func eachOf(m *v1.MatchResources, path *field.Path, f func(*v1.ResourceDescription, *field.Path)) {
	visit := func(filter *v1.ResourceFilter, path *field.Path) {
		if filter.Resources != nil {
			f(filter.Resources, path.Child("resources"))
		}
	}
	visit(&m.ResourceFilter, path)
	for i := range m.Any {
		visit(&m.Any[i], path.Child("any").Index(i))
	}
	for i := range m.All {
		visit(&m.All[i], path.Child("all").Index(i))
	}
}
