package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func (c *checker) checkMutation(path *field.Path, mutate *kyvernov1.Mutation) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"patchStrategicMerge", mutate.PatchStrategicMerge != nil},
		{"patchesJson6902", mutate.PatchesJSON6902 != ""},
		{"foreach", len(mutate.ForEach) > 0},
	}, "give each a rule of its own")
	if mutatesExisting(mutate.MutateExistingOnPolicyUpdate) && len(mutate.Targets) == 0 {
		errs = append(errs, field.Required(path.Child("targets"), "say which resources are to be changed, or remove mutateExistingOnPolicyUpdate"))
	}
	for i := range mutate.Targets {
		errs = append(errs, c.checkTarget(path.Child("targets").Index(i), &mutate.Targets[i])...)
	}
	walkForEachMutation(path, mutate.ForEach, func(at *field.Path, element *kyvernov1.ForEachMutation) {
		errs = append(errs, c.checkForEachMutation(at, element)...)
	})
	return errs
}

func (c *checker) checkTarget(path *field.Path, target *kyvernov1.MutationTarget) field.ErrorList {
	var errs field.ErrorList
	if target.APIVersion == "" {
		errs = append(errs, field.Required(path.Child("apiVersion"), "say the group and version of the target, such as apps/v1"))
	}
	if target.Kind == "" {
		errs = append(errs, field.Required(path.Child("kind"), "say the kind of the target"))
	}
	errs = append(errs, checkLabels(path.Child("selector"), target.Selector)...)
	return append(errs, c.checkContext(path.Child("context"), target.Context, nestedContext)...)
}

func (c *checker) checkForEachMutation(path *field.Path, element *kyvernov1.ForEachMutation) field.ErrorList {
	errs := requireList(path.Child("list"), element.List)
	if element.Order != nil {
		if *element.Order == "" {
			errs = append(errs, field.Required(path.Child("order"), "say Ascending or Descending, or remove the field"))
		}
		errs = append(errs, oneOfValues(path.Child("order"), *element.Order, kyvernov1.Ascending, kyvernov1.Descending)...)
	}
	if len(element.ForEach) == 0 {
		errs = append(errs, exactlyOne(path, []choice{
			{"patchStrategicMerge", element.PatchStrategicMerge != nil},
			{"patchesJson6902", element.PatchesJSON6902 != ""},
		}, "give each an entry of its own")...)
		return append(errs, c.checkContext(path.Child("context"), element.Context, nestedContext)...)
	}
	for _, other := range []choice{
		{"context", len(element.Context) > 0},
		{"preconditions", element.Preconditions != nil},
		{"patchStrategicMerge", element.PatchStrategicMerge != nil},
		{"patchesJson6902", element.PatchesJSON6902 != ""},
	} {
		if other.set {
			errs = append(errs, field.Forbidden(path.Child(other.name), "a nested foreach cannot contain other declarations: move it into the inner foreach"))
		}
	}
	return errs
}
