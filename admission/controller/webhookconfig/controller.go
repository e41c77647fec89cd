package webhookconfig

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/edict-dev/edict/admission/controller"
	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov1client "github.com/edict-dev/edict/generated/clientset/versioned/typed/kyverno/v1"
)

// The least time between two passes over all policies.
const passInterval = 200 * time.Millisecond

// Policies are the compiled policies of this process.
type Policies interface {
	// All yields every policy and what it was compiled into; the same source yields the same Program. loaded is false
	// until all policies that exist have been read once.
	All() (policies iter.Seq2[v1.Object, *engine.Program], loaded bool)
	// Subscribe returns a channel that receives after changes.
	Subscribe() <-chan struct{}
}

// Config says what the Controller works with.
type Config struct {
	Client   kubernetes.Interface
	Statuses kyvernov1client.KyvernoV1Interface
	Policies Policies
	// Discovery tells what kinds there are. It must not be cached.
	Discovery Discovery
	// CABundle returns what kube-apiserver is to trust when it calls the webhooks, or nothing while that is not known.
	CABundle func() []byte
	Endpoint Endpoint
	// Clock is the real one when it is nil.
	Clock clock.WithTicker
}

// Controller keeps the configurations and the policies' condition Ready. Only one may run at a time.
type Controller struct {
	config         Config
	changes        <-chan struct{}
	configurations *controller.Runner
	statuses       *controller.Runner
	// When they last ran.
	configured, reported pace

	// Informers last as long as a run.
	validating, mutating, leases cache.SharedIndexInformer

	// What the configuration loop alone uses.
	resources  *Resources
	discovered time.Time
	eager      time.Time                // until then discovery is asked often
	needs      map[*engine.Program]Need // found with resources
	// refused are the policies whose own webhooks the API server did not accept; one of them was the reason.
	refused map[*engine.Program]bool

	mu    sync.Mutex
	state state
	// What the status loop alone uses.
	replicas *replicas
	seen     map[*engine.Program]string
	written  map[*engine.Program]string
	settled  map[*engine.Program]judgement
}

// state is what the configuration loop has to tell the status loop.
type state struct {
	// What each policy needs that was in place the last time that nothing was left to do.
	needs map[*engine.Program]Need
	// failure is why policies that are not among them could not be served, or nil.
	failure error
}

// New returns a Controller that does nothing until Run is called.
func New(config Config) *Controller {
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	c := &Controller{config: config, changes: config.Policies.Subscribe(), configured: pace{clock: config.Clock}, reported: pace{clock: config.Clock}}
	everything := func() []string { return []string{"all"} }
	c.configurations = controller.NewRunner(controller.Config{
		Name: "webhookconfig", Keys: everything, Clock: config.Clock, MaxBackoff: 10 * time.Second,
		Reconcile: func(ctx context.Context, _ string) (time.Duration, error) {
			defer c.configured.passed()
			err := c.configure(ctx)
			return c.discoverAfter(), err
		},
	})
	c.statuses = controller.NewRunner(controller.Config{
		Name: "policystatus", Keys: everything, Clock: config.Clock, MaxBackoff: 10 * time.Second,
		Reconcile: func(ctx context.Context, _ string) (time.Duration, error) {
			defer c.reported.passed()
			return deadAfter / 2, c.report(ctx)
		},
	})
	return c
}

// Resync has everything looked at again: something has changed of which the Controller does not hear, like the CABundle.
func (c *Controller) Resync() { c.configurations.EnqueueAfter("all", c.configured.pause()) }

// pace puts passes over all policies apart: the first change is acted upon at once, and those that come in a burst after it
// are taken together.
type pace struct {
	clock clock.PassiveClock
	last  atomic.Pointer[time.Time]
}

func (p *pace) passed() {
	now := p.clock.Now()
	p.last.Store(&now)
}

func (p *pace) pause() time.Duration {
	last := p.last.Load()
	if last == nil {
		return 0
	}
	return max(0, passInterval-p.clock.Since(*last))
}

// Health tells how the two loops are.
func (c *Controller) Health() (configurations, statuses controller.Health) {
	return c.configurations.Health(), c.statuses.Health()
}

