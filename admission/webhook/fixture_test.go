package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// requireApp is a policy with one rule, filled in with its name, failurePolicy, failureAction and emitWarning.
const requireApp = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: %s
spec:
  failurePolicy: %s
  emitWarning: %t
  rules:
  - name: labelled
    match:
      any:
      - resources:
          kinds: [Pod]
    validate:
      failureAction: %s
      message: say which app it is
      pattern:
        metadata:
          labels:
            app: "?*"
`

// byTeam matches through the labels of the namespace.
const byTeam = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: by-team
spec:
  failurePolicy: %s
  rules:
  - name: labelled
    match:
      any:
      - resources:
          kinds: [Pod]
          namespaceSelector:
            matchLabels:
              team: payments
    validate:
      failureAction: Enforce
      message: say which app it is
      pattern:
        metadata:
          labels:
            app: "?*"
`

func compile(t testing.TB, manifest string) *engine.Program {
	t.Helper()
	var policy v1.ClusterPolicy
	if err := yaml.UnmarshalStrict([]byte(manifest), &policy); err != nil {
		t.Fatal(err)
	}
	program, errs := engine.Compile(&policy)
	if len(errs) > 0 {
		t.Fatal(errs.ToAggregate())
	}
	return program
}

// policies is a fixed set; it is not loaded while it is nil.
type policies []*engine.Program

func (p policies) Candidates(req *eval.Request) (programs []*engine.Program, exceptions *engine.Exceptions, loaded bool) {
	for _, program := range p {
		if program.Concerns(req.Named(), req.Subresource, req.Operation, req.Namespace) {
			programs = append(programs, program)
		}
	}
	return programs, nil, p != nil
}

func (p policies) Revision() string {
	if p == nil {
		return ""
	}
	return "clusterpolicies 7, policies 3"
}

// namespaces answers lookups; it knows nothing else.
type namespaces map[string]map[string]string

func (n namespaces) NamespaceLabels(name string) (map[string]string, error) {
	labels, ok := n[name]
	if !ok {
		return nil, errors.New("the API server does not answer")
	}
	return labels, nil
}

func (namespaces) RolesOf(*eval.User) (eval.Roles, error) {
	return eval.Roles{}, errors.New("no roles are known")
}
func (namespaces) Read(eval.Source) (any, error)             { return nil, errors.New("nothing can be read") }
func (namespaces) Values(eval.PolicyRef, string) eval.Object { return nil }

// kindOf knows the resources that the tests use.
func kindOf(_ context.Context, resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	kind, ok := map[string]string{"pods": "Pod", "deployments": "Deployment"}[resource.Resource]
	if !ok {
		return schema.GroupVersionKind{}, errors.New("the API server does not answer")
	}
	return resource.GroupVersion().WithKind(kind), nil
}

func newServer(t testing.TB, config Config) *Server {
	t.Helper()
	if config.Lookup == nil {
		config.Lookup = func(context.Context) eval.Lookup { return namespaces{} }
	}
	if config.KindOf == nil {
		config.KindOf = kindOf
	}
	s, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pod(labels map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "web", "namespace": "default", "labels": labels},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "image": "i"}}},
	}
}

var (
	good = pod(map[string]any{"app": "web"})
	bad  = pod(map[string]any{})
)

// reviewOf is a well-formed review of a Pod, with changes to its request. A nil value removes the field.
func reviewOf(changes map[string]any) map[string]any {
	request := map[string]any{
		"uid":       "4f3c",
		"kind":      map[string]any{"group": "", "version": "v1", "kind": "Pod"},
		"resource":  map[string]any{"group": "", "version": "v1", "resource": "pods"},
		"name":      "web",
		"namespace": "default",
		"operation": "CREATE",
		"userInfo":  map[string]any{"username": "jane", "groups": []any{"dev"}},
		"object":    good,
		"oldObject": nil,
		"dryRun":    false,
		"options":   map[string]any{"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
	}
	for field, value := range changes {
		if value == nil {
			delete(request, field)
		} else {
			request[field] = value
		}
	}
	return map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// post sends a body and returns status and body of what comes back.
func post(t testing.TB, handler http.Handler, path string, body []byte, change ...func(*http.Request)) (int, []byte) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// ask sends a review that must be answered with a review, and returns the response in it.
func ask(t testing.TB, handler http.Handler, path string, review any) answerResponse {
	t.Helper()
	status, body := post(t, handler, path, encode(t, review))
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if a.APIVersion != "admission.k8s.io/v1" || a.Kind != "AdmissionReview" {
		t.Fatalf("not a review: %s", body)
	}
	return a.Response
}

// denied tells whether the body is a review that refuses.
func denied(body []byte) bool {
	var a answer
	return json.Unmarshal(body, &a) == nil && !a.Response.Allowed && a.Response.Status != nil
}

func app(t testing.TB, name, failurePolicy, action string) *engine.Program {
	t.Helper()
	return compile(t, fmt.Sprintf(requireApp, name, failurePolicy, false, action))
}
