package app

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	"github.com/edict-dev/edict/admission/engine"
)

const (
	// patience is how long the author of a policy waits for what is known of the cluster. He gets no warning then.
	patience = time.Second
	// kindsFreshFor is how long what the cluster serves is believed without asking again, and unknownFreshFor how long that
	// it does not serve a kind: somebody who installs a kind writes policies on it right away.
	kindsFreshFor   = 30 * time.Second
	unknownFreshFor = time.Second
)

// cluster is what the api role knows of the kinds that kube-apiserver serves. It never holds a write up for long, and
// where kube-apiserver cannot be asked it knows what it knew.
type cluster struct {
	client discovery.DiscoveryInterface
	types  *celTypes

	mu sync.Mutex
	// resources are nil until kube-apiserver has answered once.
	resources *webhookconfig.Resources
	// asked is when it was asked last, with whatever success.
	asked time.Time
	// asking is closed when the answer that is awaited has come; nil while none is.
	asking chan struct{}
}

func newCluster(client discovery.DiscoveryInterface) *cluster {
	return &cluster{client: client, types: newCELTypes(client)}
}

// served looks the kinds of a policy up.
func (c *cluster) served(ctx context.Context, program *engine.Program) webhookconfig.Served {
	served := c.known(ctx, kindsFreshFor).Served(program)
	if len(served.Unknown) > 0 {
		served = c.known(ctx, unknownFreshFor).Served(program)
	}
	return served
}

// known is what the cluster serves, not older than that if it can be asked.
func (c *cluster) known(ctx context.Context, maxAge time.Duration) *webhookconfig.Resources {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) < maxAge {
		return c.resources
	}
	if c.asking == nil {
		c.asking = make(chan struct{})
		go c.ask(klog.FromContext(ctx), c.resources)
	}
	asking := c.asking
	c.mu.Unlock()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-asking:
	case <-timeout.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	return c.resources
}

func (c *cluster) ask(logger klog.Logger, earlier *webhookconfig.Resources) {
	resources, err := webhookconfig.Discover(c.client, earlier)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		logger.Error(err, "The kinds that policies name are not compared with those of the cluster")
	} else {
		c.resources = resources
	}
	c.asked = time.Now()
	close(c.asking)
	c.asking = nil
}
