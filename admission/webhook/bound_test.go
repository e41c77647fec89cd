package webhook

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// D08, W02: a review that is built to blow up is refused with a reason while kube-apiserver listens, and others are answered.
func TestReviewsThatBlowUp(t *testing.T) {
	blowsUp := compile(t, `
metadata: {name: blows-up}
spec:
  rules:
  - name: each-with-each
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      failureAction: Enforce
      foreach:
      - list: request.object.spec.containers
        foreach:
        - list: request.object.spec.containers
          deny: {conditions: {any: [{key: "{{ element.name }}", operator: Equals, value: x}]}}
`)
	s := newServer(t, Config{Policies: policies{blowsUp}})
	hostile := pod(map[string]any{})
	containers := make([]any, 9_000)
	for i := range containers {
		containers[i] = map[string]any{"name": "c", "image": "i"}
	}
	hostile["spec"] = map[string]any{"containers": containers}
	answered := make(chan bool)
	go func() {
		answered <- ask(t, s, failPath, reviewOf(map[string]any{"object": hostile})).Allowed
	}()
	if got := ask(t, s, failPath, reviewOf(nil)); !got.Allowed {
		t.Errorf("beside it: %+v", got)
	}
	if <-answered {
		t.Error("it is allowed")
	}
	if got := ask(t, s, failPath, reviewOf(nil)); !got.Allowed {
		t.Errorf("after it: %+v", got)
	}
}

// Of rules whose turn comes after kube-apiserver stopped listening nobody waits for an answer: they are not asked, and none
// of them lets anything pass.
func TestRulesAreNotAskedWhenTheTimeIsOver(t *testing.T) {
	slow := func(ctx context.Context) eval.Lookup { <-ctx.Done(); return namespaces{"default": {}} }
	s := newServer(t, Config{Policies: policies{app(t, "p", "Fail", "Enforce")}, Lookup: slow})
	status, body := post(t, s, failPath+"?timeout=50ms", encode(t, reviewOf(nil)))
	if status == http.StatusOK && !denied(body) || !bytes.Contains(body, []byte("the time for an answer was over")) {
		t.Errorf("%d %s", status, body)
	}
}