// Run keeps configurations and conditions until ctx is done.
func (c *Controller) Run(ctx context.Context) error {
	c.resources, c.discovered, c.eager, c.needs, c.refused = nil, time.Time{}, time.Time{}, nil, nil
	c.setState(state{})
	c.replicas = newReplicas(c.config.Clock)
	c.seen, c.written, c.settled = map[*engine.Program]string{}, map[*engine.Program]string{}, map[*engine.Program]judgement{}
	var started sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer started.Wait()
	defer cancel()
	if err := c.startInformers(ctx, &started); err != nil {
		return fmt.Errorf("webhook configurations: %w", err)
	}
	if !cache.WaitForCacheSync(ctx.Done(), c.validating.HasSynced, c.mutating.HasSynced, c.leases.HasSynced) {
		return nil // ctx is done
	}
	started.Go(func() { c.configurations.Run(ctx) })
	started.Go(func() { c.statuses.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.changes:
			c.Resync()
		}
	}
}

func (c *Controller) startInformers(ctx context.Context, started *sync.WaitGroup) error {
	named := func(name string) informers.SharedInformerFactory {
		return informers.NewSharedInformerFactoryWithOptions(c.config.Client, 0, informers.WithTweakListOptions(func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector("metadata.name", name).String()
		}))
	}
	c.validating = named(ValidatingName).Admissionregistration().V1().ValidatingWebhookConfigurations().Informer()
	c.mutating = named(MutatingName).Admissionregistration().V1().MutatingWebhookConfigurations().Informer()
	c.leases = informers.NewSharedInformerFactoryWithOptions(c.config.Client, 0, informers.WithNamespace(c.config.Endpoint.Namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = leaseLabel })).
		Coordination().V1().Leases().Informer()
	for _, i := range []struct {
		informer cache.SharedIndexInformer
		changed  func()
	}{
		{c.validating, c.Resync},
		{c.mutating, c.Resync},
		{c.leases, c.reportSoon},
	} {
		if _, err := i.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(any) { i.changed() }, UpdateFunc: func(any, any) { i.changed() }, DeleteFunc: func(any) { i.changed() },
		}); err != nil {
			return err
		}
		started.Go(func() { i.informer.RunWithContext(ctx) })
	}
	return nil
}

// configure makes one pass over the configurations. When it has written, the event of that write brings the next pass,
// which finds nothing left to do; only then statuses are told.
func (c *Controller) configure(ctx context.Context) error {
	policies, loaded := c.config.Policies.All()
	if !loaded {
		return errors.New("policies are not loaded yet; the webhook configurations stay as they are")
	}
	wrote, err := c.apply(ctx, policies)
	if err != nil {
		c.mu.Lock()
		c.state.failure = err
		c.mu.Unlock()
	}
	if err != nil || !wrote {
		c.reportSoon()
	}
	if apierrors.IsConflict(err) {
		c.configurations.EnqueueAfter("all", time.Second)
		return nil // somebody wrote first; his write is on its way to us
	}
	return err
}

func (c *Controller) apply(ctx context.Context, policies iter.Seq2[v1.Object, *engine.Program]) (wrote bool, err error) {
	caBundle := c.config.CABundle()
	if len(caBundle) == 0 {
		return false, errors.New("the certificate authority of the webhooks is not known yet")
	}
	if err := c.discover(); err != nil {
		return false, err
	}
	live, exists := c.liveValidating()
	input := Input{
		Policies: policies, Resources: c.resources, Endpoint: c.config.Endpoint, CABundle: caBundle, Live: live.Webhooks, Needs: c.needs,
		Refused: c.refused,
	}
	desired, needs := Desired(input)
	if c.seek(needs) {
		if err := c.discover(); err != nil {
			return false, err
		}
		input.Resources, input.Needs = c.resources, c.needs
		desired, needs = Desired(input)
	}
	c.needs = needs
	wroteValidating, err := c.writeValidating(ctx, live, exists, desired)
	if apierrors.IsInvalid(err) && len(c.withConditions(needs)) > len(c.refused) {
		// A condition that this server knows and an older API server does not must not keep all other policies out.
		klog.FromContext(ctx).Error(err, "Policies with matchConditions will share the common webhooks: the API server refuses theirs", "name", ValidatingName)
		c.refused = c.withConditions(needs)
		input.Refused = c.refused
		desired, _ = Desired(input)
		wroteValidating, err = c.writeValidating(ctx, live, exists, desired)
	}
	if err != nil {
		if !apierrors.IsConflict(err) {
			c.forgetLost(live.Webhooks)
		}
		return false, fmt.Errorf("%s: %w", ValidatingName, err)
	}
	wroteMutating, err := c.emptyMutating(ctx)
	if err != nil {
		return false, fmt.Errorf("%s: %w", MutatingName, err)
	}
	if wroteValidating || wroteMutating {
		return true, nil
	}
	c.setState(state{needs: needs})
	return false, nil
}

