package boltstore

import (
	"errors"
	"net/http"
	"testing"

	"k8s.io/apimachinery/pkg/api/apitesting"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
)

func decorate(t *testing.T, decorator generic.StorageDecorator) (storage.Interface, func()) {
	t.Helper()
	config := storagebackend.NewDefaultConfig("/registry", apitesting.TestCodec(codecs, examplev1.SchemeGroupVersion))
	s, destroy, err := decorator(config.ForResource(schema.GroupResource{Resource: "pods"}), "/pods", nil,
		func() runtime.Object { return &example.Pod{} }, func() runtime.Object { return &example.PodList{} },
		storage.DefaultNamespaceScopedAttr, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, destroy
}

func TestDecoratorLeavesTheFileToItsOwner(t *testing.T) {
	file := openFile(t)
	s, destroy := decorate(t, NewDecorator(file))
	createPod(t, s, "a")
	destroy()
	destroy()
	other, _ := decorate(t, NewDecorator(file))
	createPod(t, other, "b")
	if pods := list(t, other, storage.ListOptions{}); len(pods.Items) != 2 {
		t.Errorf("%d objects are listed", len(pods.Items))
	}
}

func TestUnavailableDecorator(t *testing.T) {
	s, destroy := decorate(t, NewUnavailableDecorator(errors.New("the file is gone, type this")))
	destroy()
	wantStatus(t, s.Create(t.Context(), "/pods/ns/a", &example.Pod{}, nil, 0), http.StatusServiceUnavailable, "the file is gone, type this")
}
