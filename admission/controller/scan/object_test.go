package scan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestPackKeepsWhatPoliciesSee(t *testing.T) {
	pod := newPod("team", "web", labelled)
	pod.Object["spec"] = map[string]any{
		"priority": int64(5), "ratio": 0.5, "hostNetwork": false, "volumes": []any{}, "nothing": nil,
	}
	want := pod.DeepCopy().Object
	pod.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl"}})

	packed, err := pack(pod)
	if err != nil {
		t.Fatal(err)
	}
	object := packed.(*object)
	if object.Namespace != "team" || object.Name != "web" || object.UID != "uid-of-team/web" || object.ResourceVersion != "1" {
		t.Errorf("identified as %+v", object.ObjectMeta)
	}
	got, err := object.unpack()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unpacked (-want +got):\n%s", diff)
	}
	if again, err := pack(packed); err != nil || again != packed {
		t.Errorf("packing what is packed gives %v, %v", again, err)
	}
}

func TestPackKeepsLabelsOfNamespacesAlone(t *testing.T) {
	for _, test := range []struct {
		decoded *unstructured.Unstructured
		labels  int
	}{
		{newNamespace("team", labelled), 1},
		{newPod("team", "web", labelled), 0},
	} {
		packed, err := pack(test.decoded)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(packed.(*object).Labels); got != test.labels {
			t.Errorf("%s: %d labels, want %d", test.decoded.GetKind(), got, test.labels)
		}
	}
}
