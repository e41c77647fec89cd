package controller

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

const (
	defaultMinBackoff = 200 * time.Millisecond
	defaultMaxBackoff = time.Minute
)

// Config says what a Runner runs.
type Config struct {
	// Name stands in logs and in metrics.
	Name string
	// Reconcile brings what key names to the state that is wanted. It is called again after requeueAfter when that is
	// positive, and after a growing delay when it returns an error. One key is never in two workers at once.
	Reconcile func(ctx context.Context, key string) (requeueAfter time.Duration, err error)
	// Keys are what every run begins with. What was enqueued while nothing ran is forgotten, so a loop that must not
	// miss anything lists all its keys here.
	Keys func() []string
	// Workers is how many keys are worked on at once; one when it is zero.
	Workers int
	// MinBackoff and MaxBackoff bound the delay between retries; 200 ms and one minute when they are zero.
	MinBackoff, MaxBackoff time.Duration
	// Clock is the real one when it is nil.
	Clock clock.WithTicker
}

// Runner works through a queue of keys. It may run, stop and run again, as leadership comes and goes.
type Runner struct {
	config Config

	mu     sync.Mutex
	queue  workqueue.TypedRateLimitingInterface[string] // nil while nothing runs
	health Health
}

// Health is what a Runner tells about itself.
type Health struct {
	// Running tells whether the loop runs in this process at the moment.
	Running bool
	// LastSuccess is when a key was last worked on without an error; zero if never.
	LastSuccess time.Time
	// LastError is the last error, and LastErrorTime when it happened. It stays after later successes.
	LastError     error
	LastErrorTime time.Time
}

// Failing tells whether the last thing that happened was an error.
func (h Health) Failing() bool { return h.LastErrorTime.After(h.LastSuccess) }

// NewRunner returns a Runner that does nothing until Run is called.
func NewRunner(config Config) *Runner {
	if config.Workers == 0 {
		config.Workers = 1
	}
	if config.MinBackoff == 0 {
		config.MinBackoff = defaultMinBackoff
	}
	if config.MaxBackoff == 0 {
		config.MaxBackoff = defaultMaxBackoff
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	return &Runner{config: config}
}

// Enqueue has the key worked on soon. It does nothing while the loop does not run.
func (r *Runner) Enqueue(key string) { r.EnqueueAfter(key, 0) }

// EnqueueAfter has the key worked on after the delay. It does nothing while the loop does not run.
func (r *Runner) EnqueueAfter(key string, delay time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queue != nil {
		r.queue.AddAfter(key, delay)
	}
}

// Health returns the state of the loop at this moment.
func (r *Runner) Health() Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.health
}

// Run works until ctx is done, and returns when the last worker has finished. It must not be called while it runs.
func (r *Runner) Run(ctx context.Context) {
	queue := workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](r.config.MinBackoff, r.config.MaxBackoff),
		workqueue.TypedRateLimitingQueueConfig[string]{Name: r.config.Name, Clock: r.config.Clock},
	)
	r.setQueue(queue)
	defer r.setQueue(nil)
	if r.config.Keys != nil {
		for _, key := range r.config.Keys() {
			queue.Add(key)
		}
	}
	var workers sync.WaitGroup
	for range r.config.Workers {
		workers.Go(func() {
			for r.next(ctx, queue) {
			}
		})
	}
	<-ctx.Done()
	queue.ShutDown()
	workers.Wait()
}

func (r *Runner) setQueue(queue workqueue.TypedRateLimitingInterface[string]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = queue
	r.health.Running = queue != nil
}

func (r *Runner) next(ctx context.Context, queue workqueue.TypedRateLimitingInterface[string]) bool {
	key, shutdown := queue.Get()
	if shutdown {
		return false
	}
	defer queue.Done(key)
	if ctx.Err() != nil {
		return false
	}
	requeueAfter, err := r.reconcile(ctx, key)
	if ctx.Err() != nil {
		// Whatever failed, failed because the loop is to stop.
		return false
	}
	r.record(err)
	if err != nil {
		klog.FromContext(ctx).Error(err, "Will try again", "controller", r.config.Name, "key", key)
		queue.AddRateLimited(key)
		return true
	}
	queue.Forget(key)
	if requeueAfter > 0 {
		queue.AddAfter(key, requeueAfter)
	}
	return true
}

// reconcile turns a panic into an error: these loops share a process with the webhook, which must go on.
func (r *Runner) reconcile(ctx context.Context, key string) (requeueAfter time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return r.config.Reconcile(ctx, key)
}

func (r *Runner) record(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.config.Clock.Now()
	if err != nil {
		r.health.LastError, r.health.LastErrorTime = err, now
		return
	}
	r.health.LastSuccess = now
}
