package validation

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// choice is one of several fields of which exactly one may be set.
type choice struct {
	name string
	set  bool
}

// exactlyOne complains when none or several of the choices are set. The advice says what to do about several.
func exactlyOne(path *field.Path, choices []choice, advice string) field.ErrorList {
	errs := atMostOne(path, choices, advice)
	if len(errs) > 0 {
		return errs
	}
	names := make([]string, 0, len(choices))
	for _, c := range choices {
		if c.set {
			return nil
		}
		names = append(names, c.name)
	}
	return field.ErrorList{field.Required(path, "specify one of "+enumerate(names))}
}

// atMostOne complains about every choice but the first that is set.
func atMostOne(path *field.Path, choices []choice, advice string) field.ErrorList {
	var errs field.ErrorList
	first := ""
	for _, c := range choices {
		switch {
		case !c.set:
		case first == "":
			first = c.name
		default:
			errs = append(errs, field.Forbidden(path.Child(c.name), "cannot be combined with "+first+": "+advice))
		}
	}
	return errs
}

// enumerate writes a list of names as a sentence does.
func enumerate(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// oneOfValues complains when a value is none of those that its type knows; an empty value says nothing.
func oneOfValues[T ~string](path *field.Path, value T, known ...T) field.ErrorList {
	if value == "" || slices.Contains(known, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, known)}
}
