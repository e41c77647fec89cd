package scan

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// standing remembers which reports stand and what they say, in a few words each: enough to leave alone what is right
// already, and to find the reports of objects that are gone.
type standing struct {
	mu      sync.Mutex
	reports map[types.UID]record
	// round counts the listings. What was written while one went on may or may not be in it, so it counts for more.
	round int
}

type record struct {
	job    job
	digest report.Digest
	round  int
}

func newStanding() *standing {
	return &standing{reports: make(map[types.UID]record)}
}

// learn replaces what is remembered by what the Sink holds, so that reports which others changed or removed are made
// good.
func (s *standing) learn(ctx context.Context, sink report.Sink) error {
	s.mu.Lock()
	s.round++
	round := s.round
	s.mu.Unlock()

	listed := make(map[types.UID]record)
	err := sink.List(ctx, func(found *v1alpha2.PolicyReport) {
		job := jobOfReport(found)
		listed[job.uid] = record{job: job, digest: report.DigestOf(found), round: round}
	})
	if err != nil {
		return fmt.Errorf("list the reports that stand: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid, known := range s.reports {
		if known.round == round {
			listed[uid] = known
		}
	}
	s.reports = listed
	return nil
}

// record remembers that a report stands, or with nil that none does.
func (s *standing) record(job job, stands *v1alpha2.PolicyReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stands == nil {
		delete(s.reports, job.uid)
		return
	}
	s.reports[job.uid] = record{job: job, digest: report.DigestOf(stands), round: s.round}
}

func (s *standing) has(uid types.UID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, stands := s.reports[uid]
	return stands
}

// says tells whether nothing needs to be written for what is wanted to stand; nil is wanted to be absent.
func (s *standing) says(uid types.UID, wanted *v1alpha2.PolicyReport) bool {
	s.mu.Lock()
	known, stands := s.reports[uid]
	s.mu.Unlock()
	if wanted == nil || !stands {
		return wanted == nil && !stands
	}
	return known.digest == report.DigestOf(wanted)
}

// jobs are the objects that the reports are about, whether or not those still exist.
func (s *standing) jobs() []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]job, 0, len(s.reports))
	for _, known := range s.reports {
		jobs = append(jobs, known.job)
	}
	return jobs
}

func (s *standing) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.reports)
}

// jobOfReport is the object that one of our reports is about.
func jobOfReport(r *v1alpha2.PolicyReport) job {
	return job{
		kind:      schema.FromAPIVersionAndKind(r.Scope.APIVersion, r.Scope.Kind).GroupKind(),
		namespace: r.Namespace,
		name:      r.Scope.Name,
		uid:       r.Scope.UID,
	}
}
