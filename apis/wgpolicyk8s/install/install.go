// Package install registers the group wgpolicyk8s.io in a scheme: v1alpha2, which is served and stored, and the internal
// version that the API machinery decodes to. Both are the same Go types. It is for servers; a client needs only
// apis/wgpolicyk8s/v1alpha2.
package install

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// Install adds the group to the scheme. It panics when the scheme holds something else under the same names.
func Install(scheme *runtime.Scheme) {
	v1alpha2.AddKindsToScheme(scheme, schema.GroupVersion{Group: v1alpha2.GroupName, Version: runtime.APIVersionInternal})
	utilruntime.Must(v1alpha2.AddToScheme(scheme))
	utilruntime.Must(scheme.SetVersionPriority(v1alpha2.SchemeGroupVersion))
}
