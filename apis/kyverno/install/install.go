// Package install registers every version of the group kyverno.io in a scheme: v1 and v2beta1 of the policies, v2 and
// v2beta1 of their exceptions, and the internal version that the API machinery decodes to. A kind is the same Go type in each, and
// stored in the most preferred version that has it. It is for servers and for whoever decodes policies of any version; a
// client of v1 needs only apis/kyverno/v1.
package install

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
)

// Install adds the group to the scheme. It panics when the scheme holds something else under the same names.
func Install(scheme *runtime.Scheme) {
	internal := schema.GroupVersion{Group: kyvernov1.GroupName, Version: runtime.APIVersionInternal}
	kyvernov1.AddKindsToScheme(scheme, internal)
	kyvernov2.AddKindsToScheme(scheme, internal)
	utilruntime.Must(kyvernov1.AddToScheme(scheme))
	utilruntime.Must(kyvernov2.AddToScheme(scheme))
	utilruntime.Must(kyvernov2beta1.AddToScheme(scheme))
	utilruntime.Must(scheme.SetVersionPriority(
		kyvernov1.SchemeGroupVersion, kyvernov2.SchemeGroupVersion, kyvernov2beta1.SchemeGroupVersion))
}
