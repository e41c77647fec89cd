package registry

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	kyvernoinstall "github.com/edict-dev/edict/apis/kyverno/install"
	wgpolicyk8sinstall "github.com/edict-dev/edict/apis/wgpolicyk8s/install"
)

var (
	// Scheme knows every kind that is served, and those that every API server speaks.
	Scheme = newScheme()
	// Codecs encode and decode them.
	Codecs = serializer.NewCodecFactory(Scheme)

	parameterCodec = runtime.NewParameterCodec(Scheme)
)

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	kyvernoinstall.Install(scheme)
	wgpolicyk8sinstall.Install(scheme)
	// Options, statuses and discovery are decoded as v1 of no group, whatever group is asked.
	unversioned := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(scheme, unversioned)
	scheme.AddUnversionedTypes(unversioned,
		&metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	return scheme
}

// withoutProtobuf offers JSON and YAML alone. Our types have no protobuf form, as custom resources have none, and what is
// offered is taken: the namespace controller would ask for it, be refused, and no namespace would ever be gone.
type withoutProtobuf struct{ runtime.NegotiatedSerializer }

// SupportedMediaTypes are those that clients may ask for.
func (w withoutProtobuf) SupportedMediaTypes() []runtime.SerializerInfo {
	return slices.DeleteFunc(slices.Clone(w.NegotiatedSerializer.SupportedMediaTypes()), func(info runtime.SerializerInfo) bool {
		return info.MediaType == runtime.ContentTypeProtobuf
	})
}
