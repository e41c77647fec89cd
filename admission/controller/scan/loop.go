package scan

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// disabledLabel on a policy, with whatever value, keeps its results out of reports.
const disabledLabel = "reports.kyverno.io/disabled"

const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 2 * time.Minute
)

// job is one object to be judged. The UID is part of it, so that an object which was deleted and made again under the
// same name is two jobs: one that removes a report, one that writes one.
type job struct {
	kind      schema.GroupKind
	namespace string
	name      string
	uid       types.UID
}

// loop is one run of a Controller: started once, stopped once.
//
// One goroutine plans (which kinds, which programs), Workers goroutines judge, one writes. They meet in the queue, which
// holds a job at most once however often it is added, and in the plan, which is replaced and never changed. The queue
// is bounded by the number of objects there are.
type loop struct {
	Config
	policiesChanged <-chan struct{}

	queue    workqueue.TypedRateLimitingInterface[job]
	writes   chan write
	plan     atomic.Pointer[plan]
	standing *standing
	served   *served
	watches  *watches
	lastPass atomic.Pointer[time.Time]
}

func newLoop(config Config, policiesChanged <-chan struct{}) *loop {
	l := &loop{
		Config:          config,
		policiesChanged: policiesChanged,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[job](minBackoff, maxBackoff),
			workqueue.TypedRateLimitingQueueConfig[job]{Name: "scan"},
		),
		writes:   make(chan write, maxBatch),
		standing: newStanding(),
		served:   newServed(config.Discovery),
	}
	l.watches = newWatches(config.Client, l)
	return l
}

func (l *loop) run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	defer l.watches.closeAll()
	defer l.queue.ShutDown()

	l.watches.open(ctx, namespaces)
	for !l.replan(ctx) {
		select {
		case <-l.policiesChanged:
		case <-time.After(l.Settle): // discovery tells nobody when it answers
		case <-ctx.Done():
			return
		}
	}
	if !l.firstPass(ctx) {
		return
	}
	for range l.Workers {
		group.Go(func() { l.work(ctx) })
	}
	group.Go(func() { l.write(ctx) })
	l.follow(ctx)
}

