package kyverno

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// checkSources refuses context entries whose sources the servers do not read yet. They are valid, and can be judged
// where their data is given beforehand, as on the command line; in a cluster the rule could only ever be an error.
func checkSources(spec *kyvernov1.Spec) field.ErrorList {
	var errs field.ErrorList
	refuse := func(path *field.Path, what string) {
		errs = append(errs, field.Forbidden(path, what+" yet: leave the entry out, or judge the policy with the command line, where its data can be given"))
	}
	spec.WalkContext(field.NewPath("spec"), func(path *field.Path, entry *kyvernov1.ContextEntry) {
		if call := entry.APICall; call != nil {
			if call.Service != nil {
				refuse(path.Child("apiCall", "service"), "services other than the Kubernetes API are not called")
			} else if call.Method == kyvernov1.Post {
				refuse(path.Child("apiCall", "method"), "only GET is sent to the Kubernetes API; POST is not")
			}
		}
		if entry.ImageRegistry != nil {
			refuse(path.Child("imageRegistry"), "registries are not asked")
		}
		if entry.GlobalReference != nil {
			refuse(path.Child("globalReference"), "there are no GlobalContextEntries")
		}
	})
	return errs
}
