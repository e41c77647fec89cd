package compile

import (
	"maps"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/match"
	"github.com/edict-dev/edict/admission/engine/pattern"
)

// maxPattern bounds the JSON of a pattern.
const maxPattern = 1 << 20

func newRule(r *v1.Rule, spec *v1.Spec, overrides []override, namespace string, path *field.Path) (Rule, field.ErrorList) {
	// Until it is known what the rule says, its errors weigh in full.
	out := Rule{Name: r.Name, Properties: maps.Clone(r.ReportProperties), Action: Actions{otherwise: eval.Enforce}}
	errs := refuseRule(r, path)
	var partErrs field.ErrorList
	out.Matcher, partErrs = match.New(&r.Match, r.Exclude, namespace, path)
	errs = append(errs, partErrs...)
	if r.Validate == nil {
		if !hasOtherType(r) {
			errs = append(errs, field.Required(path.Child("validate"), "a rule needs one of mutate, validate, generate and verifyImages"))
		}
		return out, errs
	}
	validate := path.Child("validate")
	out.Check, partErrs = newCheck(r.Name, r.Validate, validate)
	errs = append(errs, partErrs...)
	errs = append(errs, checkKinds(r, spec, out.Check, path)...)
	out.PatternOnly = isPatternOnly(r)
	out.Action, partErrs = newActions(r.Validate, spec, overrides, validate)
	return out, append(errs, partErrs...)
}

// isPatternOnly tells that a rule judges by patterns alone, whether or not they compile.
func isPatternOnly(r *v1.Rule) bool {
	return len(demands(r.Validate)) == 1 && (r.Validate.Pattern != nil || r.Validate.AnyPattern != nil) && !hasOtherType(r)
}

func hasOtherType(r *v1.Rule) bool {
	return r.Mutate != nil || r.Generate != nil || len(r.VerifyImages) > 0
}

// demands are the fields of a validate rule that say what it demands.
func demands(v *v1.Validation) []string {
	var found []string
	for _, part := range []struct {
		name string
		set  bool
	}{
		{"pattern", v.Pattern != nil}, {"anyPattern", v.AnyPattern != nil}, {"deny", v.Deny != nil},
		{"foreach", len(v.ForEach) > 0}, {"podSecurity", v.PodSecurity != nil}, {"cel", v.CEL != nil},
		{"manifests", v.Manifests != nil},
	} {
		if part.set {
			found = append(found, part.name)
		}
	}
	return found
}

// newCheck returns neither check nor errors for a demand that refuseValidation refuses.
func newCheck(rule string, v *v1.Validation, path *field.Path) (*pattern.Check, field.ErrorList) {
	switch found := demands(v); {
	case len(found) == 0:
		return nil, field.ErrorList{field.Required(path, "one of pattern, anyPattern, deny, foreach, podSecurity, cel and manifests must be given")}
	case len(found) > 1:
		return nil, field.ErrorList{field.Forbidden(path.Child(found[1]), "only one demand may be given, and there is "+strings.Join(found, " and ")+"; make each a rule of its own")}
	}
	build, raw, at := pattern.NewCheck, v.Pattern, path.Child("pattern")
	if v.AnyPattern != nil {
		build, raw, at = pattern.NewAnyCheck, v.AnyPattern, path.Child("anyPattern")
	}
	if raw == nil {
		return nil, nil
	}
	value, err := decode(raw, at)
	if err != nil {
		return nil, field.ErrorList{err}
	}
	check, errs := build(rule, v.Message, value, at)
	if len(errs) > 0 {
		return nil, errs
	}
	return check, nil
}

// decode reads JSON into maps, slices, strings, booleans, int64 and float64.
func decode(raw *apiextensionsv1.JSON, path *field.Path) (any, *field.Error) {
	if len(raw.Raw) > maxPattern {
		return nil, field.TooLong(path, "", maxPattern)
	}
	var value any
	if err := json.Unmarshal(raw.Raw, &value); err != nil {
		return nil, field.Invalid(path, "", "is not JSON: "+err.Error())
	}
	return value, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
