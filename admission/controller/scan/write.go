package scan

import (
	"context"
	"errors"
	"time"

	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/report"
)

const (
	// maxBatch bounds how many changes go to the Sink at once, and how many wait for it.
	maxBatch     = 100
	writeTimeout = time.Minute
)

// write is a report that is to be written, and the job that is done then.
type write struct {
	job    job
	change report.Change
}

// write hands changes over to the Sink, as many at once as are ready. While the Sink is slow the workers wait.
func (l *loop) write(ctx context.Context) {
	batch := make([]write, 0, maxBatch)
	for {
		batch = batch[:0]
		select {
		case first := <-l.writes:
			batch = append(batch, first)
		case <-ctx.Done():
			return
		}
	collect:
		for len(batch) < maxBatch {
			select {
			case next := <-l.writes:
				batch = append(batch, next)
			default:
				break collect
			}
		}
		l.apply(ctx, batch)
	}
}

func (l *loop) apply(ctx context.Context, batch []write) {
	changes := make([]report.Change, len(batch))
	for i := range batch {
		changes[i] = batch[i].change
	}
	limited, cancel := context.WithTimeout(ctx, writeTimeout)
	err := l.Sink.Apply(limited, changes)
	cancel()
	if ctx.Err() != nil {
		return // nothing that was not settled is lost: the next run begins with a pass over everything
	}
	if err != nil {
		klog.FromContext(ctx).Error(err, "Could not write reports, will try again", "reports", len(batch))
	}
	var partly *report.ApplyError
	if !errors.As(err, &partly) {
		partly = nil
	}
	for i := range batch {
		failure := err
		if partly != nil {
			failure = partly.Failed[i]
		}
		l.settle(&batch[i], failure)
	}
}

func (l *loop) settle(w *write, failure error) {
	switch {
	case failure == nil:
		l.standing.record(w.job, w.change.Report)
		l.queue.Forget(w.job)
	case errors.Is(failure, report.ErrForeign):
		l.queue.Forget(w.job) // trying again changes nothing before the other producer does; the next pass will see
	default:
		l.queue.AddRateLimited(w.job)
	}
	l.queue.Done(w.job)
}
