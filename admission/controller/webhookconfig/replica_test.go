package webhookconfig

import (
	"context"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	clocktesting "k8s.io/utils/clock/testing"
)

func lease(name string, renewed time.Time, revisions map[string]string) *coordinationv1.Lease {
	at := metav1.NewMicroTime(renewed)
	l := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: leasePrefix + name, Namespace: "kyverno", Labels: map[string]string{leaseLabelKey: leaseLabelValue}, Annotations: map[string]string{}},
		Spec: coordinationv1.LeaseSpec{RenewTime: &at}}
	for kind, revision := range revisions {
		l.Annotations[revisionPrefix+kind+revisionSuffix] = revision
	}
	return l
}

func TestReplicasLiveByOurClock(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := clocktesting.NewFakePassiveClock(now)
	r := newReplicas(c)
	// The clock of b is an hour behind.
	a, b := lease("a", now, nil), lease("b", now.Add(-time.Hour), nil)
	count := func(leases ...*coordinationv1.Lease) (live, forgotten int) {
		l, f := r.live(leases)
		return len(l), len(f)
	}
	if live, _ := count(a, b); live != 2 {
		t.Fatalf("%d live at first sight", live)
	}
	c.SetTime(now.Add(29 * time.Second))
	b.Spec.RenewTime = &metav1.MicroTime{Time: now.Add(-time.Hour + 20*time.Second)}
	if live, _ := count(a, b); live != 2 {
		t.Errorf("%d live after 29 seconds", live)
	}
	c.SetTime(now.Add(31 * time.Second))
	if live, _ := r.live([]*coordinationv1.Lease{a, b}); len(live) != 1 || live[0].name != "b" {
		t.Errorf("%v live after 31 seconds without a renewal of a", live)
	}
	c.SetTime(now.Add(10*time.Minute + time.Second))
	if live, forgotten := count(a, b); live != 0 || forgotten != 1 {
		t.Errorf("%d live, %d forgotten after ten minutes", live, forgotten)
	}
	a.Spec.RenewTime = &metav1.MicroTime{Time: now.Add(time.Hour)}
	if live, _ := count(a); live != 1 {
		t.Error("one that is back is not live")
	}
}

func TestHolds(t *testing.T) {
	r := replica{revisions: revisionsOf(lease("a", time.Time{}, map[string]string{"clusterpolicies": "100", "policies": "7"}))}
	for _, test := range []struct {
		kind, revision string
		want           bool
	}{
		{"clusterpolicies", "99", true}, {"clusterpolicies", "100", true}, {"clusterpolicies", "101", false},
		{"policies", "8", false}, {"policies", "7", true}, {"other", "1", false}, {"policies", "", false},
	} {
		if got := r.holds(test.kind, test.revision); got != test.want {
			t.Errorf("%s at %q: %v", test.kind, test.revision, got)
		}
	}
}

func TestPublisher(t *testing.T) {
	client := fake.NewClientset()
	changes := make(chan struct{}, 1)
	revisions := make(chan map[string]string, 1)
	current := map[string]string(nil)
	p := NewPublisher(PublisherConfig{
		Client: client.CoordinationV1(), Namespace: "kyverno", Replica: "pod-1", Changes: changes,
		Revisions: func() map[string]string {
			select {
			case current = <-revisions:
			default:
			}
			return current
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	published := func() (*coordinationv1.Lease, error) {
		return client.CoordinationV1().Leases("kyverno").Get(t.Context(), "kyverno-admission-pod-1", metav1.GetOptions{})
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := published(); !apierrors.IsNotFound(err) {
		t.Errorf("a replica that holds nothing says that it lives: %v", err)
	}
	for _, want := range []string{"5", "6"} {
		revisions <- map[string]string{"clusterpolicies": want, "policies": "3"}
		changes <- struct{}{}
		eventually(t, "published "+want, func() bool {
			l, err := published()
			return err == nil && l.Labels[leaseLabelKey] == leaseLabelValue && l.Spec.RenewTime != nil &&
				l.Annotations["edict.dev/clusterpolicies-revision"] == want && l.Annotations["edict.dev/policies-revision"] == "3"
		})
	}
	cancel()
	<-done
	if _, err := published(); !apierrors.IsNotFound(err) {
		t.Errorf("the lease outlives its replica: %v", err)
	}
}

func TestPublisherCoalesces(t *testing.T) {
	client := fake.NewClientset()
	changes := make(chan struct{})
	p := NewPublisher(PublisherConfig{Client: client.CoordinationV1(), Namespace: "kyverno", Replica: "pod-1", Changes: changes,
		Revisions: func() map[string]string { return map[string]string{"policies": "1"} }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	for deadline := time.After(1200 * time.Millisecond); ; {
		select {
		case changes <- struct{}{}:
			continue
		case <-deadline:
		}
		break
	}
	cancel()
	<-done
	writes := 0
	for _, action := range client.Actions() {
		if action.GetVerb() == "update" || action.GetVerb() == "create" {
			writes++
		}
	}
	if writes > 4 {
		t.Errorf("%d writes in 1.2 seconds of constant change", writes)
	}
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("not within twenty seconds: %s", what)
}
