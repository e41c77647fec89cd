package verdict

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/offline"
	"github.com/edict-dev/edict/cmd/edict/suite"
	"github.com/edict-dev/edict/test/corpus"
)

// TestC05Suites: the suites that people have get the verdicts of edict test from the webhook as well, and from a scan as
// far as it can ask the same.
func TestC05Suites(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the larger corpus (../shared/corpus) is not here")
	}
	suites, err := suite.Find(context.Background(), []string{filepath.Join(folder, "policies"), filepath.Join(folder, "cli")}, suite.FileName)
	if err != nil {
		t.Fatal(err)
	}
	var n counts
	for _, s := range suites {
		name, _ := filepath.Rel(folder, filepath.Dir(s.File))
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			at(t, corpus.Now, func(t *testing.T) { n.ask(t, s) })
		})
	}
	t.Logf("%d of %d suites: %d requests to the webhook, in which %d rules failed or could not be evaluated; %d questions of a scan; "+
		"left out: %d requests of nobody under policies that go by who asks",
		n.suites, len(suites), n.requests, n.failures, n.scans, n.byUser)
	if n.requests == 0 || n.failures == 0 || n.scans == 0 {
		t.Error("nothing was compared")
	}
}

type counts struct {
	suites, requests, failures, scans int
	// byUser are requests of nobody under policies that go by who asks: every filter fits nobody, and none fits whoever
	// sends a review.
	byUser int
}

func (n *counts) ask(t *testing.T, s *suite.Suite) {
	session, resources, errs := s.Session(t.Context(), time.Now())
	if session == nil {
		t.Skipf("cannot be run: %v", errs)
	}
	n.suites++
	operations := map[eval.Operation]bool{}
	for _, result := range s.Results {
		operations[result.Operation] = true
	}
	speaking := map[*offline.Policy]*engine.Program{}
	for _, policy := range session.Policies {
		program, errs := engine.Compile(loud(policy.Object))
		if len(errs) > 0 {
			t.Fatal(errs.ToAggregate())
		}
		speaking[policy] = program
	}
	for operation := range operations {
		for _, resource := range resources {
			c := offline.Case{Resource: resource, Operation: operation}
			judgements, err := session.Judge(t.Context(), []offline.Case{c})
			if err != nil {
				t.Fatal(err)
			}
			for _, policy := range session.Policies {
				n.compare(t, session, c, policy, speaking[policy], judgements)
			}
		}
	}
}

// compare puts one case to one policy in every way.
func (n *counts) compare(t *testing.T, session *offline.Session, c offline.Case, policy *offline.Policy, speaking *engine.Program, judgements []offline.Judgement) {
	t.Helper()
	req, err := session.Request(c, policy.Program.Ref())
	if err != nil {
		t.Fatal(err)
	}
	if req.User == nil && goesByUser(policy.Object) {
		n.byUser++
		return
	}
	lookup := session.Lookup.For(c.Resource.Name)
	got := ask(t, policies{[]*engine.Program{speaking}, session.Exceptions}, lookup, req)
	var failed []failure
	var verdicts []string
	for _, j := range judgements {
		if j.Policy != policy {
			continue
		}
		verdicts = append(verdicts, j.Rule+": "+string(j.Result))
		if j.Result != eval.Fail && j.Result != eval.Error {
			continue
		}
		f := failure{policy.Object.GetName(), j.Rule, j.Message, j.Action == eval.Enforce}
		if j.Unknown {
			// Each entrance says in its own words what it lacks.
			f.message = ""
			got.forget(f.policy, f.rule)
		}
		failed = append(failed, f)
	}
	n.requests++
	n.failures += len(failed)
	if diff := cmp.Diff(shown(failed), got); diff != "" {
		t.Errorf("%s: %s %s (-edict test +webhook):\n%s", policy.Object.GetName(), req.Operation, c.Resource, diff)
	}
	if req.Operation != eval.Create || req.User != nil || req.Subresource != "" {
		return
	}
	n.scans++
	var told []string
	for _, d := range engine.Evaluate(engine.Input{
		Programs: []*engine.Program{policy.Program}, Exceptions: session.Exceptions, Request: scanned(t, req), Lookup: lookup,
	}) {
		told = append(told, d.Rule+": "+string(d.Result))
	}
	if diff := cmp.Diff(verdicts, told); diff != "" {
		t.Errorf("%s: %s (-edict test +scan):\n%s", policy.Object.GetName(), c.Resource, diff)
	}
}

// goesByUser tells whether it matters to the policy who asks.
func goesByUser(policy v1.Object) bool {
	for _, rule := range policy.PolicySpec().Rules {
		filters := slices.Concat(rule.Match.Any, rule.Match.All, []v1.ResourceFilter{rule.Match.ResourceFilter})
		if exclude := rule.Exclude; exclude != nil {
			filters = slices.Concat(filters, exclude.Any, exclude.All, []v1.ResourceFilter{exclude.ResourceFilter})
		}
		for _, f := range filters {
			if len(f.Subjects)+len(f.Roles)+len(f.ClusterRoles) > 0 {
				return true
			}
		}
	}
	return false
}
