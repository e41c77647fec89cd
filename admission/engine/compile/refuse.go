package compile

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// unsupported is a field that a policy may have and that is not evaluated yet.
type unsupported struct {
	set    bool
	path   *field.Path
	detail string
}

func refuse(list []unsupported) field.ErrorList {
	var errs field.ErrorList
	for _, u := range list {
		if u.set {
			errs = append(errs, field.Forbidden(u.path, u.detail))
		}
	}
	return errs
}

func refuseSpec(spec *v1.Spec, path *field.Path) field.ErrorList {
	webhook := path.Child("webhookConfiguration")
	return refuse([]unsupported{
		{spec.MutateExistingOnPolicyUpdate != nil && *spec.MutateExistingOnPolicyUpdate, path.Child("mutateExistingOnPolicyUpdate"), "mutate rules are not evaluated yet; leave it out"},
		{spec.GenerateExisting != nil && *spec.GenerateExisting, path.Child("generateExisting"), "generate rules are not evaluated yet; leave it out"},
		{spec.GenerateExistingOnPolicyUpdate != nil, path.Child("generateExistingOnPolicyUpdate"), "it was replaced by generateExisting; leave it out"},
		{spec.UseServerSideApply != nil && *spec.UseServerSideApply, path.Child("useServerSideApply"), "generate rules are not evaluated yet; leave it out"},
		{spec.WebhookConfiguration != nil && len(spec.WebhookConfiguration.MatchConditions) > 0, webhook.Child("matchConditions"), "CEL conditions are not evaluated yet; say in match and exclude what the policy concerns"},
	})
}

func refuseRule(r *v1.Rule, path *field.Path) field.ErrorList {
	errs := refuse([]unsupported{
		{r.Mutate != nil, path.Child("mutate"), "mutate rules are not evaluated yet"},
		{r.Generate != nil, path.Child("generate"), "generate rules are not evaluated yet"},
		{len(r.VerifyImages) > 0, path.Child("verifyImages"), "image signatures are not verified yet"},
		{len(r.Context) > 0, path.Child("context"), "context entries are not looked up yet"},
		{r.Preconditions != nil, path.Child("preconditions"), "preconditions are not evaluated yet; select by match and exclude, or by a conditional anchor"},
		{len(r.CELPreconditions) > 0, path.Child("celPreconditions"), "CEL is not evaluated yet"},
		{len(r.ImageExtractors) > 0, path.Child("imageExtractors"), "image variables are not evaluated yet"},
	})
	properties := path.Child("reportProperties")
	for _, key := range sortedKeys(r.ReportProperties) {
		errs = append(errs, refuseVariables(r.ReportProperties[key], properties.Key(key))...)
	}
	if r.Validate != nil {
		errs = append(errs, refuseValidation(r.Validate, path.Child("validate"))...)
	}
	return errs
}

func refuseValidation(v *v1.Validation, path *field.Path) field.ErrorList {
	errs := refuse([]unsupported{
		{v.Deny != nil, path.Child("deny"), "conditions are not evaluated yet; use pattern or anyPattern"},
		{len(v.ForEach) > 0, path.Child("foreach"), "foreach is not evaluated yet; a pattern of a list holds for each of its elements"},
		{v.PodSecurity != nil, path.Child("podSecurity"), "the Pod Security Standards are not evaluated yet; use pattern or anyPattern"},
		{v.CEL != nil, path.Child("cel"), "CEL is not evaluated yet; use pattern or anyPattern"},
		{v.Manifests != nil, path.Child("manifests"), "manifest signatures are not verified yet"},
		{v.Assert != nil, path.Child("assert"), "it has no effect; use pattern or anyPattern"},
		{v.AllowExistingViolations != nil && !*v.AllowExistingViolations, path.Child("allowExistingViolations"), "it is not told apart yet: resources that violated before are judged like all others; leave it out"},
	})
	return append(errs, refuseVariables(v.Message, path.Child("message"))...)
}

func refuseVariables(s string, path *field.Path) field.ErrorList {
	return refuse([]unsupported{
		{strings.Contains(s, "{{"), path, "variables, {{…}}, are not evaluated yet; write the value itself"},
		{strings.Contains(s, "$("), path, "references, $(…), are not evaluated yet; write the value itself"},
	})
}
