package v1

import "k8s.io/apimachinery/pkg/util/validation/field"

// WalkContext visits every context entry of the policy: those of rules, and those of foreach and targets in them. The
// path is that of the spec.
func (s *Spec) WalkContext(path *field.Path, visit func(*field.Path, *ContextEntry)) {
	walk := func(at *field.Path, entries []ContextEntry) {
		for i := range entries {
			visit(at.Child("context").Index(i), &entries[i])
		}
	}
	for i := range s.Rules {
		rule, at := &s.Rules[i], path.Child("rules").Index(i)
		walk(at, rule.Context)
		if rule.Validate != nil {
			walkForEachValidation(at.Child("validate"), rule.Validate.ForEach, walk)
		}
		if rule.Mutate != nil {
			for j := range rule.Mutate.Targets {
				walk(at.Child("mutate", "targets").Index(j), rule.Mutate.Targets[j].Context)
			}
			walkForEachMutation(at.Child("mutate"), rule.Mutate.ForEach, walk)
		}
		if rule.Generate != nil {
			for j := range rule.Generate.ForEach {
				walk(at.Child("generate", "foreach").Index(j), rule.Generate.ForEach[j].Context)
			}
		}
	}
}

func walkForEachValidation(path *field.Path, elements []ForEachValidation, walk func(*field.Path, []ContextEntry)) {
	for i := range elements {
		at := path.Child("foreach").Index(i)
		walk(at, elements[i].Context)
		walkForEachValidation(at, elements[i].ForEach, walk)
	}
}

func walkForEachMutation(path *field.Path, elements []ForEachMutation, walk func(*field.Path, []ContextEntry)) {
	for i := range elements {
		at := path.Child("foreach").Index(i)
		walk(at, elements[i].Context)
		walkForEachMutation(at, elements[i].ForEach, walk)
	}
}
