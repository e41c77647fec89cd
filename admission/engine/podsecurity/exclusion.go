package podsecurity

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

// Exclusions take violations out of what is found. They are immutable.
type Exclusions struct {
	list []exclusion
}

// exclusion takes out violations of one control, and never more than that: what two exclusions take out together is
// what the one takes out and what the other does.
type exclusion struct {
	control string
	// images are those of the containers whose violations are taken out; without any the violations of the Pod itself
	// are.
	images []*scalar.Wildcard
	// field, when it is not empty, is the only field whose violations are taken out, and only where all its forbidden
	// values are among values.
	field  string
	values []*scalar.Wildcard
}

// CompileExclusions compiles the exclusions of an exception, which fit any level.
func CompileExclusions(list []v1.PodSecurityExclusion, path *field.Path) (*Exclusions, field.ErrorList) {
	return compileExclusions(list, v1.Restricted, path)
}

func compileExclusions(list []v1.PodSecurityExclusion, level v1.PodSecurityLevel, path *field.Path) (*Exclusions, field.ErrorList) {
	var errs field.ErrorList
	out := &Exclusions{}
	for i := range list {
		e, exclusionErrs := newExclusion(&list[i], level, path.Index(i))
		errs = append(errs, exclusionErrs...)
		out.list = append(out.list, e)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

func newExclusion(e *v1.PodSecurityExclusion, level v1.PodSecurityLevel, path *field.Path) (exclusion, field.ErrorList) {
	var errs field.ErrorList
	name := path.Child("controlName")
	switch control, known := controls[e.ControlName]; {
	case !known:
		errs = append(errs, field.NotSupported(name, e.ControlName, slices.Sorted(maps.Keys(controls))))
	case control.restricted && level == v1.Baseline:
		errs = append(errs, field.Invalid(name, e.ControlName, "the level baseline does not have this control; remove the exclusion, or raise the level to restricted"))
	case control.scope == containersOnly && len(e.Images) == 0:
		errs = append(errs, field.Invalid(name, e.ControlName, "exclude.images must be specified for the container level control; name the images that are excluded, * means all"))
	case control.scope == podOnly && len(e.Images) > 0:
		errs = append(errs, field.Invalid(name, e.ControlName, "exclude.images must not be specified for the pod level control; remove the images"))
	}
	if e.RestrictedField != "" && len(e.Values) == 0 {
		errs = append(errs, field.Forbidden(path.Child("values"), "values is required beside restrictedField; say which values are excluded, or remove restrictedField"))
	}
	if e.RestrictedField == "" && len(e.Values) > 0 {
		errs = append(errs, field.Forbidden(path.Child("restrictedField"), "restrictedField is required beside values; say of which field the values are excluded, or remove values"))
	}
	out := exclusion{control: e.ControlName, field: e.RestrictedField}
	out.images = wildcards(e.Images, path.Child("images"), &errs)
	out.values = wildcards(e.Values, path.Child("values"), &errs)
	return out, errs
}

func wildcards(list []string, path *field.Path, errs *field.ErrorList) []*scalar.Wildcard {
	var out []*scalar.Wildcard
	for i, text := range list {
		w, err := scalar.NewWildcard(text)
		if err != nil {
			*errs = append(*errs, field.Invalid(path.Index(i), text, err.Error()))
		}
		out = append(out, w)
	}
	return out
}

// apply returns what is left of the failures. A failure without violations is left as it is: where it is not known what
// fails, it is not known to be excluded either.
func (x *Exclusions) apply(failures []failure, p *pod) []failure {
	if x == nil || len(x.list) == 0 {
		return failures
	}
	var left []failure
	for _, f := range failures {
		known := len(f.violations) > 0
		for i := range x.list {
			if x.list[i].control == f.check.control {
				f.violations = x.list[i].apply(f, p)
			}
		}
		if !known || len(f.violations) > 0 {
			left = append(left, f)
		}
	}
	return left
}

// apply returns the violations of a failure that are left.
func (e *exclusion) apply(f failure, p *pod) []violation {
	var left []violation
	for _, v := range f.violations {
		if !e.covers(&v) {
			left = append(left, v)
		}
	}
	if len(e.images) > 0 {
		return left
	}
	// What a Pod does not set shows in its containers. Without images as much of that is taken out as a single
	// container that sets nothing shows, and rather from a container that sets nothing than from one that sets it wrong.
	for _, bare := range f.check.find(p.bare()) {
		if !bare.ofContainer() || !e.fits(&bare) {
			continue
		}
		i := slices.IndexFunc(left, func(v violation) bool { return v.absent && v.field() == bare.field() })
		if i < 0 {
			i = slices.IndexFunc(left, func(v violation) bool { return v.field() == bare.field() })
		}
		if i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

func (e *exclusion) covers(v *violation) bool {
	if v.ofContainer() {
		return matchAny(e.images, v.container.Image) && e.fits(v)
	}
	return len(e.images) == 0 && e.fits(v)
}

// fits compares field and values.
func (e *exclusion) fits(v *violation) bool {
	if e.field == "" {
		return true
	}
	return e.field == v.field() && !slices.ContainsFunc(v.values, func(value string) bool { return !matchAny(e.values, value) })
}

func matchAny(list []*scalar.Wildcard, s string) bool {
	return slices.ContainsFunc(list, func(w *scalar.Wildcard) bool { return w.Match(s) })
}
