package boltstore

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
)

// unavailable answers every call with the same error.
type unavailable struct{ err error }

var _ storage.Interface = unavailable{}

// Unavailable is the storage of a store that is broken, missing or rolled back: every call fails with 503 and the
// reason. It never says that there is nothing, because it does not know.
func Unavailable(reason error) storage.Interface {
	return unavailable{err: apierrors.NewServiceUnavailable(reason.Error())}
}

func (unavailable) Versioner() storage.Versioner { return storage.APIObjectVersioner{} }

func (u unavailable) Create(context.Context, string, runtime.Object, runtime.Object, uint64) error {
	return u.err
}

func (u unavailable) Delete(context.Context, string, runtime.Object, *storage.Preconditions,
	storage.ValidateObjectFunc, runtime.Object, storage.DeleteOptions) error {
	return u.err
}

func (u unavailable) Watch(context.Context, string, storage.ListOptions) (watch.Interface, error) {
	return nil, u.err
}

func (u unavailable) Get(context.Context, string, storage.GetOptions, runtime.Object) error {
	return u.err
}

func (u unavailable) GetList(context.Context, string, storage.ListOptions, runtime.Object) error {
	return u.err
}

func (u unavailable) GuaranteedUpdate(context.Context, string, runtime.Object, bool, *storage.Preconditions,
	storage.UpdateFunc, runtime.Object) error {
	return u.err
}

func (u unavailable) Stats(context.Context) (storage.Stats, error) { return storage.Stats{}, u.err }

func (u unavailable) ReadinessCheck() error { return u.err }

func (u unavailable) RequestWatchProgress(context.Context) error { return u.err }

func (u unavailable) GetCurrentResourceVersion(context.Context) (uint64, error) { return 0, u.err }

// EnableResourceSizeEstimation succeeds: it is asked for while the server starts, which must not fail here.
func (unavailable) EnableResourceSizeEstimation(storage.KeysFunc) error { return nil }

func (unavailable) CompactRevision() int64 { return 0 }