// withConditions are the policies that may have webhooks of their own.
func (c *Controller) withConditions(needs map[*engine.Program]Need) map[*engine.Program]bool {
	found := map[*engine.Program]bool{}
	for program, need := range needs {
		if len(need.conditions) > 0 {
			found[program] = true
		}
	}
	return found
}

func (c *Controller) liveValidating() (live *admissionregistrationv1.ValidatingWebhookConfiguration, exists bool) {
	object, exists, _ := c.validating.GetStore().GetByKey(ValidatingName)
	if live, ok := object.(*admissionregistrationv1.ValidatingWebhookConfiguration); ok && exists {
		return live, true
	}
	return &admissionregistrationv1.ValidatingWebhookConfiguration{}, false
}

func (c *Controller) writeValidating(ctx context.Context, live *admissionregistrationv1.ValidatingWebhookConfiguration, exists bool,
	desired []admissionregistrationv1.ValidatingWebhook) (wrote bool, err error) {

	client := c.config.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	if !exists {
		klog.FromContext(ctx).Info("Creating the webhook configuration, which is missing", "name", ValidatingName)
		_, err = client.Create(ctx, &admissionregistrationv1.ValidatingWebhookConfiguration{
			ObjectMeta: objectMeta(ValidatingName), Webhooks: desired,
		}, metav1.CreateOptions{})
		return true, err
	}
	if live.Labels[managedByLabel] == managedByValue && apiequality.Semantic.DeepEqual(live.Webhooks, desired) {
		return false, nil
	}
	klog.FromContext(ctx).Info("Writing the webhook configuration, which is not what the policies need", "name", ValidatingName)
	changed := live.DeepCopy()
	metav1.SetMetaDataLabel(&changed.ObjectMeta, managedByLabel, managedByValue)
	changed.Webhooks = desired
	_, err = client.Update(ctx, changed, metav1.UpdateOptions{})
	return true, err
}

// emptyMutating keeps the configuration that mutate rules will be served by, under its known name and empty.
func (c *Controller) emptyMutating(ctx context.Context) (wrote bool, err error) {
	client := c.config.Client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	object, _, _ := c.mutating.GetStore().GetByKey(MutatingName)
	live, exists := object.(*admissionregistrationv1.MutatingWebhookConfiguration)
	if !exists {
		_, err = client.Create(ctx, &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: objectMeta(MutatingName)}, metav1.CreateOptions{})
		return true, err
	}
	if live.Labels[managedByLabel] == managedByValue && len(live.Webhooks) == 0 {
		return false, nil
	}
	changed := live.DeepCopy()
	metav1.SetMetaDataLabel(&changed.ObjectMeta, managedByLabel, managedByValue)
	changed.Webhooks = nil
	_, err = client.Update(ctx, changed, metav1.UpdateOptions{})
	return true, err
}

func objectMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: map[string]string{managedByLabel: managedByValue}}
}

// forgetLost has policies not count as served whose resources the live webhooks do not ask for any more: somebody edited
// them, and they cannot be healed.
func (c *Controller) forgetLost(live []admissionregistrationv1.ValidatingWebhook) {
	var asked []atom
	for _, webhook := range live {
		asked = append(asked, atomsIn(webhook.Rules)...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// A copy: the status loop may be reading the map.
	c.state.needs = maps.Clone(c.state.needs)
	maps.DeleteFunc(c.state.needs, func(_ *engine.Program, need Need) bool {
		return slices.ContainsFunc(need.atoms, func(a atom) bool {
			return !slices.ContainsFunc(asked, func(b atom) bool { return b.covers(a) })
		})
	})
}

func (c *Controller) reportSoon() { c.statuses.EnqueueAfter("all", c.reported.pause()) }

func (c *Controller) setState(s state) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
}

func (c *Controller) currentState() state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// replicaLeases are the leases that the replicas publish on.
func (c *Controller) replicaLeases() []*coordinationv1.Lease {
	var leases []*coordinationv1.Lease
	for _, object := range c.leases.GetStore().List() {
		// The informer asks for these alone; who does not filter watches by label, like fake clients, sends others too.
		if lease, ok := object.(*coordinationv1.Lease); ok && lease.Labels[leaseLabelKey] == leaseLabelValue {
			leases = append(leases, lease)
		}
	}
	return leases
}
