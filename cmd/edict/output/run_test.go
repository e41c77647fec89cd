package output

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// sampleRun has a judgement of every kind.
func sampleRun(t *testing.T) *Run {
	t.Helper()
	documents, errs := manifest.Parse("m.yaml", []byte("# head\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\n"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	pod := &offline.Resource{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "n", Name: "p", Document: documents[0]}
	node := &offline.Resource{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Node"}, Name: "node"}
	policy, lax := &offline.Policy{}, &offline.Policy{}
	decide := func(resource *offline.Resource, p *offline.Policy, name, rule string, result eval.Result, d eval.Decision) offline.Judgement {
		d.Policy, d.Rule, d.Result, d.Message = eval.PolicyRef{Kind: "ClusterPolicy", Name: name}, rule, result, "because of "+rule
		return offline.Judgement{Policy: p, Resource: resource, Operation: eval.Create, Decision: d}
	}
	scored := eval.Decision{Scored: true, Action: eval.Enforce, Background: true}
	audit := eval.Decision{Scored: true, Action: eval.Audit, Severity: "high", Category: "c"}
	unknown := decide(pod, policy, "strict", "unknown", eval.Skip, scored)
	unknown.Unknown = true
	return &Run{
		Rules: 7, Resources: 2, Exceptions: 1, Now: time.Unix(1000, 0),
		Judgements: []offline.Judgement{
			decide(pod, policy, "strict", "good", eval.Pass, scored),
			decide(pod, policy, "strict", "bad", eval.Fail, scored),
			decide(pod, policy, "strict", "audited", eval.Fail, audit),
			decide(pod, policy, "strict", "broken", eval.Error, scored),
			unknown,
			decide(pod, policy, "strict", "unmet", eval.Skip, scored),
			decide(pod, lax, "lax", "unscored", eval.Fail, eval.Decision{Action: eval.Audit}),
			decide(node, policy, "strict", "bad", eval.Fail, scored),
		},
		Invalid:     []offline.Invalid{{Kind: "ClusterPolicy", Name: "wrong", Errors: []error{&manifest.Error{File: "p.yaml", Line: 3, Column: 5, Err: errors.New("no")}}}},
		Unread:      []error{errors.New("gone.yaml: no such file or folder")},
		Unsupported: []offline.Other{{Document: documents[0], Reason: "not evaluated yet"}},
	}
}

func written(t *testing.T, write func(*Terminal) error) string {
	t.Helper()
	var b strings.Builder
	if err := write(NewTerminal(&b)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSummary(t *testing.T) {
	r := sampleRun(t)
	if got, want := r.Summary(), (Summary{Pass: 1, Fail: 3, Warn: 1, Error: 3, Skip: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r.AuditWarn = true
	if got, want := r.Summary(), (Summary{Pass: 1, Fail: 2, Warn: 2, Error: 3, Skip: 3}); got != want {
		t.Errorf("with AuditWarn %+v, want %+v", got, want)
	}
}

func TestText(t *testing.T) {
	r := sampleRun(t)
	r.AuditWarn = true
	got := written(t, func(w *Terminal) error { r.Heading(w); r.Text(w); return nil })
	want := `
Applying 7 policy rule(s) to 2 resource(s) with 1 exception(s)...
----------------------------------------------------------------------
Policies Skipped:
1. wrong: p.yaml:3:5: no
----------------------------------------------------------------------
policy strict -> resource n/Pod/p failed:
1 - bad because of bad
policy strict -> resource n/Pod/p failed as audit warning:
1 - audited because of audited
policy strict -> resource n/Pod/p ended in an error:
1 - broken because of broken
policy strict -> resource n/Pod/p skipped:
1 - unknown because of unknown
policy lax -> resource n/Pod/p failed as audit warning:
1 - unscored because of unscored
policy strict -> resource /Node/node failed:
1 - bad because of bad

pass: 1, fail: 2, warn: 2, error: 3, skip: 3 
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Detailed = true
	if got := written(t, func(w *Terminal) error { r.Text(w); return nil }); !strings.Contains(got, "2 - unmet because of unmet\n") {
		t.Errorf("the details are missing:\n%s", got)
	}
}

func TestMessagesOfOthersStayInTheirLine(t *testing.T) {
	r := sampleRun(t)
	r.Judgements = r.Judgements[1:2]
	r.Judgements[0].Message = "x\n\npass: 99, fail: 0\x1b[2J"
	if got := written(t, func(w *Terminal) error { r.Text(w); return nil }); !strings.Contains(got, `1 - bad x\n\npass: 99, fail: 0\u001b[2J`) {
		t.Errorf("got %q", got)
	}
}

func TestTable(t *testing.T) {
	r := sampleRun(t)
	r.Invalid = nil
	r.Detailed = true
	got := written(t, func(w *Terminal) error { r.Table(w); return nil })
	for _, want := range []string{
		"│ ID │ POLICY │ RULE     │ RESOURCE   │ RESULT │ REASON     │ MESSAGE             │",
		"│ 1  │ strict │ good     │ n/Pod/p    │ Pass   │            │ because of good     │",
		"│ 5  │ strict │ unknown  │ n/Pod/p    │ Skip   │ Not judged │ because of unknown  │",
		"│ 7  │ lax    │ unscored │ n/Pod/p    │ Warn   │            │ because of unscored │",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing\n%s\nin\n%s", want, got)
		}
	}
}

func TestData(t *testing.T) {
	r := sampleRun(t)
	var fromJSON, fromYAML data
	if err := json.Unmarshal([]byte(written(t, func(w *Terminal) error { return r.Data(w, true) })), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict([]byte(written(t, func(w *Terminal) error { return r.Data(w, false) })), &fromYAML); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromJSON, fromYAML); diff != "" {
		t.Errorf("JSON and YAML differ:\n%s", diff)
	}
	if got, want := fromJSON.Results[2], (dataResult{
		Policy: "strict", PolicyKind: "ClusterPolicy", Rule: "audited", Operation: "CREATE", Result: "fail", Message: "because of audited",
		Action: "Audit", Severity: "high", Category: "c",
		Resource: dataResource{APIVersion: "v1", Kind: "Pod", Namespace: "n", Name: "p", File: "m.yaml", Line: 3},
	}); !cmp.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !fromJSON.Results[4].NotJudged || len(fromJSON.Invalid) != 1 || len(fromJSON.Unread) != 1 || len(fromJSON.Unsupported) != 1 {
		t.Errorf("got %+v", fromJSON)
	}
}

func TestReports(t *testing.T) {
	r := sampleRun(t)
	r.AuditWarn = true
	var open openReport
	if err := yaml.UnmarshalStrict([]byte(written(t, func(w *Terminal) error { return r.OpenReport(w, false) })), &open); err != nil {
		t.Fatal(err)
	}
	if open.APIVersion != "openreports.io/v1alpha1" || open.Kind != "ClusterReport" || open.Metadata.Name != "merged" || open.Summary.Warn != 2 {
		t.Errorf("got %+v", open)
	}
	if err := json.Unmarshal([]byte(written(t, func(w *Terminal) error { return r.OpenReport(w, true) })), &open); err != nil {
		t.Fatal(err)
	}
	var policy v1alpha2.ClusterPolicyReport
	if err := yaml.UnmarshalStrict([]byte(written(t, func(w *Terminal) error { return r.PolicyReport(w) })), &policy); err != nil {
		t.Fatal(err)
	}
	if policy.Kind != "ClusterPolicyReport" || policy.APIVersion != "wgpolicyk8s.io/v1alpha2" {
		t.Errorf("got %+v", policy.TypeMeta)
	}
	if diff := cmp.Diff(open.Results, policy.Results); diff != "" {
		t.Errorf("the two reports differ:\n%s", diff)
	}
	var results []v1alpha2.PolicyResult
	for _, result := range policy.Results {
		results = append(results, result.Result)
		if len(result.Resources) != 1 || result.Source != "kyverno" || result.Timestamp.Seconds != 1000 {
			t.Errorf("result %+v", result)
		}
	}
	if diff := cmp.Diff([]v1alpha2.PolicyResult{"pass", "fail", "warn", "error", "skip", "skip", "warn", "fail"}, results); diff != "" {
		t.Errorf("results differ:\n%s", diff)
	}
}

func TestJUnit(t *testing.T) {
	r := sampleRun(t)
	var suites junitSuites
	if err := xml.Unmarshal([]byte(written(t, func(w *Terminal) error { return r.JUnit(w) })), &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 11 || suites.Failures != 3 || suites.Errors != 3 || len(suites.Suites) != 5 {
		t.Errorf("got %d tests, %d failures, %d errors in %d suites", suites.Tests, suites.Failures, suites.Errors, len(suites.Suites))
	}
	if c := suites.Suites[0].Cases[1]; c.Name != "bad n/Pod/p" || c.Failure == nil || c.Failure.Message != "because of bad" {
		t.Errorf("got %+v", c)
	}
}

func TestSARIF(t *testing.T) {
	r := sampleRun(t)
	var log sarifLog
	if err := json.Unmarshal([]byte(written(t, func(w *Terminal) error { return r.SARIF(w) })), &log); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, result := range log.Runs[0].Results {
		place := ""
		if len(result.Locations) > 0 && result.Locations[0].Physical != nil {
			place = result.Locations[0].Physical.Artifact.URI
			if result.Locations[0].Physical.Region.StartLine != 3 {
				t.Errorf("region %+v", result.Locations[0].Physical.Region)
			}
		}
		got = append(got, strings.Join([]string{result.Level, result.RuleID, place}, " "))
	}
	want := []string{
		"error strict/bad m.yaml", "error strict/audited m.yaml", "error strict/broken m.yaml", "warning lax/unscored m.yaml",
		"error strict/bad ", "error invalid-policy p.yaml", "error unreadable-file ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rules := log.Runs[0].Tool.Driver.Rules; len(rules) != 6 {
		t.Errorf("rules %+v: each is described once", rules)
	}
}

func TestGeneratedExceptions(t *testing.T) {
	r := sampleRun(t)
	text := written(t, func(w *Terminal) error { return r.GeneratedExceptions(w, 2*time.Hour) })
	documents, errs := manifest.Parse("e.yaml", []byte(text))
	if len(errs) > 0 || len(documents) != 4 {
		t.Fatalf("%d documents, %v", len(documents), errs)
	}
	if found := offline.ReadPolicies(documents); len(found.Exceptions) != 4 || len(found.Invalid) != 0 {
		t.Errorf("not all can be applied: %+v", found.Invalid)
	}
	first := documents[0]
	if first.Name() != "strict-bad-n-p" || !strings.Contains(text, "cleanup.kyverno.io/ttl: 2h0m0s") {
		t.Errorf("got\n%s", text)
	}
}
