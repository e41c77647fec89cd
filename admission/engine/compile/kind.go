package compile

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/demand"
)

// checkKinds sees to it that a rule on every kind there is speaks only of what every kind has.
func checkKinds(r *v1.Rule, spec *v1.Spec, d demand.Demand, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	background := valueOr(spec.Background, true)
	each(&r.Match, path.Child("match"), func(resources *v1.ResourceDescription, path *field.Path) {
		for i, kind := range resources.Kinds {
			if kind == "*" {
				errs = append(errs, checkEveryKind(resources, background, d, path.Child("kinds").Index(i))...)
			}
		}
	})
	return errs
}

func checkEveryKind(resources *v1.ResourceDescription, background bool, d demand.Demand, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if background {
		errs = append(errs, field.Invalid(at, "*", "wildcard policy not allowed in background mode: not every kind there is can be scanned; set spec.background to false, or name kinds"))
	}
	if len(resources.Kinds) > 1 {
		errs = append(errs, field.Invalid(at, "*", "it cannot stand beside other kinds; leave them out, or leave it out"))
	}
	if p, ok := d.(demand.Pattern); ok && !p.OnlyNames("metadata") {
		errs = append(errs, field.Invalid(at, "*", "a rule on every kind can only speak of metadata; name kinds"))
	}
	return errs
}

// each calls f for the resources of every filter, with their path.
func each(m *v1.MatchResources, path *field.Path, f func(*v1.ResourceDescription, *field.Path)) {
	visit := func(filter *v1.ResourceFilter, path *field.Path) {
		if filter.Resources != nil {
			f(filter.Resources, path.Child("resources"))
		}
	}
	for i := range m.Any {
		visit(&m.Any[i], path.Child("any").Index(i))
	}
	for i := range m.All {
		visit(&m.All[i], path.Child("all").Index(i))
	}
	visit(&m.ResourceFilter, path)
}
