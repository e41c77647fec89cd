package boltstore

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/tools/cache"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// NewDecorator makes the registries that have it in their generic.RESTOptions keep their objects in a store. Codec,
// transformer and prefix are those of the RESTOptions' StorageConfig. The DestroyFunc, which runs for each resource
// and possibly more than once, leaves the store open for the others.
func NewDecorator(store *mvcc.Store) generic.StorageDecorator {
	return func(
		config *storagebackend.ConfigForResource, resourcePrefix string, _ func(runtime.Object) (string, error),
		newFunc, _ func() runtime.Object, _ storage.AttrFunc, _ storage.IndexerFuncs, _ *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		s, err := New(Config{
			Store:          store,
			Codec:          config.Codec,
			Transformer:    config.Transformer,
			Prefix:         config.Prefix,
			ResourcePrefix: resourcePrefix,
			GroupResource:  config.GroupResource,
			NewFunc:        newFunc,
			MarkCorrupt:    utilfeature.DefaultFeatureGate.Enabled(features.AllowUnsafeMalformedObjectDeletion),
		})
		return s, func() {}, err
	}
}

// NewUnavailableDecorator makes registries answer every request with 503 and the reason. Their resources stay in
// discovery.
func NewUnavailableDecorator(reason error) generic.StorageDecorator {
	return func(
		*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error),
		func() runtime.Object, func() runtime.Object, storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		return Unavailable(reason), func() {}, nil
	}
}
