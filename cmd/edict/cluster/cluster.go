// Package cluster reads policies, resources and what rules look up from a cluster, with the rights of the user whose
// kubeconfig it is. Nothing in it runs unless the user asks for a cluster. Package cmd/edict/command calls it.
package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"golang.org/x/sync/errgroup"
)

// Config says which cluster is read, and how.
type Config struct {
	// Kubeconfig and Context are empty for what kubectl would use.
	Kubeconfig, Context string
	// Namespace is the only one that is read, or empty for all.
	Namespace string
	// ClusterWide also reads what is in no namespace when Namespace is given.
	ClusterWide bool
	// PageSize is how many objects are read at once, and Concurrent how many kinds side by side.
	PageSize   int64
	Concurrent int
}

// Cluster is a cluster that can be read.
type Cluster struct {
	config    Config
	dynamic   dynamic.Interface
	discovery discovery.DiscoveryInterface
	rest      rest.Interface
}

// Connect reads the kubeconfig. It does not reach for the cluster yet.
func Connect(config Config) (*Cluster, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = config.Kubeconfig
	loaded, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: config.Context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	// The user waits, and pages keep each answer small.
	loaded.QPS, loaded.Burst = 50, 100
	c := &Cluster{config: config}
	if c.dynamic, err = dynamic.NewForConfig(loaded); err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	client, err := discovery.NewDiscoveryClientForConfig(loaded)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	c.discovery, c.rest = client, client.RESTClient()
	return c, nil
}

// policyResources are where a cluster keeps policies and exceptions.
var policyResources = []schema.GroupVersionResource{
	{Group: "kyverno.io", Version: "v1", Resource: "clusterpolicies"},
	{Group: "kyverno.io", Version: "v1", Resource: "policies"},
	{Group: "kyverno.io", Version: "v2", Resource: "policyexceptions"},
}

// Policies reads the policies and exceptions of the cluster, as if they had been read from a file.
func (c *Cluster) Policies(ctx context.Context) manifest.Result {
	var result manifest.Result
	for _, resource := range policyResources {
		objects, err := c.list(ctx, resource, true)
		if apierrors.IsNotFound(err) {
			result.PassedOver = append(result.PassedOver, fmt.Sprintf("%s: the cluster does not serve them", resource.GroupResource()))
			continue
		}
		if err != nil {
			result.Errors = append(result.Errors, err)
			continue
		}
		for _, object := range objects {
			text, err := json.Marshal(object)
			if err != nil {
				result.Errors = append(result.Errors, fmt.Errorf("%s: %w", resource.GroupResource(), err))
				continue
			}
			documents, errs := manifest.Parse("cluster", text)
			result.Documents, result.Errors = append(result.Documents, documents...), append(result.Errors, errs...)
		}
	}
	return result
}

// Resources reads all objects of the kinds that are wanted, in their preferred versions. A kind that cannot be read is
// an error, and the others are returned all the same.
func (c *Cluster) Resources(ctx context.Context, wanted func(schema.GroupVersionKind) bool) ([]eval.Object, []error) {
	lists, err := c.discovery.ServerPreferredResources()
	var errs []error
	if err != nil {
		errs = append(errs, fmt.Errorf("what the cluster serves: %w", err))
	}
	type served struct {
		schema.GroupVersionResource
		namespaced bool
	}
	var resources []served
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && wanted(group.WithKind(r.Kind)) && (r.Namespaced || c.config.Namespace == "" || c.config.ClusterWide) {
				resources = append(resources, served{group.WithResource(r.Name), r.Namespaced})
			}
		}
	}
	found, failed := make([][]eval.Object, len(resources)), make([]error, len(resources))
	var work errgroup.Group
	work.SetLimit(max(1, c.config.Concurrent))
	for i, r := range resources {
		work.Go(func() error {
			found[i], failed[i] = c.list(ctx, r.GroupVersionResource, r.namespaced)
			return nil
		})
	}
	_ = work.Wait() // each has its own error
	return slices.Concat(found...), append(errs, slices.DeleteFunc(failed, func(err error) bool { return err == nil })...)
}

func (c *Cluster) list(ctx context.Context, resource schema.GroupVersionResource, namespaced bool) ([]eval.Object, error) {
	var client dynamic.ResourceInterface = c.dynamic.Resource(resource)
	if namespaced && c.config.Namespace != "" && resource.Group != "kyverno.io" {
		client = c.dynamic.Resource(resource).Namespace(c.config.Namespace)
	}
	var objects []eval.Object
	options := metav1.ListOptions{Limit: c.config.PageSize}
	for {
		page, err := client.List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("list of %s: %w", resource.GroupResource(), err)
		}
		for i := range page.Items {
			objects = append(objects, page.Items[i].Object)
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return objects, nil
		}
	}
}

// Lookup looks things up in the cluster as it is now.
func (c *Cluster) Lookup(ctx context.Context) *Lookup {
	return &Lookup{ctx: ctx, cluster: lookup.NewCluster(lookup.ClusterConfig{REST: c.rest})}
}
