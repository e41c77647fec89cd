package compile

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/match"
)

// Actions say what follows when a rule fails, which may differ by namespace.
type Actions struct {
	overrides []override
	otherwise eval.Action
}

// override is another action for some namespaces.
type override struct {
	action     eval.Action
	namespaces *match.Namespaces
}

// newActions resolves what can be resolved without a request: overrides of the rule come first, then what the rule
// says itself; only a rule that says nothing is ruled by the policy's overrides and action.
func newActions(v *v1.Validation, spec *v1.Spec, policyOverrides []override, path *field.Path) (Actions, field.ErrorList) {
	own, errs := newOverrides(v.FailureActionOverrides, path.Child("failureActionOverrides"))
	if v.FailureAction != nil {
		action, err := newAction(*v.FailureAction, path.Child("failureAction"))
		if err != nil {
			errs = append(errs, err)
		}
		return Actions{overrides: own, otherwise: action}, errs
	}
	action := eval.Audit
	if spec.ValidationFailureAction != "" {
		var err *field.Error
		if action, err = newAction(spec.ValidationFailureAction, field.NewPath("spec", "validationFailureAction")); err != nil {
			errs = append(errs, err)
		}
	}
	return Actions{overrides: append(own, policyOverrides...), otherwise: action}, errs
}

func newAction(a v1.FailureAction, path *field.Path) (eval.Action, *field.Error) {
	switch a {
	case v1.Enforce, v1.EnforceLowerCase:
		return eval.Enforce, nil
	case v1.Audit, v1.AuditLowerCase:
		return eval.Audit, nil
	}
	return eval.Enforce, field.NotSupported(path, a, []v1.FailureAction{v1.Audit, v1.Enforce})
}

func newOverrides(list []v1.FailureActionOverride, path *field.Path) ([]override, field.ErrorList) {
	var out []override
	var errs field.ErrorList
	for i := range list {
		at := path.Index(i)
		action, err := newAction(list[i].Action, at.Child("action"))
		if err != nil {
			errs = append(errs, err)
		}
		namespaces, nsErrs := match.NewNamespaces(list[i].Namespaces, list[i].NamespaceSelector, at)
		errs = append(errs, nsErrs...)
		out = append(out, override{action: action, namespaces: namespaces})
	}
	return out, errs
}

// For is the action for a request. When the labels that an override asks for cannot be told it is Enforce, with the
// error.
func (a *Actions) For(req *eval.Request, lookup eval.Lookup) (eval.Action, error) {
	for i := range a.overrides {
		ok, err := a.overrides[i].namespaces.Match(req, lookup)
		if err != nil {
			return eval.Enforce, err
		}
		if ok {
			return a.overrides[i].action, nil
		}
	}
	return a.otherwise, nil
}
