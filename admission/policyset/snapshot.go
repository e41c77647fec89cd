package policyset

import (
	"fmt"
	"iter"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Revisions are the resourceVersions up to which a snapshot holds the policies of each kind. Both kinds count on one
// revision, but where nothing happens to one of them it lags.
type Revisions struct {
	ClusterPolicies, Policies string
}

func (r Revisions) String() string {
	return fmt.Sprintf("clusterpolicies %s, policies %s", r.ClusterPolicies, r.Policies)
}

// Snapshot is every policy at one moment, and every exception that is honoured. It is immutable.
type Snapshot struct {
	revisions  Revisions
	entries    []entry // by namespace and name
	exceptions *exceptions
	index      *index
}

// entry is a policy and what it was compiled into.
type entry struct {
	policy  v1.Object
	program *engine.Program
}

// newSnapshot takes over the index of an earlier snapshot of the same programs: most changes are of statuses.
func newSnapshot(revisions Revisions, entries []entry, exceptions *exceptions, earlier *Snapshot) *Snapshot {
	s := &Snapshot{revisions: revisions, entries: entries, exceptions: exceptions}
	if earlier != nil && slices.EqualFunc(entries, earlier.entries, func(a, b entry) bool { return a.program == b.program }) {
		s.index = earlier.index
	} else {
		s.index = newIndex(entries)
	}
	return s
}

// Revisions tells how recent the snapshot is.
func (s *Snapshot) Revisions() Revisions { return s.revisions }

// All yields every policy, also those that are being deleted: they hold until they are gone. Policies must not be
// changed by who reads them.
func (s *Snapshot) All() iter.Seq2[v1.Object, *engine.Program] {
	return func(yield func(v1.Object, *engine.Program) bool) {
		for _, e := range s.entries {
			if !yield(e.policy, e.program) {
				return
			}
		}
	}
}

// For returns the programs that may concern an admission request. They must not be changed.
func (s *Snapshot) For(req *eval.Request) []*engine.Program {
	return s.index.find(question{kind: req.Named(), subresource: req.Subresource, operation: req.Operation}, req.Namespace)
}

// entry finds a policy; there is none in no snapshot.
func (s *Snapshot) entry(key types.NamespacedName) (entry, bool) {
	if s == nil {
		return entry{}, false
	}
	i, found := slices.BinarySearchFunc(s.entries, key, func(e entry, key types.NamespacedName) int {
		return compareKeys(keyOf(e.policy), key)
	})
	if !found {
		return entry{}, false
	}
	return s.entries[i], true
}

func (s *Snapshot) exceptionsOrNone() *exceptions {
	if s == nil {
		return nil
	}
	return s.exceptions
}