// firstPass learns which reports stand, however long that takes: nothing is written before. Without it the first pass
// after every start would write every report again, and nobody would know of reports whose objects went meanwhile.
func (l *loop) firstPass(ctx context.Context) bool {
	backoff := wait.Backoff{Duration: minBackoff, Factor: 2, Jitter: 0.1, Steps: 20, Cap: maxBackoff}
	for !l.pass(ctx) {
		select {
		case <-time.After(backoff.Step()):
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// follow plans anew when policies or kinds come and go, and passes over everything once an Interval.
func (l *loop) follow(ctx context.Context) {
	discovery := time.NewTicker(l.DiscoveryInterval)
	defer discovery.Stop()
	pass := time.NewTimer(l.Interval)
	defer pass.Stop()
	// A folder of policies is applied one by one: they are taken together.
	changed, settled := l.policiesChanged, (<-chan time.Time)(nil)
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			changed, settled = nil, time.After(l.Settle)
		case <-settled:
			changed, settled = l.policiesChanged, nil
			if policies, known := l.inForce(); known && !l.plan.Load().isFor(policies) {
				l.replan(ctx)
			}
		case <-discovery.C:
			l.replan(ctx)
		case <-pass.C:
			if l.pass(ctx) {
				pass.Reset(l.Interval)
			} else {
				pass.Reset(min(l.Interval, maxBackoff))
			}
		}
	}
}

// inForce are the policies that are scanned; known is false while nobody can tell which those are.
func (l *loop) inForce() (found inForce, known bool) {
	policies, known := l.Policies.All()
	if !known {
		return inForce{}, false
	}
	for policy, program := range policies {
		if _, disabled := policy.GetLabels()[disabledLabel]; !disabled && program.Background() {
			found.programs = append(found.programs, program)
		}
	}
	found.exceptions = l.Policies.BackgroundExceptions()
	return found, true
}

// replan brings the plan up to what policies and discovery say now, and has judged what that concerns. It returns false
// when either says nothing, and then leaves everything as it is.
func (l *loop) replan(ctx context.Context) bool {
	policies, known := l.inForce()
	if !known {
		return false
	}
	if err := l.served.refresh(ctx); err != nil {
		klog.FromContext(ctx).Error(err, "Going by what the cluster served before; where that is not known, nothing is scanned")
		if !l.served.known() {
			return false
		}
	}
	previous := l.plan.Load()
	next := newPlan(policies, l.served, func(r resource) *watch { return l.watches.open(ctx, r) })
	l.plan.Store(next)

	// Whoever judges an object from here on does it by the new plan; so does whoever is given one of these.
	changed := next.changedSince(previous)
	for kind, views := range next.kinds {
		if concernsAny(changed, views) {
			l.enqueueViews(kind, views)
		}
	}
	for kind, views := range previous.kindsOrNone() {
		if _, still := next.kinds[kind]; !still {
			l.enqueueViews(kind, views)
			l.enqueueReports(kind)
		}
	}
	l.watches.closeBut(next.resources())
	return true
}

// pass learns which reports stand and has judged every object and every report there is. It returns false when the
// reports could not be listed.
func (l *loop) pass(ctx context.Context) bool {
	if err := l.standing.learn(ctx, l.Sink); err != nil {
		if ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Could not list the reports that stand, will try again")
		}
		return false
	}
	for kind, views := range l.plan.Load().kinds {
		l.enqueueViews(kind, views)
	}
	for _, job := range l.standing.jobs() {
		l.queue.Add(job)
	}
	now := time.Now()
	l.lastPass.Store(&now)
	return true
}

func (l *loop) enqueueViews(kind schema.GroupKind, views []view) {
	for _, view := range views {
		l.enqueueObjects(kind, view.watch)
	}
}

func (l *loop) enqueueObjects(kind schema.GroupKind, w *watch) {
	for _, object := range w.objects() {
		l.queue.Add(jobOf(kind, object))
	}
}

// enqueueReports has judged the objects of a kind that have a report, also those that are gone.
func (l *loop) enqueueReports(kind schema.GroupKind) {
	for _, job := range l.standing.jobs() {
		if job.kind == kind {
			l.queue.Add(job)
		}
	}
}

func jobOf(kind schema.GroupKind, object *object) job {
	return job{kind: kind, namespace: object.Namespace, name: object.Name, uid: object.UID}
}

// The loop hears of objects from its watches.

// synced is called once all objects of a resource have been seen. Only now can be told which are gone. What was judged
// before the namespaces had been seen may have been judged by the wrong labels.
func (l *loop) synced(w *watch) {
	kind := w.resource.kind.GroupKind()
	l.enqueueObjects(kind, w)
	l.enqueueReports(kind)
	if w.resource == namespaces {
		for kind, views := range l.plan.Load().kindsOrNone() {
			l.enqueueViews(kind, views)
		}
	}
}

// changed is called for an object that came or changed. It waits for more to come: a Pod that starts changes often.
func (l *loop) changed(w *watch, object *object) {
	l.queue.AddAfter(jobOf(w.resource.kind.GroupKind(), object), l.Settle)
}

// gone is called for an object that was deleted.
func (l *loop) gone(w *watch, object *object) {
	l.queue.Add(jobOf(w.resource.kind.GroupKind(), object))
}

// relabeled is called for a namespace whose labels changed: what lies in it may be selected now, or no longer.
func (l *loop) relabeled(namespace string) {
	for kind, views := range l.plan.Load().kindsOrNone() {
		for _, view := range views {
			for _, object := range view.watch.objectsIn(namespace) {
				l.queue.Add(jobOf(kind, object))
			}
		}
	}
}
