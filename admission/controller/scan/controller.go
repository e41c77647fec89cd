// Package scan judges what exists. It watches the kinds that background policies name, judges every object of them as
// if it were being created and nobody had asked, and keeps one report per object in a report.Sink: written when the
// object or a policy changes, gone when the object goes or no rule concerns it any more. Reports are a function of
// (policies, objects), so nothing is queued outside memory, and whatever was missed is made good by the next full pass.
//
// What it cannot see it does not touch. Before the policies are known, while a kind is not synced, where discovery
// failed for a group or the API server refuses to list a kind, reports stay as they are: "not there" is never concluded
// from "not seen".
//
// It does not use controller.Runner: an object is done when the batch that holds its report is written, not when it is
// judged. It decides nothing about requests and writes nothing but reports. Only cmd/edict-server/app may call it.
package scan

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	defaultInterval          = time.Hour
	defaultDiscoveryInterval = time.Minute
	defaultSettle            = time.Second
	defaultWorkers           = 2
)

// Policies is the set of policies in force.
type Policies interface {
	// All yields the set. loaded is false until it has been loaded: then it says nothing, also not that there are no
	// policies. A policy that did not change keeps its Program.
	All() (policies iter.Seq2[kyvernov1.Object, *engine.Program], loaded bool)
	// BackgroundExceptions are the exceptions in force in scans. As long as they are the same, no exception has changed.
	BackgroundExceptions() *engine.Exceptions
	// Subscribe returns a channel that receives after the set has changed.
	Subscribe() <-chan struct{}
}

// Discovery tells what the cluster serves. Of an answer in part, discovery.ErrGroupDiscoveryFailed, the rest is used.
type Discovery interface {
	ServerGroupsAndResourcesWithContext(ctx context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error)
}

// Lookup gives what rules need to look up.
type Lookup interface {
	// Within returns a Lookup whose questions end with ctx.
	Within(ctx context.Context) eval.Lookup
}

// Config says what a Controller works with.
type Config struct {
	Policies  Policies
	Discovery Discovery
	// Client reads objects. Kinds that it may not list are passed over until it may.
	Client dynamic.Interface
	Lookup Lookup
	Sink   report.Sink

	// Interval is how often everything is judged and compared with what the Sink holds; an hour when zero.
	Interval time.Duration
	// DiscoveryInterval is how often new kinds are looked for; a minute when zero.
	DiscoveryInterval time.Duration
	// Settle is how long changes of one object, or of policies, are collected before they are acted on; a second when
	// zero.
	Settle time.Duration
	// Workers is how many objects are judged at once; two when zero.
	Workers int
}

// Controller scans. It may run, stop and run again, as leadership comes and goes.
type Controller struct {
	config  Config
	changed <-chan struct{} // the policies did

	mu   sync.Mutex
	loop *loop // nil while nothing runs
}

// New returns a Controller that does nothing until Run is called.
func New(config Config) (*Controller, error) {
	if config.Policies == nil || config.Discovery == nil || config.Client == nil || config.Lookup == nil ||
		config.Sink == nil {
		return nil, errors.New("scan: Policies, Discovery, Client, Lookup and Sink must be given")
	}
	if config.Interval < 0 || config.DiscoveryInterval < 0 || config.Settle < 0 || config.Workers < 0 {
		return nil, errors.New("scan: intervals and the number of workers must not be negative")
	}
	config.Interval = cmp.Or(config.Interval, defaultInterval)
	config.DiscoveryInterval = cmp.Or(config.DiscoveryInterval, defaultDiscoveryInterval)
	config.Settle = cmp.Or(config.Settle, defaultSettle)
	config.Workers = cmp.Or(config.Workers, defaultWorkers)
	return &Controller{config: config, changed: config.Policies.Subscribe()}, nil
}

// Run scans until ctx is done, and returns when everything that it started has stopped. It must not be called while it
// runs.
func (c *Controller) Run(ctx context.Context) {
	loop := newLoop(c.config, c.changed)
	c.setLoop(loop)
	defer c.setLoop(nil)
	loop.run(ctx)
}

func (c *Controller) setLoop(loop *loop) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loop = loop
}
