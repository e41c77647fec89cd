package registry

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

type content struct{}

func (content) Validate(context.Context, kyvernov1.Object) field.ErrorList { return nil }

func (content) Warnings(context.Context, kyvernov1.Object) []string { return nil }

func (content) ValidateException(*kyvernov2.PolicyException) field.ErrorList { return nil }

// options hold no objects; they remember what was asked for.
type options struct {
	asked []schema.GroupResource
	fail  error
}

func (o *options) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	o.asked = append(o.asked, resource)
	none := func(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object,
		func() runtime.Object, storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
		return nil, func() {}, nil
	}
	config := storagebackend.NewDefaultConfig("/", nil)
	return generic.RESTOptions{StorageConfig: config.ForResource(resource), Decorator: none, ResourcePrefix: resource.String()}, o.fail
}

func TestGroups(t *testing.T) {
	stores := &options{}
	groups, err := Groups(Config{Options: stores, Policies: content{}, Exceptions: content{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 2 {
		t.Fatalf("%d groups", len(groups))
	}
	policies, reports := groups[0], groups[1]
	if want := []schema.GroupVersion{{Group: "kyverno.io", Version: "v1"}, {Group: "kyverno.io", Version: "v2"}, {Group: "kyverno.io", Version: "v2beta1"}}; !slices.Equal(policies.PrioritizedVersions, want) {
		t.Errorf("versions %v, want %v", policies.PrioritizedVersions, want)
	}
	if want := []schema.GroupVersion{{Group: "wgpolicyk8s.io", Version: "v1alpha2"}}; !slices.Equal(reports.PrioritizedVersions, want) {
		t.Errorf("versions %v, want %v", reports.PrioritizedVersions, want)
	}
	v1, v2 := policies.VersionedResourcesStorageMap["v1"], policies.VersionedResourcesStorageMap["v2"]
	v2beta1 := policies.VersionedResourcesStorageMap["v2beta1"]
	if want := []string{"clusterpolicies", "clusterpolicies/status", "policies", "policies/status"}; !slices.Equal(slices.Sorted(maps.Keys(v1)), want) {
		t.Errorf("resources %v, want %v", slices.Sorted(maps.Keys(v1)), want)
	}
	if want := []string{"policyexceptions"}; !slices.Equal(slices.Sorted(maps.Keys(v2)), want) {
		t.Errorf("resources %v, want %v", slices.Sorted(maps.Keys(v2)), want)
	}
	if len(v2beta1) != len(v1)+len(v2) {
		t.Errorf("resources %v in v2beta1", slices.Sorted(maps.Keys(v2beta1)))
	}
	for _, version := range []map[string]rest.Storage{v1, v2} {
		for resource := range version {
			if version[resource] != v2beta1[resource] {
				t.Errorf("%s has a store of its own in each version", resource)
			}
		}
	}
	if len(stores.asked) != 5 {
		t.Errorf("stores for %v", stores.asked)
	}
}

func TestGroupsWithoutStore(t *testing.T) {
	broken := errors.New("no store")
	if _, err := Groups(Config{Options: &options{fail: broken}, Policies: content{}, Exceptions: content{}}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
