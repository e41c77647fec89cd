package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func (c *checker) checkGeneration(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	generate := rule.Generate
	const advice = "give each a rule of its own"
	if len(generate.ForEach) == 0 {
		errs := checkSource(path, &generate.GeneratePattern, advice)
		errs = append(errs, c.checkGeneratePattern(path, &generate.GeneratePattern)...)
		return append(errs, checkGeneratesItself(path.Child("kind"), rule)...)
	}
	errs := atMostOne(path, []choice{
		{"foreach", true},
		{"data", generate.Data != nil},
		{"clone", generate.Clone != nil},
		{"cloneList", generate.CloneList != nil},
	}, advice)
	for i := range generate.ForEach {
		element, at := &generate.ForEach[i], path.Child("foreach").Index(i)
		errs = append(errs, requireList(at.Child("list"), element.List)...)
		errs = append(errs, c.checkContext(at.Child("context"), element.Context, nestedContext)...)
		errs = append(errs, checkSource(at, &element.GeneratePattern, "give each an entry of its own")...)
		errs = append(errs, c.checkGeneratePattern(at, &element.GeneratePattern)...)
	}
	return errs
}

// checkSource refuses several sources. Without any the generated resource has nothing but a name.
func checkSource(path *field.Path, pattern *kyvernov1.GeneratePattern, advice string) field.ErrorList {
	return atMostOne(path, []choice{
		{"data", pattern.Data != nil},
		{"clone", pattern.Clone != nil},
		{"cloneList", pattern.CloneList != nil},
	}, advice)
}

func (c *checker) checkGeneratePattern(path *field.Path, pattern *kyvernov1.GeneratePattern) field.ErrorList {
	errs := c.checkOwnNamespace(path.Child("namespace"), pattern.Namespace)
	if list, at := pattern.CloneList, path.Child("cloneList"); list != nil {
		if len(list.Kinds) == 0 {
			errs = append(errs, field.Required(at.Child("kinds"), "say which kinds are copied, such as v1/Secret"))
		}
		for _, identity := range []choice{{"kind", pattern.Kind != ""}, {"name", pattern.Name != ""}} {
			if identity.set {
				errs = append(errs, field.Forbidden(path.Child(identity.name), "cloneList says what is copied: remove it"))
			}
		}
		errs = append(errs, c.checkOwnNamespace(at.Child("namespace"), list.Namespace)...)
		errs = append(errs, checkLabels(at.Child("selector"), list.Selector)...)
		if list.Selector != nil {
			for _, key := range slices.Sorted(maps.Keys(list.Selector.MatchLabels)) {
				value := list.Selector.MatchLabels[key]
				if strings.ContainsAny(key+value, "*?") {
					errs = append(errs, field.Invalid(at.Child("selector", "matchLabels").Key(key), value, "wildcards are not allowed here: write the label out"))
				}
			}
		}
		return errs
	}
	if pattern.APIVersion == "" {
		errs = append(errs, field.Required(path.Child("apiVersion"), "say the group and version of the generated resource, such as v1"))
	}
	if pattern.Kind == "" {
		errs = append(errs, field.Required(path.Child("kind"), "say the kind of the generated resource"))
	}
	if pattern.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), "name the generated resource"))
	}
	if clone, at := pattern.Clone, path.Child("clone"); clone != nil {
		if clone.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "name the resource that is copied"))
		}
		errs = append(errs, c.checkOwnNamespace(at.Child("namespace"), clone.Namespace)...)
	}
	return errs
}

// checkOwnNamespace keeps a Policy within its namespace. What a variable will hold is not known here: whoever evaluates
// the rule checks it again.
func (c *checker) checkOwnNamespace(path *field.Path, namespace string) field.ErrorList {
	if !c.namespaced || namespace == c.namespace || namespace == "" || strings.Contains(namespace, "{{") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, namespace,
		fmt.Sprintf("a Policy reads and writes in its own namespace only: say %s, or write a ClusterPolicy", c.namespace))}
}

// checkGeneratesItself refuses a rule whose product triggers it again.
func checkGeneratesItself(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	if rule.Generate.Kind == "" || rule.Match.Resources == nil {
		return nil
	}
	for _, kind := range rule.Match.Resources.Kinds {
		if kind == rule.Generate.Kind {
			return field.ErrorList{field.Invalid(path, kind, "generation kind and match resource kind should not be the same: the rule would trigger itself")}
		}
	}
	return nil
}
