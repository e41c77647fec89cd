package boltstore

import (
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

func deleteOp(key string) mvcc.Op {
	return mvcc.Op{Type: mvcc.Delete, Key: []byte(key), Expect: mvcc.AnyRevision}
}

// A suggestion comes out of somebody's cache: it is handed on as it is, and never written to.
func TestSuggestionsStayAsTheyAre(t *testing.T) {
	ctx, s := setup(t)
	suggestion := createPod(t, s, "pod")
	version := suggestion.ResourceVersion
	refused := errors.New("refused")
	update := func(obj runtime.Object, meta storage.ResponseMeta) (runtime.Object, *uint64, error) {
		if got := obj.(*example.Pod).ResourceVersion; got != version {
			t.Errorf("the update is given version %q of the object, want %q", got, version)
		}
		return nil, nil, refused
	}
	preconditions := &storage.Preconditions{ResourceVersion: &version}
	if err := s.GuaranteedUpdate(ctx, "/pods/ns/pod", &example.Pod{}, false, preconditions, update, suggestion); !errors.Is(err, refused) {
		t.Errorf("update: %v", err)
	}
	if suggestion.ResourceVersion != version {
		t.Errorf("the suggestion has version %q now, it had %q", suggestion.ResourceVersion, version)
	}
	if err := s.Delete(ctx, "/pods/ns/pod", &example.Pod{}, preconditions, storage.ValidateAllObjectFunc, suggestion, storage.DeleteOptions{}); err != nil {
		t.Errorf("delete: %v", err)
	}
	if suggestion.ResourceVersion != version {
		t.Errorf("the suggestion has version %q now, it had %q", suggestion.ResourceVersion, version)
	}
}

func TestUpdateThatChangesNothingIsNoWrite(t *testing.T) {
	ctx, s := setup(t)
	pod := createPod(t, s, "pod")
	before := s.mvcc.Revision()
	same := storage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) { return obj, nil })
	for name, suggestion := range map[string]runtime.Object{"read": nil, "suggested": pod} {
		out := &example.Pod{}
		if err := s.GuaranteedUpdate(ctx, "/pods/ns/pod", out, false, nil, same, suggestion); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if out.ResourceVersion == "" || s.mvcc.Revision() != before {
			t.Errorf("%s: the object has version %q, the store went from %d to %d", name, out.ResourceVersion, before, s.mvcc.Revision())
		}
	}
}
