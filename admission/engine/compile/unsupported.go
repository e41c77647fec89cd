package compile

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// unsupported lists what a policy asks for and is not evaluated yet. A server refuses such a policy; a rule of it answers
// that it cannot be evaluated.
func unsupported(spec *v1.Spec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	refuse := func(set bool, path *field.Path, detail string) {
		if set {
			errs = append(errs, field.Forbidden(path, detail))
		}
	}
	refuse(valueOr(spec.MutateExistingOnPolicyUpdate, false), path.Child("mutateExistingOnPolicyUpdate"), "mutate rules are not evaluated yet; leave it out")
	refuse(valueOr(spec.GenerateExisting, false), path.Child("generateExisting"), "generate rules are not evaluated yet; leave it out")
	refuse(spec.GenerateExistingOnPolicyUpdate != nil, path.Child("generateExistingOnPolicyUpdate"), "it was replaced by generateExisting; leave it out")
	refuse(valueOr(spec.UseServerSideApply, false), path.Child("useServerSideApply"), "generate rules are not evaluated yet; leave it out")
	for i := range spec.Rules {
		r, path := &spec.Rules[i], path.Child("rules").Index(i)
		refuse(r.Mutate != nil, path.Child("mutate"), "mutate rules are not evaluated yet")
		refuse(r.Generate != nil, path.Child("generate"), "generate rules are not evaluated yet")
		refuse(len(r.VerifyImages) > 0, path.Child("verifyImages"), "image signatures are not verified yet")
		if v := r.Validate; v != nil {
			refuse(v.Manifests != nil, path.Child("validate", "manifests"), "manifest signatures are not verified yet")
		}
	}
	return errs
}
