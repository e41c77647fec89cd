package controller

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestLeaseIsHeldByOneAndPassesOn(t *testing.T) {
	client := fake.NewClientset()
	var leading atomic.Int32
	lead := func(identity string) (started chan struct{}, stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		started, done := make(chan struct{}), make(chan struct{})
		lease := Lease{Client: client.CoordinationV1(), Namespace: "kyverno", Name: "loops", Identity: identity,
			Duration: 2 * time.Second, RenewDeadline: time.Second, RetryPeriod: 50 * time.Millisecond}
		go func() {
			defer close(done)
			if err := lease.Lead(ctx, func(term context.Context) {
				if leading.Add(1) != 1 {
					t.Error("two lead at once")
				}
				close(started)
				<-term.Done()
				leading.Add(-1)
			}); err != nil {
				t.Error(err)
			}
		}()
		return started, func() { cancel(); <-done }
	}
	first, stopFirst := lead("first")
	<-first
	second, stopSecond := lead("second")
	select {
	case <-second:
		t.Fatal("the second leads while the first does")
	case <-time.After(300 * time.Millisecond):
	}
	stopFirst()
	<-second // released, so long before the lease would have run out
	lease, err := client.CoordinationV1().Leases("kyverno").Get(t.Context(), "loops", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if *lease.Spec.HolderIdentity != "second" {
		t.Errorf("held by %q", *lease.Spec.HolderIdentity)
	}
	stopSecond()
	if leading.Load() != 0 {
		t.Error("Lead returned before the term had ended")
	}
}
