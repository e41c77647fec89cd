package v2

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// SchemeGroupVersion is the group and version that the types of this package are served under.
var SchemeGroupVersion = schema.GroupVersion{Group: kyvernov1.GroupName, Version: "v2"}

var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers this version alone; apis/kyverno/install registers all of them.
	AddToScheme = schemeBuilder.AddToScheme
)

// Resource qualifies a resource of this group. Generated listers and informers call it.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

// AddKindsToScheme registers the kinds under a version of this group, which lets other versions share the types.
func AddKindsToScheme(scheme *runtime.Scheme, version schema.GroupVersion) {
	scheme.AddKnownTypes(version, &PolicyException{}, &PolicyExceptionList{})
}

func addKnownTypes(scheme *runtime.Scheme) error {
	AddKindsToScheme(scheme, SchemeGroupVersion)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
