package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

func TestVerdicts(t *testing.T) {
	s := newServer(t, Config{Policies: policies{
		app(t, "closed", "Fail", "Enforce"), app(t, "open", "Ignore", "Enforce"), app(t, "audit", "Fail", "Audit"),
	}})
	tests := []struct {
		name, path string
		object     map[string]any
		denied     bool
	}{
		{"good, fail", failPath, good, false},
		{"good, ignore", ignorePath, good, false},
		// A policy that moves between the paths is evaluated on both: kube-apiserver still calls the one that it had.
		{"bad, fail", failPath, bad, true},
		{"bad, ignore", ignorePath, bad, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, s, test.path, reviewOf(map[string]any{"object": test.object}))
			if got.UID != "4f3c" {
				t.Errorf("uid %q", got.UID)
			}
			if got.Allowed == test.denied {
				t.Fatalf("%+v", got)
			}
			if got.Allowed {
				return
			}
			if !strings.HasPrefix(got.Status.Message, "\n\nresource Pod/default/web was blocked due to the following policies \n\nclosed:\n  labelled: ") ||
				!strings.Contains(got.Status.Message, "open:\n  labelled: 'validation error: say which app it is") || strings.Contains(got.Status.Message, "audit") {
				t.Errorf("%q", got.Status.Message)
			}
		})
	}
}

func TestAuditLetsPassAndWarnsOnlyWhereAsked(t *testing.T) {
	s := newServer(t, Config{Policies: policies{
		app(t, "silent", "Fail", "Audit"), compile(t, fmt.Sprintf(requireApp, "telling", "Fail", true, "Audit")),
	}})
	got := ask(t, s, failPath, reviewOf(map[string]any{"object": bad}))
	if !got.Allowed || len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], "policy telling.labelled: ") {
		t.Errorf("%+v", got)
	}
}

