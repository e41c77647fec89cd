package app

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/edict-dev/edict/admission/lookup"
)

// watchedConfigMaps is the label by which owners of ConfigMaps have them watched: rules read these from memory.
const watchedConfigMaps = "cache.kyverno.io/enabled=true"

// clusterReader is what a role reads of the cluster for rules, as itself.
type clusterReader struct {
	informers  informers.SharedInformerFactory
	configMaps informers.SharedInformerFactory
	cluster    *lookup.Cluster
}

// newClusterReader is for a role that is reached by requests of users, or else for one that judges what exists, where
// nobody is asked for.
func newClusterReader(config *rest.Config, bounds LookupOptions, users bool) (*clusterReader, error) {
	config = rest.CopyConfig(config)
	// Each request bounds what it may ask. To make it wait for others' in the queue of a client would only time it out.
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	r := &clusterReader{
		informers: informers.NewSharedInformerFactory(client, 0),
		configMaps: informers.NewSharedInformerFactoryWithOptions(client, 0,
			informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = watchedConfigMaps })),
	}
	from := lookup.ClusterConfig{
		REST:       client.Discovery().RESTClient(),
		Namespaces: r.informers.Core().V1().Namespaces().Lister(),
		ConfigMaps: r.configMaps.Core().V1().ConfigMaps().Lister(),
		MaxAnswer:  bounds.MaxResponseLength,
		Timeout:    bounds.Timeout,
	}
	if users {
		rbac := r.informers.Rbac().V1()
		from.Bindings, err = lookup.NewBindings(rbac.RoleBindings().Informer(), rbac.ClusterRoleBindings().Informer())
		if err != nil {
			return nil, fmt.Errorf("roles of users: %w", err)
		}
	}
	r.cluster = lookup.NewCluster(from)
	return r, nil
}

func (r *clusterReader) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runInformers(ctx, r.informers) })
	group.Go(func() error { return runInformers(ctx, r.configMaps) })
	return group.Wait()
}
