package controller

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Lease is what the replicas of a role compete for, so that one of them runs the loops.
type Lease struct {
	Client    coordinationv1client.LeasesGetter
	Namespace string
	Name      string
	// Identity tells the replicas apart; the name of the Pod serves.
	Identity string

	// How long a lease holds, how long its holder tries to renew it before it gives up, and how often all try. 15, 10
	// and 2 seconds when they are zero.
	Duration, RenewDeadline, RetryPeriod time.Duration
}

// Lead calls run whenever this process has won the lease, with a context that ends when the lease is lost, and then
// competes again. It returns when ctx is done and run has returned.
func (l Lease) Lead(ctx context.Context, run func(ctx context.Context)) error {
	if l.Duration == 0 {
		l.Duration, l.RenewDeadline, l.RetryPeriod = 15*time.Second, 10*time.Second, 2*time.Second
	}
	// Held during a term, so that two terms of one process never overlap, however late the first one ends.
	var term sync.Mutex
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: l.Namespace, Name: l.Name},
			Client:     l.Client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: l.Identity},
		},
		Name:            l.Name,
		LeaseDuration:   l.Duration,
		RenewDeadline:   l.RenewDeadline,
		RetryPeriod:     l.RetryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				term.Lock()
				defer term.Unlock()
				if ctx.Err() == nil {
					run(ctx)
				}
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("lease %s/%s: %w", l.Namespace, l.Name, err)
	}
	for ctx.Err() == nil {
		elector.Run(ctx)
	}
	term.Lock()
	defer term.Unlock()
	return nil
}
