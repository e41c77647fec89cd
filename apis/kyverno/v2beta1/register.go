package v2beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// SchemeGroupVersion is the group and version that the types of apis/kyverno/v1 and v2 are also served under.
var SchemeGroupVersion = schema.GroupVersion{Group: kyvernov1.GroupName, Version: "v2beta1"}

var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers this version alone; apis/kyverno/install registers all of them.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	kyvernov1.AddKindsToScheme(scheme, SchemeGroupVersion)
	kyvernov2.AddKindsToScheme(scheme, SchemeGroupVersion)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
