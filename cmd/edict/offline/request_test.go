package offline

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func resource(t *testing.T, content string) *Resource {
	t.Helper()
	r, err := NewResource(documents(t, content)[0].Object, NewKinds(nil))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const podManifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ns}\nspec: {a: 1, b: {c: d}}\n"

func TestRequest(t *testing.T) {
	pod := resource(t, podManifest)
	changed := map[string]any{"a": int64(1), "b": map[string]any{"c": "e"}}
	for name, test := range map[string]struct {
		asked  eval.Operation
		values eval.Object
		want   eval.Operation
		// object and old are the spec of the object and the old object; nil where there is none.
		object, old any
	}{
		"by default":       {"", nil, eval.Create, pod.Object["spec"], nil},
		"update by values": {"", eval.Object{"request": map[string]any{"operation": "UPDATE"}}, eval.Update, pod.Object["spec"], pod.Object["spec"]},
		"delete":           {eval.Delete, nil, eval.Delete, nil, pod.Object["spec"]},
		"connect":          {eval.Connect, nil, eval.Connect, pod.Object["spec"], nil},
		"asked goes first": {eval.Create, eval.Object{"request": map[string]any{"operation": "DELETE"}}, eval.Create, pod.Object["spec"], nil},
		"values of the object": {"", eval.Object{"request": map[string]any{"object": map[string]any{"spec": map[string]any{"b": map[string]any{"c": "e"}}}}},
			eval.Create, changed, nil},
		"values of the old object": {eval.Update, eval.Object{"request": map[string]any{"oldObject": map[string]any{"spec": map[string]any{"b": map[string]any{"c": "e"}}}}},
			eval.Update, pod.Object["spec"], changed},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Session{Kinds: NewKinds(nil), Values: &ValuesSpec{}, Now: time.Unix(5, 0), Seed: 7, User: &eval.User{Name: "u"}}
			req, err := s.request(pod, test.asked, test.values)
			if err != nil {
				t.Fatal(err)
			}
			want := &eval.Request{
				Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Resource: schema.GroupVersionResource{Version: "v1", Resource: "pods"},
				Namespace: "ns", Name: "p", Operation: test.want, Now: s.Now, Seed: 7, User: s.User,
			}
			with := func(spec any) eval.Object {
				if spec == nil {
					return nil
				}
				return eval.Object{"apiVersion": "v1", "kind": "Pod", "metadata": pod.Object["metadata"], "spec": spec}
			}
			want.Object, want.OldObject = with(test.object), with(test.old)
			if diff := cmp.Diff(want, req); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(resource(t, podManifest).Object, pod.Object); diff != "" {
		t.Errorf("the resource was changed:\n%s", diff)
	}
}

func TestRequestOfANamespace(t *testing.T) {
	s := &Session{Kinds: NewKinds(nil), Values: &ValuesSpec{}}
	req, err := s.request(resource(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: a}"), "", nil)
	if err != nil || req.Namespace != "" || req.Name != "a" {
		t.Errorf("%+v %v", req, err)
	}
}

func TestRequestOfASubresource(t *testing.T) {
	values, err := ReadValues(documents(t, valuesFile), "f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{Kinds: NewKinds(nil), Values: &values.ValuesSpec}
	req, err := s.request(resource(t, "apiVersion: v1\nkind: PodExecOptions\nmetadata: {name: a}"), "", nil)
	if err != nil || req.Subresource != "exec" || req.Resource.Resource != "pods" || req.Kind.Kind != "Pod" || req.Object["kind"] != "PodExecOptions" {
		t.Errorf("%+v %v", req, err)
	}
}

func TestOperationsThatAreNone(t *testing.T) {
	s := &Session{Kinds: NewKinds(nil), Values: &ValuesSpec{}}
	for _, operation := range []any{"PATCH", "create", "", int64(5), []any{}} {
		_, err := s.request(resource(t, podManifest), "", eval.Object{"request": map[string]any{"operation": operation}})
		if err == nil || !strings.Contains(err.Error(), "it is one of [CREATE UPDATE DELETE CONNECT]") {
			t.Errorf("%v: %v", operation, err)
		}
	}
}
