package cel

import (
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

var errNoParams = errors.New("no params found for policy binding with `Deny` parameterNotFoundAction")

// params says which objects are the parameters of a rule.
type params struct {
	policy   eval.PolicyRef
	kind     schema.GroupVersionKind
	name     string
	selector labels.Selector
	// namespace is empty when the parameters are in the namespace of the request.
	namespace string
	// optional tells that the rule holds when there are none.
	optional bool
}

// newParams returns nil for a rule without parameters.
func newParams(rule *v1.CEL, policy eval.PolicyRef, path *field.Path) (*params, field.ErrorList) {
	kindPath, refPath := path.Child("paramKind"), path.Child("paramRef")
	switch {
	case rule.ParamKind == nil && rule.ParamRef == nil:
		return nil, nil
	case rule.ParamKind == nil:
		return nil, field.ErrorList{field.Required(kindPath, "say of which kind the parameters of paramRef are")}
	case rule.ParamRef == nil:
		return nil, field.ErrorList{field.Required(refPath, "say which objects of paramKind are the parameters")}
	}
	var errs field.ErrorList
	gv, err := schema.ParseGroupVersion(rule.ParamKind.APIVersion)
	if err != nil || gv.Version == "" {
		errs = append(errs, field.Invalid(kindPath.Child("apiVersion"), rule.ParamKind.APIVersion, "write group/version, or v1"))
	}
	if rule.ParamKind.Kind == "" {
		errs = append(errs, field.Required(kindPath.Child("kind"), "say of which kind the parameters are"))
	}
	ref := rule.ParamRef
	p := &params{policy: policy, kind: gv.WithKind(rule.ParamKind.Kind), name: ref.Name, namespace: ref.Namespace}
	if action := ref.ParameterNotFoundAction; action != nil {
		p.optional = *action == admissionregistrationv1.AllowAction
		if *action != admissionregistrationv1.AllowAction && *action != admissionregistrationv1.DenyAction {
			errs = append(errs, field.NotSupported(refPath.Child("parameterNotFoundAction"), *action, []admissionregistrationv1.ParameterNotFoundActionType{admissionregistrationv1.AllowAction, admissionregistrationv1.DenyAction}))
		}
	}
	if policy.Namespace != "" && ref.Namespace != "" && ref.Namespace != policy.Namespace {
		errs = append(errs, field.Forbidden(refPath.Child("namespace"), "a Policy may read parameters in its own namespace only"))
	}
	if (ref.Name == "") == (ref.Selector == nil) {
		return p, append(errs, field.Required(refPath.Child("name"), "give either name or selector"))
	}
	if ref.Selector != nil {
		if p.selector, err = metav1.LabelSelectorAsSelector(ref.Selector); err != nil {
			errs = append(errs, field.Invalid(refPath.Child("selector"), "", err.Error()))
		}
	}
	return p, errs
}

// read returns the parameters for a request. There is at least one, or none when the rule holds without.
func (p *params) read(req *eval.Request, lookup eval.Lookup) ([]any, error) {
	namespace := p.namespace
	if namespace == "" {
		namespace = req.Namespace
	}
	found, err := lookup.Read(eval.Source{Policy: p.policy, Params: &eval.ParamsSource{
		Kind: p.kind, Namespace: namespace, Name: p.name, Selector: p.selector,
	}})
	if err != nil {
		return nil, err
	}
	list, ok := found.([]any)
	if !ok {
		return nil, fmt.Errorf("parameters are %T and not a list", found)
	}
	if len(list) == 0 && !p.optional {
		return nil, errNoParams
	}
	return list, nil
}
