package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/klog/v2"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/registry"
	"github.com/edict-dev/edict/registry/storage/boltstore"
	"github.com/edict-dev/edict/registry/storage/mvcc"
)

const (
	policiesFile = "policies.db"
	reportsFile  = "reports.db"

	// countInterval is how often the metrics of how many objects there are get new values.
	countInterval = time.Minute
	// deleteWorkers bounds how many objects of a collection are deleted at once. They share commits.
	deleteWorkers = 8
)

// storeFile is one of the two files that hold objects, and whether it can be served.
type storeFile struct {
	mu      sync.Mutex
	store   *mvcc.Store
	problem error
}

func newStoreFile() *storeFile { return &storeFile{problem: errors.New("not opened yet")} }

// settle has the objects of the store served, or every request for them answered with the problem that there is.
func (f *storeFile) settle(store *mvcc.Store, problem error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.store, f.problem = store, problem
}

// refuse tells a problem that there is before the file can be opened.
func (f *storeFile) refuse(problem error) { f.settle(nil, problem) }

// check is the readiness of the file.
func (f *storeFile) check(*http.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.problem != nil {
		return f.problem
	}
	return f.store.Err()
}

func (f *storeFile) decorator() generic.StorageDecorator {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.problem != nil {
		return boltstore.NewUnavailableDecorator(f.problem)
	}
	return boltstore.NewDecorator(f.store)
}

func (f *storeFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.store == nil {
		return nil
	}
	return f.store.Close()
}

func openStore(path string) (*mvcc.Store, error) {
	return mvcc.Open(mvcc.Config{Path: path, Logger: slog.New(logr.ToSlogHandler(klog.Background()))})
}

// restOptions say how the objects of each group are stored.
type restOptions map[string]storedGroup

type storedGroup struct {
	// versions of the group, the most preferred one first. A kind is stored in the first that has it.
	versions  schema.GroupVersions
	decorator generic.StorageDecorator
}

func newRESTOptions(policies, reports *storeFile) restOptions {
	return restOptions{
		kyvernov1.GroupName: {versions: versionsOf(kyvernov1.GroupName), decorator: policies.decorator()},
		v1alpha2.GroupName:  {versions: versionsOf(v1alpha2.GroupName), decorator: reports.decorator()},
	}
}

func versionsOf(group string) schema.GroupVersions {
	return registry.Scheme.PrioritizedVersionsForGroup(group)
}

// GetRESTOptions implements generic.RESTOptionsGetter.
func (o restOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	group, ok := o[resource.Group]
	if !ok {
		return generic.RESTOptions{}, fmt.Errorf("no store holds %s", resource)
	}
	config := storagebackend.NewDefaultConfig("/", registry.Codecs.LegacyCodec(group.versions...))
	config.EncodeVersioner = group.versions
	return generic.RESTOptions{
		StorageConfig:           config.ForResource(resource),
		Decorator:               group.decorator,
		EnableGarbageCollection: true,
		DeleteCollectionWorkers: deleteWorkers,
		ResourcePrefix:          resource.Group + "/" + resource.Resource,
		CountMetricPollPeriod:   countInterval,
	}, nil
}
