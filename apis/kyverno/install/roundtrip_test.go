package install

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/apitesting/roundtrip"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	kyvernofuzzer "github.com/edict-dev/edict/apis/kyverno/fuzzer"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
)

func TestRoundTrip(t *testing.T) {
	roundtrip.RoundTripTestForAPIGroup(t, Install, kyvernofuzzer.Funcs)
}

// upstream compares what Kubernetes' own types do not keep: whether a map or list in them is empty or absent.
var upstream = cmp.Options{
	cmp.Comparer(func(a, b metav1.LabelSelector) bool { return apiequality.Semantic.DeepEqual(a, b) }),
	cmp.Comparer(func(a, b metav1.ObjectMeta) bool { return apiequality.Semantic.DeepEqual(a, b) }),
}

// A policy that is written as v1, read and updated as v2beta1, and read as v1 again must be the policy that was written.
func TestNothingIsLostBetweenVersions(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	codecs := serializer.NewCodecFactory(scheme)
	filler := fuzzer.FuzzerFor(
		fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, kyvernofuzzer.Funcs), rand.NewSource(rand.Int63()), codecs)

	for _, kind := range []string{"ClusterPolicy", "Policy"} {
		t.Run(kind, func(t *testing.T) {
			for range 200 {
				written, err := scheme.New(kyvernov1.SchemeGroupVersion.WithKind(kind))
				if err != nil {
					t.Fatal(err)
				}
				filler.Fill(written)
				written.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})

				stored := send(t, codecs, written, kyvernov1.SchemeGroupVersion)
				updated := send(t, codecs, stored, kyvernov2beta1.SchemeGroupVersion)
				read := send(t, codecs, updated, kyvernov1.SchemeGroupVersion)

				if diff := cmp.Diff(written, read, upstream); diff != "" {
					t.Fatalf("lost between versions (-written +read):\n%s", diff)
				}
			}
		})
	}
}

// What is stored is what was written, through either version.
func TestExceptionsAreReadBackAsTheyWereWritten(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	codecs := serializer.NewCodecFactory(scheme)
	filler := fuzzer.FuzzerFor(
		fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, kyvernofuzzer.Funcs), rand.NewSource(rand.Int63()), codecs)
	for range 200 {
		written := &kyvernov2.PolicyException{}
		filler.Fill(written)
		written.SetGroupVersionKind(schema.GroupVersionKind{})
		stored := send(t, codecs, written, kyvernov2.SchemeGroupVersion)
		read := send(t, codecs, stored, kyvernov2beta1.SchemeGroupVersion)
		if diff := cmp.Diff(runtime.Object(written), read, upstream); diff != "" {
			t.Fatalf("lost (-written +read):\n%s", diff)
		}
	}
}

// Policies are of v1 and v2beta1, exceptions of v2 and v2beta1.
func TestKindsOfVersions(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	for _, test := range []struct {
		version schema.GroupVersion
		kind    string
		want    bool
	}{
		{kyvernov1.SchemeGroupVersion, "ClusterPolicy", true},
		{kyvernov2beta1.SchemeGroupVersion, "Policy", true},
		{kyvernov2beta1.SchemeGroupVersion, "PolicyException", true},
		{kyvernov2.SchemeGroupVersion, "PolicyException", true},
		{kyvernov2.SchemeGroupVersion, "ClusterPolicy", false},
		{kyvernov2.SchemeGroupVersion, "Policy", false},
		{kyvernov1.SchemeGroupVersion, "PolicyException", false},
	} {
		if got := scheme.Recognizes(test.version.WithKind(test.kind)); got != test.want {
			t.Errorf("%s %s: %v", test.version, test.kind, got)
		}
	}
}

// send does what one request does: the client's version on the wire, the internal version behind it.
func send(t *testing.T, codecs serializer.CodecFactory, obj runtime.Object, version schema.GroupVersion) runtime.Object {
	t.Helper()
	info, ok := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	if !ok {
		t.Fatal("no JSON serializer")
	}
	wire, err := runtime.Encode(codecs.EncoderForVersion(info.Serializer, version), obj)
	if err != nil {
		t.Fatalf("encoding as %s: %v", version, err)
	}
	internal := schema.GroupVersion{Group: version.Group, Version: runtime.APIVersionInternal}
	decoded, gvk, err := codecs.DecoderToVersion(info.StrictSerializer, internal).Decode(wire, nil, nil)
	if err != nil {
		t.Fatalf("decoding %s: %v\n%s", version, err, wire)
	}
	if gvk.GroupVersion() != version {
		t.Fatalf("the wire said %s, want %s", gvk.GroupVersion(), version)
	}
	return decoded
}

func TestVersionPriority(t *testing.T) {
	scheme := runtime.NewScheme()
	Install(scheme)
	want := []schema.GroupVersion{kyvernov1.SchemeGroupVersion, kyvernov2.SchemeGroupVersion, kyvernov2beta1.SchemeGroupVersion}
	if diff := cmp.Diff(want, scheme.PrioritizedVersionsForGroup(kyvernov1.GroupName)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
