package scan

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// object is how an informer's store holds what it watches: what identifies it, and the rest as JSON. Decoded, a Pod
// takes about ten times the memory, and most objects are judged once and then lie there for days.
type object struct {
	// ObjectMeta holds the namespace, name, UID and resourceVersion, and of a Namespace the labels.
	metav1.ObjectMeta
	json []byte
}

// pack turns what the client decoded into an object. Who manages which field concerns no policy, and is often half of
// the object.
func pack(decoded any) (any, error) {
	u, ok := decoded.(*unstructured.Unstructured)
	if !ok {
		return decoded, nil // packed already, or the tombstone of one that is
	}
	u.SetManagedFields(nil)
	encoded, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s/%s: %w", u.GetKind(), u.GetNamespace(), u.GetName(), err)
	}
	packed := &object{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       u.GetNamespace(),
			Name:            u.GetName(),
			UID:             u.GetUID(),
			ResourceVersion: u.GetResourceVersion(),
		},
		json: encoded,
	}
	if u.GroupVersionKind() == namespaces.kind {
		packed.Labels = u.GetLabels()
	}
	return packed, nil
}

func (o *object) unpack() (eval.Object, error) {
	var decoded eval.Object
	if err := json.Unmarshal(o.json, &decoded); err != nil {
		return nil, fmt.Errorf("decode %s/%s: %w", o.Namespace, o.Name, err)
	}
	return decoded, nil
}
