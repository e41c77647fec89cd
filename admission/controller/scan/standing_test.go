package scan

import (
	"context"
	"errors"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// listing is a Sink that can only be listed, and lets something happen before the list is complete.
type listing struct {
	report.Sink
	reports   []*v1alpha2.PolicyReport
	meanwhile func()
	err       error
}

func (l *listing) List(_ context.Context, visit func(*v1alpha2.PolicyReport)) error {
	for _, standing := range l.reports {
		visit(standing)
	}
	if l.meanwhile != nil {
		l.meanwhile()
	}
	return l.err
}

func TestStandingSays(t *testing.T) {
	fail, pass := wanted("team", "u1", eval.Fail), wanted("team", "u1", eval.Pass)
	standing := newStanding()
	if !standing.says("u1", nil) || standing.says("u1", fail) || standing.has("u1") {
		t.Error("a report stands that was never recorded")
	}
	standing.record(jobOfReport(fail), fail)
	if standing.says("u1", nil) || !standing.says("u1", fail) || standing.says("u1", pass) || !standing.has("u1") {
		t.Error("what was recorded is not what stands")
	}
	standing.record(jobOfReport(fail), nil)
	if !standing.says("u1", nil) || standing.len() != 0 {
		t.Error("a report stands that was recorded as gone")
	}
}

func TestStandingLearnsWhatTheSinkHolds(t *testing.T) {
	kept, edited, removed := wanted("team", "kept", eval.Fail), wanted("team", "edited", eval.Fail),
		wanted("team", "removed", eval.Fail)
	during := wanted("team", "during", eval.Fail)
	standing := newStanding()
	for _, r := range []*v1alpha2.PolicyReport{kept, edited, removed} {
		standing.record(jobOfReport(r), r)
	}
	sink := &listing{
		reports: []*v1alpha2.PolicyReport{kept, wanted("team", "edited", eval.Pass), wanted("", "new", eval.Pass)},
		meanwhile: func() { // written when its page had been listed already
			standing.record(jobOfReport(during), during)
			standing.record(jobOfReport(kept), wanted("team", "kept", eval.Error))
		},
	}
	if err := standing.learn(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	for name, holds := range map[string]bool{
		"what was written during the listing counts for more": standing.says("kept", wanted("team", "kept", eval.Error)),
		"what others changed is seen":                         standing.says("edited", wanted("team", "edited", eval.Pass)),
		"what others removed is forgotten":                    !standing.has("removed"),
		"what was not known is learnt":                        standing.says("new", wanted("", "new", eval.Pass)),
		"what was made during the listing is kept":            standing.says("during", during),
	} {
		if !holds {
			t.Errorf("not so: %s", name)
		}
	}

	sink.meanwhile, sink.err = nil, errors.New("page 2 failed")
	sink.reports = nil
	if err := standing.learn(t.Context(), sink); err == nil || standing.len() != 4 {
		t.Errorf("error %v, %d reports stand; want an error and everything as before", err, standing.len())
	}
}
