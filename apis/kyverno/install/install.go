// Package install registers every version of the group kyverno.io in a scheme: v1, which is preferred and stored,
// v2beta1, and the internal version that the API machinery decodes to. All are the same Go types. It is for servers and
// for whoever decodes policies of either version; a client of v1 needs only apis/kyverno/v1.
package install

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
)

// Install adds the group to the scheme. It panics when the scheme holds something else under the same names.
func Install(scheme *runtime.Scheme) {
	kyvernov1.AddKindsToScheme(scheme, schema.GroupVersion{Group: kyvernov1.GroupName, Version: runtime.APIVersionInternal})
	utilruntime.Must(kyvernov1.AddToScheme(scheme))
	utilruntime.Must(kyvernov2beta1.AddToScheme(scheme))
	utilruntime.Must(scheme.SetVersionPriority(kyvernov1.SchemeGroupVersion, kyvernov2beta1.SchemeGroupVersion))
}
