package scan

import (
	"context"
	"errors"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
)

// halfSink makes the changes that it has no error for.
type halfSink struct {
	report.Sink
	failures map[string]error
}

func (s *halfSink) Apply(_ context.Context, changes []report.Change) error {
	failed := make(map[int]error)
	for i, change := range changes {
		if err := s.failures[change.Name]; err != nil {
			failed[i] = err
		}
	}
	return &report.ApplyError{Failed: failed}
}

func TestEachWriteOfABatchIsSettledOnItsOwn(t *testing.T) {
	w := newWorld(t)
	w.config.Sink = &halfSink{failures: map[string]error{"foreign": report.ErrForeign, "full": errors.New("no space")}}
	l := newLoop(w.config, nil)
	defer l.queue.ShutDown()

	var batch []write
	for _, name := range []string{"good", "foreign", "full"} {
		standing := wanted("team", name, eval.Fail)
		batch = append(batch, write{job: jobOfReport(standing), change: changeTo(standing, false)})
	}
	l.apply(t.Context(), batch)

	for i, want := range []struct {
		stands  bool
		retries int
	}{{true, 0}, {false, 0}, {false, 1}} {
		job := batch[i].job
		if got := l.standing.has(job.uid); got != want.stands {
			t.Errorf("%s: remembered as standing %v, want %v", job.uid, got, want.stands)
		}
		if got := l.queue.NumRequeues(job); got != want.retries {
			t.Errorf("%s: %d retries, want %d", job.uid, got, want.retries)
		}
	}
}
