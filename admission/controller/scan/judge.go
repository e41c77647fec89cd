package scan

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
)

// work judges what is in the queue until it is shut down.
func (l *loop) work(ctx context.Context) {
	for {
		job, shutdown := l.queue.Get()
		if shutdown {
			return
		}
		if !l.next(ctx, job) {
			l.queue.Done(job)
		}
	}
}

// next judges one object and hands its report over to be written. It returns false where there is nothing to write;
// otherwise the job is done when that is.
func (l *loop) next(ctx context.Context, job job) (handedOver bool) {
	change, told, err := l.judge(ctx, job)
	switch {
	case ctx.Err() != nil:
		return false
	case err != nil:
		klog.FromContext(ctx).Error(err, "Will judge the object again", "kind", job.kind, "namespace", job.namespace,
			"name", job.name)
		l.queue.AddRateLimited(job)
		return false
	case !told || l.standing.says(job.uid, change.Report):
		l.queue.Forget(job)
		return false
	}
	change.Stands = l.standing.has(job.uid)
	select {
	case l.writes <- write{job: job, change: change}:
		return true
	case <-ctx.Done():
		return false
	}
}

// judge returns the report that shall stand for an object. told is false when that cannot be told, because the object
// cannot be seen; then whatever stands shall stay, and the object is a job again when it can be seen.
func (l *loop) judge(ctx context.Context, job job) (change report.Change, told bool, err error) {
	// The loop shares a process with others that must go on.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	change = report.Change{Namespace: job.namespace, Name: string(job.uid)}
	if job.uid == "" {
		return change, false, nil // what an aggregated API makes up on the way cannot have a report
	}
	plan := l.plan.Load()
	views, scanned := plan.kinds[job.kind]
	if !scanned {
		return change, !plan.blind[job.kind.Group], nil
	}
	for _, view := range views {
		if !view.watch.synced() {
			return change, false, nil
		}
	}
	var subject corev1.ObjectReference
	var decisions []eval.Decision
	for _, view := range views {
		object, ok := view.watch.object(job.namespace, job.name)
		if !ok || object.UID != job.uid {
			continue
		}
		request, err := requestFor(view.watch.resource, object)
		if err != nil {
			return change, false, err
		}
		decisions = append(decisions, engine.Evaluate(engine.Input{
			Programs: view.programs, Exceptions: plan.exceptions, Request: request, Lookup: lookup{l.Lookup.Within(ctx), l.watches},
		})...)
		if subject.UID == "" {
			subject = referenceTo(view.watch.resource, object)
		}
	}
	change.Report = report.New(subject, decisions, time.Now())
	return change, true, nil
}

// requestFor asks of an object that exists what would be asked if it were created now, by nobody. What is meant to be
// random is the same in every scan, or reports would change without a cause.
func requestFor(r resource, object *object) (*eval.Request, error) {
	content, err := object.unpack()
	if err != nil {
		return nil, err
	}
	return &eval.Request{
		Kind:      r.kind,
		Resource:  r.name,
		Namespace: object.Namespace,
		Name:      object.Name,
		Operation: eval.Create,
		Object:    content,
		Now:       time.Now(),
	}, nil
}

func referenceTo(r resource, object *object) corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: r.kind.GroupVersion().String(),
		Kind:       r.kind.Kind,
		Namespace:  object.Namespace,
		Name:       object.Name,
		UID:        object.UID,
	}
}

// lookup answers from the namespaces whose changes have objects judged again. Another cache could lag behind them, and
// the object would be judged by the old labels, and not again.
type lookup struct {
	eval.Lookup
	watches *watches
}

func (l lookup) NamespaceLabels(name string) (map[string]string, error) {
	if labels, seen := l.watches.namespaceLabels(name); seen {
		return labels, nil
	}
	return l.Lookup.NamespaceLabels(name)
}
