package exception

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/condition"
	"github.com/edict-dev/edict/admission/engine/podsecurity"
	"github.com/edict-dev/edict/admission/engine/scalar"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// maxEntries bounds the exceptions of an exception, and the rule names of each.
const maxEntries = 1000

// Exception is a compiled PolicyException. It is immutable.
type Exception struct {
	name        string
	rules       []rules
	subjects    *subjects
	conditions  *condition.Conditions
	podSecurity *podsecurity.Exclusions
}

// policyName names a policy. Namespace is empty for a ClusterPolicy.
type policyName struct{ namespace, name string }

// rules are the rules of one policy that an exception names.
type rules struct {
	policy policyName
	names  []*scalar.Wildcard
}

// Compile compiles an exception. It is nil when there are errors.
func Compile(e *v2.PolicyException) (*Exception, field.ErrorList) {
	spec, path := &e.Spec, field.NewPath("spec")
	out := &Exception{name: e.Name}
	if e.Namespace != "" {
		out.name = e.Namespace + "/" + e.Name
	}
	var errs, partErrs field.ErrorList
	out.rules, errs = compileRules(spec.Exceptions, path.Child("exceptions"))
	out.subjects, partErrs = newSubjects(&spec.Match, path.Child("match"))
	errs = append(errs, partErrs...)
	out.conditions, partErrs = compileConditions(spec.Conditions, path.Child("conditions"))
	errs = append(errs, partErrs...)
	if len(spec.PodSecurity) > 0 {
		out.podSecurity, partErrs = podsecurity.CompileExclusions(spec.PodSecurity, path.Child("podSecurity"))
		errs = append(errs, partErrs...)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return out, nil
}

func compileRules(list []v2.Exception, path *field.Path) ([]rules, field.ErrorList) {
	if len(list) == 0 {
		return nil, field.ErrorList{field.Required(path, "name the policies and rules that the exception is from")}
	}
	if len(list) > maxEntries {
		return nil, field.ErrorList{field.TooMany(path, len(list), maxEntries)}
	}
	var errs field.ErrorList
	out := make([]rules, len(list))
	for i, entry := range list {
		path := path.Index(i)
		namespace, name, namespaced := strings.Cut(entry.PolicyName, "/")
		if !namespaced {
			namespace, name = "", entry.PolicyName
		}
		out[i].policy = policyName{namespace, name}
		if name == "" || namespaced && namespace == "" || strings.Contains(name, "/") {
			errs = append(errs, field.Invalid(path.Child("policyName"), entry.PolicyName, "write the name of a ClusterPolicy, or namespace/name of a Policy"))
		}
		names := path.Child("ruleNames")
		switch {
		case len(entry.RuleNames) == 0:
			errs = append(errs, field.Required(names, "name the rules that the exception is from; * means all"))
		case len(entry.RuleNames) > maxEntries:
			errs = append(errs, field.TooMany(names, len(entry.RuleNames), maxEntries))
			continue
		}
		for j, text := range entry.RuleNames {
			w, err := scalar.NewWildcard(text)
			if err != nil {
				errs = append(errs, field.Invalid(names.Index(j), text, err.Error()))
			}
			out[i].names = append(out[i].names, w)
		}
	}
	return out, errs
}

func compileConditions(conditions *v1.AnyAllConditions, path *field.Path) (*condition.Conditions, field.ErrorList) {
	if conditions == nil {
		return nil, nil
	}
	raw, err := json.Marshal(conditions)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(path, "", fmt.Sprintf("is not JSON: %v", err))}
	}
	return condition.Compile(&apiextensionsv1.JSON{Raw: raw}, path)
}

// Name is namespace/name, as messages and reports have it.
func (e *Exception) Name() string { return e.name }

// PodSecurity returns what podSecurity rules do not demand where the exception applies, or nil: then such a rule is
// skipped, like any other.
func (e *Exception) PodSecurity() *podsecurity.Exclusions { return e.podSecurity }

// Applies tells whether the exception exempts the request of a scope. With an error it does not.
func (e *Exception) Applies(s *variable.Scope) (bool, error) {
	matched, err := e.subjects.match(s.Request(), s.Lookup())
	if err != nil {
		return false, fmt.Errorf("exception %s: match: %w", e.name, err)
	}
	if !matched {
		return false, nil
	}
	met, _, err := e.conditions.Evaluate(s)
	if err != nil {
		return false, fmt.Errorf("exception %s: conditions: %w", e.name, err)
	}
	return met, nil
}

func (r *rules) name(rule string) bool {
	return slices.ContainsFunc(r.names, func(w *scalar.Wildcard) bool { return w.Match(rule) })
}
