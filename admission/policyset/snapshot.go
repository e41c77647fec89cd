package policyset

import (
	"fmt"
	"iter"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

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

// Snapshot is every policy at one moment. It is immutable.
type Snapshot struct {
	revisions Revisions
	entries   []entry
	// Namespaces in which there is a Policy; for all others the candidates are the same.
	namespaces map[string]bool
	candidates candidateCache
}

// entry is a policy and what it was compiled into.
type entry struct {
	policy  v1.Object
	program *engine.Program
}

func newSnapshot(revisions Revisions, entries []entry) *Snapshot {
	s := &Snapshot{revisions: revisions, entries: entries, namespaces: map[string]bool{}}
	for _, e := range entries {
		if namespace := e.policy.GetNamespace(); namespace != "" {
			s.namespaces[namespace] = true
		}
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

// For returns the programs that may concern an admission request.
func (s *Snapshot) For(req *eval.Request) []*engine.Program {
	key := candidateKey{kind: req.Kind, subresource: req.Subresource}
	if s.namespaces[req.Namespace] {
		key.namespace = req.Namespace
	}
	return s.candidates.get(key, s.find)
}

func (s *Snapshot) find(key candidateKey) []*engine.Program {
	var found []*engine.Program
	for _, e := range s.entries {
		if namespace := e.policy.GetNamespace(); namespace != "" && namespace != key.namespace {
			continue
		}
		if e.program.Admission() && e.program.Concerns(key.kind, key.subresource) {
			found = append(found, e.program)
		}
	}
	return found
}

type candidateKey struct {
	kind        schema.GroupVersionKind
	subresource string
	namespace   string
}

// Kinds come from requests, so what is remembered about them is bounded. A cluster has hundreds.
const maxCandidateKeys = 4096

// candidateCache is an index that is filled as kinds are asked about. The zero value is ready to use.
type candidateCache struct {
	mu    sync.RWMutex
	known map[candidateKey][]*engine.Program
}

func (c *candidateCache) get(key candidateKey, find func(candidateKey) []*engine.Program) []*engine.Program {
	c.mu.RLock()
	found, ok := c.known[key]
	c.mu.RUnlock()
	if ok {
		return found
	}
	found = find(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[candidateKey][]*engine.Program{}
	}
	if len(c.known) < maxCandidateKeys {
		c.known[key] = found
	}
	return found
}
