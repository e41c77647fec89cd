package webhookconfig

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	// Each replica of the admission role has a lease of its own, under this name and its own.
	leasePrefix = "kyverno-admission-"
	// The label by which they are found.
	leaseLabelKey   = "edict.dev/lease"
	leaseLabelValue = "admission-replica"
	leaseLabel      = leaseLabelKey + "=" + leaseLabelValue
	// An annotation for each kind: this prefix, the kind's plural name, this suffix.
	revisionPrefix = "edict.dev/"
	revisionSuffix = "-revision"

	renewEvery = 10 * time.Second
	deadAfter  = 30 * time.Second
	// Leases of replicas that ended without a farewell are removed after this time.
	forgetAfter = 10 * time.Minute
	// A burst of changes is published in one write.
	publishAtMostEvery = 500 * time.Millisecond
)

// PublisherConfig says what a replica publishes.
type PublisherConfig struct {
	Client    coordinationv1client.LeasesGetter
	Namespace string
	// Replica is the name of this replica; the name of its Pod serves.
	Replica string
	// Revisions are the resourceVersions up to which this replica holds the policies, by plural name of the kind; nil
	// until it holds any.
	Revisions func() map[string]string
	// Changes receives after the revisions have changed.
	Changes <-chan struct{}
	// Clock is the real one when it is nil.
	Clock clock.WithTicker
}

// Publisher tells the other replicas, on a lease, that this one is alive and up to which revision it holds the policies.
type Publisher struct {
	config PublisherConfig
	name   string
}

// NewPublisher returns a Publisher that does nothing until Run is called.
func NewPublisher(config PublisherConfig) *Publisher {
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	return &Publisher{config: config, name: leasePrefix + config.Replica}
}

// Run publishes until ctx is done, and then takes the lease back, so that nobody waits for this replica.
func (p *Publisher) Run(ctx context.Context) {
	logger := klog.FromContext(ctx)
	ticker := p.config.Clock.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		published := p.config.Clock.Now()
		if err := p.publish(ctx); err != nil && ctx.Err() == nil {
			// The next tick tries again.
			logger.Error(err, "Could not publish which policies this replica holds", "lease", p.name)
		}
		select {
		case <-ctx.Done():
			farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			if err := p.config.Client.Leases(p.config.Namespace).Delete(farewell, p.name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				logger.Info("The lease of this replica is left behind; others will wait half a minute for it", "lease", p.name, "reason", err.Error())
			}
			return
		case <-ticker.C():
		case <-p.config.Changes:
			select {
			case <-ctx.Done():
			case <-p.config.Clock.After(publishAtMostEvery - p.config.Clock.Since(published)):
			}
		}
	}
}

func (p *Publisher) publish(ctx context.Context) error {
	revisions := p.config.Revisions()
	if revisions == nil {
		return nil
	}
	client := p.config.Client.Leases(p.config.Namespace)
	lease, err := client.Get(ctx, p.name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading it: %w", err)
	}
	missing := err != nil
	if missing {
		lease = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: p.name, Namespace: p.config.Namespace}}
	}
	now, seconds := metav1.NewMicroTime(p.config.Clock.Now()), int32(deadAfter/time.Second)
	metav1.SetMetaDataLabel(&lease.ObjectMeta, leaseLabelKey, leaseLabelValue)
	for kind, revision := range revisions {
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, revisionPrefix+kind+revisionSuffix, revision)
	}
	lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &p.config.Replica, LeaseDurationSeconds: &seconds, RenewTime: &now}
	if missing {
		_, err = client.Create(ctx, lease, metav1.CreateOptions{})
	} else {
		_, err = client.Update(ctx, lease, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("writing it: %w", err)
	}
	return nil
}

// replicas tells which replicas live. A lease counts from when it was last seen to change, by our own clock: clocks of
// machines differ.
type replicas struct {
	clock    clock.PassiveClock
	observed map[string]observation
}

type observation struct {
	renewed time.Time // as the replica says
	at      time.Time // as we saw it
}

// replica is one that lives, with the revisions that it has published, by plural name of the kind.
type replica struct {
	name      string
	revisions map[string]string
}

func newReplicas(c clock.PassiveClock) *replicas {
	return &replicas{clock: c, observed: map[string]observation{}}
}

// live sorts the leases into replicas that live, and leases that nobody has renewed for so long that they can go.
func (r *replicas) live(leases []*coordinationv1.Lease) (live []replica, forgotten []*coordinationv1.Lease) {
	now := r.clock.Now()
	names := map[string]bool{}
	for _, lease := range leases {
		names[lease.Name] = true
		renewed := time.Time{}
		if lease.Spec.RenewTime != nil {
			renewed = lease.Spec.RenewTime.Time
		}
		last, known := r.observed[lease.Name]
		if !known || !last.renewed.Equal(renewed) {
			last = observation{renewed: renewed, at: now}
			r.observed[lease.Name] = last
		}
		switch silent := now.Sub(last.at); {
		case silent < deadAfter:
			live = append(live, replica{strings.TrimPrefix(lease.Name, leasePrefix), revisionsOf(lease)})
		case silent >= forgetAfter:
			forgotten = append(forgotten, lease)
		}
	}
	maps.DeleteFunc(r.observed, func(name string, _ observation) bool { return !names[name] })
	slices.SortFunc(live, func(a, b replica) int { return strings.Compare(a.name, b.name) })
	return live, forgotten
}

func revisionsOf(lease *coordinationv1.Lease) map[string]string {
	revisions := map[string]string{}
	for key, value := range lease.Annotations {
		if kind, ok := strings.CutPrefix(key, revisionPrefix); ok {
			if kind, ok := strings.CutSuffix(kind, revisionSuffix); ok {
				revisions[kind] = value
			}
		}
	}
	return revisions
}

// holds tells whether the replica has published at least the revision for the kind.
func (r replica) holds(kind, revision string) bool {
	order, err := resourceversion.CompareResourceVersion(r.revisions[kind], revision)
	return err == nil && order >= 0
}
