package verdict

import (
	"cmp"
	"encoding/json"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
	kjson "k8s.io/apimachinery/pkg/util/json"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/test/corpus"
)

// TestWebhook: what fails or cannot be evaluated refuses the request where rules enforce, each rule with its message,
// and is warned of where they audit. All else is allowed without a word.
func TestWebhook(t *testing.T) {
	corpus.Each(t, func(t *testing.T, c *corpus.Case) {
		if len(c.Expected.Refused) > 0 {
			return // Such a policy is in no webhook.
		}
		entrances := []entrance{
			{"enforced", compiled(t, c, enforce), v1.Enforce},
			{"audited", compiled(t, c, audit), v1.Audit},
		}
		if told(c.Expected.Results) {
			entrances = []entrance{{"as written", compiled(t, c, loud), ""}}
		}
		at(t, corpus.Now, func(t *testing.T) {
			for _, req := range c.Requests {
				for _, e := range entrances {
					if found := diff.Diff(shown(failures(c, answers(c, req), e.action)), ask(t, e.policies, &c.Lookup, req)); found != "" {
						t.Errorf("%s %s, %s (-want +got):\n%s", req.Operation, corpus.Describe(req), e.name, found)
					}
				}
			}
		})
	})
}

// entrance is one way to put a case to a webhook. The action is that of all rules, or empty for their own.
type entrance struct {
	name     string
	policies policies
	action   v1.FailureAction
}

// told tells whether actions matter to a case, so that policies must be taken as they are.
func told(rows []corpus.Row) bool {
	return slices.ContainsFunc(rows, func(row corpus.Row) bool { return row.Action != "" })
}

// TestScan: what exists already gets the same verdicts as what is created.
func TestScan(t *testing.T) {
	corpus.Each(t, func(t *testing.T, c *corpus.Case) {
		p := compiled(t, c, asWritten)
		for _, req := range c.Requests {
			if req.Operation != eval.Create || req.User != nil || req.Subresource != "" || len(c.Expected.Refused) > 0 {
				continue // It is about more than what exists.
			}
			var got []corpus.Row
			for _, d := range engine.Evaluate(engine.Input{Programs: p.programs, Exceptions: p.exceptions, Request: scanned(t, req), Lookup: &c.Lookup}) {
				got = append(got, corpus.RowOf(req, &d))
			}
			of := *c
			of.Expected.Results = answers(c, req)
			of.Compare(t, got)
		}
	})
}

// scanned is the question that a scan asks about an object, which it has kept as JSON.
func scanned(t *testing.T, req *eval.Request) *eval.Request {
	t.Helper()
	encoded, err := json.Marshal(req.Object)
	if err != nil {
		t.Fatal(err)
	}
	out := &eval.Request{Kind: req.Kind, Resource: req.Resource, Namespace: req.Namespace, Name: req.Name, Operation: eval.Create, Now: req.Now}
	if err := kjson.Unmarshal(encoded, &out.Object); err != nil {
		t.Fatal(err)
	}
	return out
}

func enforce(policy v1.Object) v1.Object   { return with(v1.Enforce, policy) }
func audit(policy v1.Object) v1.Object     { return with(v1.Audit, policy) }
func asWritten(policy v1.Object) v1.Object { return policy }

// compiled are the policies of a case, each changed.
func compiled(t *testing.T, c *corpus.Case, change func(v1.Object) v1.Object) policies {
	t.Helper()
	var out policies
	for _, policy := range c.Policies {
		program, errs := engine.Compile(change(policy))
		if len(errs) > 0 && len(c.Expected.Refused) == 0 {
			t.Fatal(errs.ToAggregate())
		}
		out.programs = append(out.programs, program)
	}
	var exceptions []*engine.Exception
	for _, e := range c.Exceptions {
		exception, errs := engine.CompileException(e)
		if len(errs) > 0 {
			t.Fatal(errs.ToAggregate())
		}
		exceptions = append(exceptions, exception)
	}
	out.exceptions = engine.NewExceptions(exceptions)
	return out
}

// answers are the rows that are expected of a request.
func answers(c *corpus.Case, req *eval.Request) []corpus.Row {
	return slices.Collect(func(yield func(corpus.Row) bool) {
		for _, row := range c.Expected.Results {
			if row.Resource == corpus.Describe(req) && (row.Operation == "" || row.Operation == string(req.Operation)) && !yield(row) {
				return
			}
		}
	})
}

// failures are the rows that a client hears of, with the names that it hears.
func failures(c *corpus.Case, rows []corpus.Row, action v1.FailureAction) []failure {
	var out []failure
	for _, row := range rows {
		if row.Result != string(eval.Fail) && row.Result != string(eval.Error) {
			continue
		}
		enforces := v1.FailureAction(cmp.Or(string(action), row.Action)) == v1.Enforce
		out = append(out, failure{policyOf(c, row).GetName(), row.Rule, row.Message, enforces})
	}
	return out
}

// policyOf is the policy that a row is about.
func policyOf(c *corpus.Case, row corpus.Row) v1.Object {
	for _, p := range c.Policies {
		if row.Policy == (eval.PolicyRef{Namespace: p.GetNamespace(), Name: p.GetName()}).String() {
			return p
		}
	}
	return c.Policies[0]
}
