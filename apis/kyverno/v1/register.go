package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of all policy kinds in this package.
const GroupName = "kyverno.io"

// SchemeGroupVersion is the group and version that the types of this package are served under first.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1"}

var (
	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
	// AddToScheme registers this version alone; apis/kyverno/install registers all of them.
	AddToScheme = schemeBuilder.AddToScheme
)

// Kind qualifies a kind of this group.
func Kind(kind string) schema.GroupKind {
	return SchemeGroupVersion.WithKind(kind).GroupKind()
}

// Resource qualifies a resource of this group. Generated listers and informers call it.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

// AddKindsToScheme registers the policy kinds under a version of this group, which lets other versions share the types.
func AddKindsToScheme(scheme *runtime.Scheme, version schema.GroupVersion) {
	scheme.AddKnownTypes(version, &ClusterPolicy{}, &ClusterPolicyList{}, &Policy{}, &PolicyList{})
}

func addKnownTypes(scheme *runtime.Scheme) error {
	AddKindsToScheme(scheme, SchemeGroupVersion)
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
