package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/edict-dev/edict/admission/controller/scan"
	"github.com/edict-dev/edict/generated/clientset/versioned"
)

// BackgroundConfig is what the background role is made of.
type BackgroundConfig struct {
	// ScanInterval is how often everything is judged again.
	ScanInterval time.Duration
}

// background is the background role: one of its replicas scans.
type background struct {
	namespace  string
	replica    string
	kubernetes kubernetes.Interface
	follower   *policyFollower
	reader     *clusterReader
	scan       *scan.Controller
}

func newBackground(c *completedConfig) (*part, error) {
	replica, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this replica: %w", err)
	}
	b := &background{namespace: c.Namespace, replica: replica}
	if b.kubernetes, err = kubernetes.NewForConfig(c.Kubernetes[RoleBackground]); err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(c.Kubernetes[RoleBackground])
	if err != nil {
		return nil, err
	}
	api, err := c.apiClient(RoleBackground)
	if err != nil {
		return nil, err
	}
	client, err := versioned.NewForConfig(api)
	if err != nil {
		return nil, err
	}
	if b.follower, err = newPolicyFollower(client, c.Exceptions); err != nil {
		return nil, err
	}
	if b.reader, err = newClusterReader(c.Kubernetes[RoleBackground], c.Lookup, false); err != nil {
		return nil, err
	}
	b.scan, err = scan.New(scan.Config{
		Policies: b.follower.set, Discovery: b.kubernetes.Discovery(), Client: objects,
		Lookup:   b.reader.cluster,
		Sink:     scan.NewClientSink(client.Wgpolicyk8sV1alpha2()),
		Interval: c.Background.ScanInterval,
	})
	if err != nil {
		return nil, err
	}
	return &part{run: b.run, ready: []healthz.HealthChecker{b.follower, b.scan}}, nil
}

func (b *background) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.follower.run(ctx) })
	group.Go(func() error { return b.reader.run(ctx) })
	group.Go(func() error {
		return lease(b.kubernetes, b.namespace, backgroundLease, b.replica).Lead(ctx, b.scan.Run)
	})
	return group.Wait()
}
