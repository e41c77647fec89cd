// Package lookup is eval.Lookup with I/O: what rules need beyond the request, read from the cluster. It judges nothing
// and remembers nothing beyond what informers hold.
package lookup

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	corev1listers "k8s.io/client-go/listers/core/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Cluster looks things up in the cluster.
type Cluster struct {
	namespaces corev1listers.NamespaceLister
	live       corev1client.NamespacesGetter
}

// NewCluster returns a Cluster that asks the lister first, and the API server for what the lister does not hold.
func NewCluster(namespaces corev1listers.NamespaceLister, live corev1client.NamespacesGetter) *Cluster {
	return &Cluster{namespaces: namespaces, live: live}
}

// Within returns the Lookup for one request; what it asks of the API server ends with ctx.
func (c *Cluster) Within(ctx context.Context) eval.Lookup {
	return requestLookup{Cluster: c, ctx: ctx}
}

type requestLookup struct {
	*Cluster
	ctx context.Context
}

// NamespaceLabels is asked about namespaces that exist: the object that the request is about lies in one. A lister that
// does not know it has not seen it yet, which proves nothing; so the API server is asked, and when that fails too, the
// answer is an error and never an empty set of labels.
func (l requestLookup) NamespaceLabels(name string) (map[string]string, error) {
	namespace, cached := l.namespaces.Get(name)
	if cached == nil {
		return namespace.Labels, nil
	}
	namespace, err := l.live.Namespaces().Get(l.ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("labels of namespace %q: neither cached (%w) nor read: %w", name, cached, err)
	}
	return namespace.Labels, nil
}