func TestAnswerHasNeitherCodeNorReason(t *testing.T) {
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}})
	_, body := post(t, s, failPath, encode(t, reviewOf(map[string]any{"object": bad})))
	var got struct {
		Response struct {
			Status map[string]any `json:"status"`
		} `json:"response"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Response.Status) != 2 || got.Response.Status["status"] != "Failure" || got.Response.Status["message"] == nil {
		t.Errorf("%v", got.Response.Status)
	}
}

func TestW05DryRunHasTheSameVerdict(t *testing.T) {
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}})
	for _, object := range []map[string]any{good, bad} {
		real := ask(t, s, failPath, reviewOf(map[string]any{"object": object}))
		dry := ask(t, s, failPath, reviewOf(map[string]any{"object": object, "dryRun": true}))
		if !bytes.Equal(encode(t, real), encode(t, dry)) {
			t.Errorf("%+v and %+v", real, dry)
		}
	}
}

// M06 whoever edits a clean object into a violation gets the verdict of a create.
func TestM06UpdateIsJudgedAsCreate(t *testing.T) {
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}})
	got := ask(t, s, failPath, reviewOf(map[string]any{"operation": "UPDATE", "object": bad, "oldObject": good}))
	if got.Allowed {
		t.Error("allowed")
	}
}

// K05 an object that is being deleted can still be edited.
func TestK05DeletionTimestampExemptsNothing(t *testing.T) {
	undead := pod(map[string]any{})
	undead["metadata"].(map[string]any)["deletionTimestamp"] = "2026-01-01T00:00:00Z"
	undead["metadata"].(map[string]any)["finalizers"] = []any{"x/y"}
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}})
	if got := ask(t, s, failPath, reviewOf(map[string]any{"operation": "UPDATE", "object": undead, "oldObject": good})); got.Allowed {
		t.Error("allowed")
	}
}

// K10, U13 an error while a rule is evaluated: refused where policies fail closed, a warning where they fail open.
func TestK10U13LookupErrors(t *testing.T) {
	s := newServer(t, Config{Policies: policies{compile(t, fmt.Sprintf(byTeam, "Fail"))}})
	got := ask(t, s, failPath, reviewOf(map[string]any{"object": bad}))
	if got.Allowed || !strings.Contains(got.Status.Message, "match") || !strings.Contains(got.Status.Message, "does not answer") {
		t.Errorf("failing closed, the refusal does not name stage and cause: %+v", got)
	}
	if got = ask(t, s, ignorePath, reviewOf(map[string]any{"object": bad})); got.Allowed {
		t.Errorf("failing closed, on the path that it had before: %+v", got)
	}
	s = newServer(t, Config{Policies: policies{compile(t, fmt.Sprintf(byTeam, "Ignore"))}})
	for _, path := range []string{failPath, ignorePath} {
		got = ask(t, s, path, reviewOf(map[string]any{"object": bad}))
		if !got.Allowed || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "by-team.labelled") {
			t.Errorf("failing open: %+v", got)
		}
	}
	s = newServer(t, Config{
		Policies: policies{compile(t, fmt.Sprintf(byTeam, "Fail"))},
		Lookup:   func(context.Context) eval.Lookup { return namespaces{"default": {"team": "payments"}} },
	})
	if got = ask(t, s, failPath, reviewOf(map[string]any{"object": bad})); got.Allowed {
		t.Error("with the labels at hand: allowed")
	}
}

func TestU11NotLoadedIsAnErrorAndNeverAnAllow(t *testing.T) {
	s := newServer(t, Config{Policies: policies(nil)})
	for _, path := range []string{failPath, ignorePath} {
		if status, body := post(t, s, path, encode(t, reviewOf(nil))); status != http.StatusServiceUnavailable || bytes.Contains(body, []byte("allowed")) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status := probe(s, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("ready without policies: %d", status)
	}
	if status := probe(s, "/livez"); status != http.StatusOK {
		t.Errorf("not alive without policies: %d", status)
	}
	if status := probe(newServer(t, Config{Policies: policies{}}), "/readyz"); status != http.StatusOK {
		t.Errorf("not ready with no policy in a loaded set: %d", status)
	}
}

func probe(handler http.Handler, path string) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code
}

// breaking panics where programs are chosen.
type breaking struct{}

func (breaking) Candidates(*eval.Request) ([]*engine.Program, *engine.Exceptions, bool) {
	panic("boom")
}
func (breaking) Revision() string { return "1" }

func TestPanicIsAnErrorAndNeverAnAllow(t *testing.T) {
	s := newServer(t, Config{Policies: breaking{}, MaxInFlight: 1})
	for range 3 { // the slot is given back, too
		if status, body := post(t, s, failPath, encode(t, reviewOf(nil))); status != http.StatusInternalServerError || bytes.Contains(body, []byte("allowed")) {
			t.Errorf("%d %s", status, body)
		}
	}
}

func TestU08UnknownPathsNeverAllow(t *testing.T) {
	s := newServer(t, Config{Policies: policies{}})
	for _, path := range []string{"/", "/validate", "/validate/fail/", "/validate/ignore/x", "/validate/FAIL", "/mutate/fail", "/mutate/ignore", "/vpol"} {
		if status, body := post(t, s, path, encode(t, reviewOf(nil))); status != http.StatusNotFound || bytes.Contains(body, []byte("allowed")) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestRequestsThatAreNoReviews(t *testing.T) {
	s := newServer(t, Config{Policies: policies{}})
	tests := []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, http.StatusMethodNotAllowed},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed},
		{"YAML", func(r *http.Request) { r.Header.Set("Content-Type", "application/yaml") }, http.StatusUnsupportedMediaType},
		{"no Content-Type", func(r *http.Request) { r.Header.Del("Content-Type") }, http.StatusUnsupportedMediaType},
		{"W02 gzip", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType},
		{"JSON with a charset", func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") }, http.StatusOK},
		{"timeout", func(r *http.Request) { r.URL.RawQuery = "timeout=10s" }, http.StatusOK},
		{"timeout is no duration", func(r *http.Request) { r.URL.RawQuery = "timeout=10" }, http.StatusBadRequest},
		{"timeout is negative", func(r *http.Request) { r.URL.RawQuery = "timeout=-1s" }, http.StatusBadRequest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if status, body := post(t, s, failPath, encode(t, reviewOf(nil)), test.change); status != test.want {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// waiting is a Lookup that answers only when its request ends.
type waiting struct {
	namespaces
	ctx context.Context
}

func (w waiting) NamespaceLabels(string) (map[string]string, error) {
	<-w.ctx.Done()
	return nil, w.ctx.Err()
}

func TestTimeoutEndsLookups(t *testing.T) {
	s := newServer(t, Config{
		Policies: policies{compile(t, fmt.Sprintf(byTeam, "Fail"))},
		Lookup:   func(ctx context.Context) eval.Lookup { return waiting{ctx: ctx} },
	})
	began := time.Now()
	got := ask(t, s, failPath+"?timeout=50ms", reviewOf(map[string]any{"object": bad}))
	if got.Allowed || time.Since(began) > 5*time.Second {
		t.Errorf("%+v after %s", got, time.Since(began))
	}
}

// A rule whose data does not come in time is that rule's error: its policy decides what follows, while kube-apiserver still
// listens.
func TestLookupsEndBeforeTheAnswerIsDue(t *testing.T) {
	for failurePolicy, allowed := range map[string]bool{"Fail": false, "Ignore": true} {
		var left time.Duration
		s := newServer(t, Config{
			Policies: policies{compile(t, fmt.Sprintf(byTeam, failurePolicy))},
			Lookup: func(ctx context.Context) eval.Lookup {
				deadline, _ := ctx.Deadline()
				left = time.Until(deadline)
				return waiting{ctx: ctx}
			},
		})
		began := time.Now()
		got := ask(t, s, failPath+"?timeout=1s", reviewOf(map[string]any{"object": bad}))
		if took := time.Since(began); got.Allowed != allowed || left > 950*time.Millisecond || took < left {
			t.Errorf("%s: allowed %t after %s, lookups had %s", failurePolicy, got.Allowed, took, left)
		}
	}
}

// excepting exempts from what policies demand.
type excepting struct {
	policies
	exceptions *engine.Exceptions
}

func (e excepting) Candidates(req *eval.Request) ([]*engine.Program, *engine.Exceptions, bool) {
	programs, _, loaded := e.policies.Candidates(req)
	return programs, e.exceptions, loaded
}

func TestExceptions(t *testing.T) {
	exception, errs := engine.CompileException(&v2.PolicyException{
		ObjectMeta: metav1.ObjectMeta{Namespace: "security", Name: "e"},
		Spec: v2.PolicyExceptionSpec{
			Match:      v1.MatchResources{Any: []v1.ResourceFilter{{Resources: &v1.ResourceDescription{Kinds: []string{"Pod"}}}}},
			Exceptions: []v2.Exception{{PolicyName: "exempt", RuleNames: []string{"labelled"}}},
		},
	})
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	exceptions := engine.NewExceptions([]*engine.Exception{exception})
	review := reviewOf(map[string]any{"object": bad})
	if got := ask(t, newServer(t, Config{Policies: excepting{policies{app(t, "exempt", "Fail", "Enforce")}, exceptions}}), failPath, review); !got.Allowed {
		t.Errorf("%+v", got.Status)
	}
	got := ask(t, newServer(t, Config{Policies: excepting{policies{app(t, "exempt", "Fail", "Enforce"), app(t, "other", "Fail", "Enforce")}, exceptions}}), failPath, review)
	if got.Allowed || !strings.Contains(got.Status.Message, "other:") || strings.Contains(got.Status.Message, "exempt:") {
		t.Errorf("%+v", got)
	}
}

// clocked is a policy that goes by the moment of the request and by what is random in it.
const clocked = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: clocked
spec:
  background: false
  rules:
  - name: now
    match:
      any:
      - resources:
          kinds: [Pod]
    validate:
      failureAction: Enforce
      message: "{{ time_now_utc() }} {{ random('[a-z]{20}') }}"
      deny: {}
`

func TestRequestsHaveATimeAndASeed(t *testing.T) {
	s := newServer(t, Config{Policies: policies{compile(t, clocked)}})
	first := ask(t, s, failPath, reviewOf(map[string]any{"object": bad})).Status.Message
	second := ask(t, s, failPath, reviewOf(map[string]any{"object": bad})).Status.Message
	if !strings.Contains(first, time.Now().UTC().Format("2006-01-02T")) {
		t.Errorf("no time of today: %s", first)
	}
	if first[strings.LastIndexByte(first, ' '):] == second[strings.LastIndexByte(second, ' '):] {
		t.Errorf("the same at random, twice: %s", first)
	}
}

// mixed has a rule that enforces and one that audits.
const mixed = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: mixed
spec:
  background: false
  rules:
  - name: enforced
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {failureAction: Enforce, message: say which app it is, pattern: {metadata: {labels: {app: "?*"}}}}
  - name: audited
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {failureAction: Audit, message: say which team it is, pattern: {metadata: {labels: {team: "?*"}}}}
`

func TestRulesThatAuditBesideRulesThatEnforce(t *testing.T) {
	s := newServer(t, Config{Policies: policies{compile(t, mixed)}})
	got := ask(t, s, failPath, reviewOf(map[string]any{"object": bad}))
	if got.Allowed || !strings.Contains(got.Status.Message, "enforced:") || strings.Contains(got.Status.Message, "audited:") {
		t.Errorf("both fail: %+v", got.Status)
	}
	if got := ask(t, s, failPath, reviewOf(map[string]any{"object": pod(map[string]any{"app": "web"})})); !got.Allowed {
		t.Errorf("only the one that audits fails: %+v", got.Status)
	}
}

// onSubresources has a rule that refuses everything, filled in with the kinds that it matches.
const onSubresources = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: subresources
spec:
  background: false
  rules:
  - name: never
    match: {any: [{resources: {kinds: [%s]}}]}
    validate: {failureAction: Enforce, message: not so, deny: {}}
`

// Rules name what a subresource is of, and reviews the kind of what is sent.
func TestSubresources(t *testing.T) {
	scale := map[string]any{
		"kind":     map[string]any{"group": "autoscaling", "version": "v1", "kind": "Scale"},
		"resource": map[string]any{"group": "apps", "version": "v1", "resource": "deployments"}, "subResource": "scale",
		"operation": "UPDATE", "object": map[string]any{"kind": "Scale"}, "oldObject": map[string]any{"kind": "Scale"},
	}
	exec := map[string]any{
		"kind":        map[string]any{"group": "", "version": "v1", "kind": "PodExecOptions"},
		"subResource": "exec", "operation": "CONNECT", "object": map[string]any{"kind": "PodExecOptions"},
	}
	ephemeral := map[string]any{"subResource": "ephemeralcontainers", "operation": "UPDATE", "oldObject": good}
	for _, test := range []struct {
		kinds   string
		change  map[string]any
		refused bool
	}{
		{"Deployment/scale", scale, true},
		{"apps/v1/Deployment.scale", scale, true},
		{"'*/scale'", scale, true},
		{"Deployment", scale, false},
		{"Scale", scale, false},
		{"StatefulSet/scale", scale, false},
		{"Pod/exec", exec, true},
		{"Pod", exec, false},
		// What was there is a Pod: a rule that only knows its subresource did not refuse it.
		{"Pod/ephemeralcontainers", ephemeral, true},
		{"'*/ephemeralcontainers'", ephemeral, true},
	} {
		s := newServer(t, Config{Policies: policies{compile(t, fmt.Sprintf(onSubresources, test.kinds))}})
		if got := ask(t, s, failPath, reviewOf(test.change)); got.Allowed == test.refused {
			t.Errorf("%s is asked about %v: allowed %v", test.kinds, test.change["subResource"], got.Allowed)
		}
	}
	// What cannot be told is no answer.
	unknown := map[string]any{"resource": map[string]any{"group": "apps", "version": "v1", "resource": "robots"}, "subResource": "scale"}
	s := newServer(t, Config{Policies: policies{}})
	if status, body := post(t, s, failPath, encode(t, reviewOf(unknown))); status != http.StatusInternalServerError {
		t.Errorf("%d %s", status, body)
	}
}

func TestMaxInFlight(t *testing.T) {
	hold, held := make(chan struct{}), make(chan struct{}, 1)
	s := newServer(t, Config{
		Policies:    policies{compile(t, fmt.Sprintf(byTeam, "Fail"))},
		MaxInFlight: 1,
		Lookup: func(context.Context) eval.Lookup {
			held <- struct{}{}
			<-hold
			return namespaces{"default": {}}
		},
	})
	done := make(chan bool)
	body := encode(t, reviewOf(nil))
	go func() {
		status, _ := post(t, s, failPath, body)
		done <- status == http.StatusOK
	}()
	<-held
	if status, answer := post(t, s, failPath+"?timeout=50ms", body); status != http.StatusServiceUnavailable {
		t.Errorf("a second one at the same time: %d %s", status, answer)
	}
	close(hold)
	if !<-done {
		t.Error("the first one got no answer")
	}
}

// U19: whatever a review holds, nothing of it is logged but names.
func TestU19LogsHoldNoContent(t *testing.T) {
	var log bytes.Buffer
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "v": "10"} {
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	klog.SetOutput(&log)
	defer func() {
		klog.SetOutput(io.Discard)
		klog.Flush()
		if err := errors.Join(flags.Set("v", "0"), flags.Set("logtostderr", "true")); err != nil {
			t.Error(err)
		}
	}()
	const canary = "CANARY-4711"
	object := pod(map[string]any{"other": canary})
	object["data"] = map[string]any{"password": canary}
	review := encode(t, reviewOf(map[string]any{"object": object,
		"userInfo": map[string]any{"username": "jane", "extra": map[string]any{"token": []any{canary}}}}))
	header := func(r *http.Request) { r.Header.Set("Authorization", canary) }
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce"), compile(t, fmt.Sprintf(byTeam, "Fail"))}})
	post(t, s, failPath, review, header)
	post(t, s, failPath, review[:len(review)-1], header)
	post(t, newServer(t, Config{Policies: breaking{}}), failPath, review, header)
	klog.Flush()
	if text := log.String(); strings.Contains(text, canary) || !strings.Contains(text, "Denied") || !strings.Contains(text, "broke down") {
		t.Errorf("%s", text)
	}
}

// BenchmarkHandler compares answering a review with the least that any webhook does: decode and say yes.
func BenchmarkHandler(b *testing.B) {
	body := benchmarkReview(b)
	run := func(b *testing.B, handler http.Handler) {
		b.ReportAllocs()
		for b.Loop() {
			if status, answer := post(b, handler, failPath, body); status != http.StatusOK || !bytes.Contains(answer, []byte(`"allowed":true`)) {
				b.Fatalf("%d %s", status, answer)
			}
		}
	}
	b.Run("floor", func(b *testing.B) {
		run(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			var review map[string]any
			if err != nil || json.Unmarshal(body, &review) != nil {
				http.Error(w, "bad review", http.StatusBadRequest)
				return
			}
			request, _ := review["request"].(map[string]any)
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": reviewAPIVersion, "kind": reviewKind,
				"response": map[string]any{"uid": request["uid"], "allowed": true}})
		}))
	})
	b.Run("1 policy", func(b *testing.B) {
		run(b, newServer(b, Config{Policies: policies{app(b, "p", "Fail", "Enforce")}}))
	})
	b.Run("Pod Security", func(b *testing.B) {
		const file = "../../../shared/bench/pod-security-restricted.yaml"
		manifests, err := os.ReadFile(file)
		if err != nil {
			b.Skipf("the policies to measure with (%s) are not here", strings.TrimPrefix(file, "../../"))
		}
		var all policies
		for _, manifest := range bytes.Split(manifests, []byte("\n---\n")) {
			all = append(all, compile(b, string(manifest)))
		}
		run(b, newServer(b, Config{Policies: all}))
	})
}
