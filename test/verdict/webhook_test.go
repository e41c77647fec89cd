package verdict

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/webhook"
)

// at runs f while it is the given time.
func at(t *testing.T, now time.Time, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		f(t)
	})
}

// policies are what a webhook is asked with.
type policies struct {
	programs   []*engine.Program
	exceptions *engine.Exceptions
}

func (p policies) Candidates(req *eval.Request) (programs []*engine.Program, exceptions *engine.Exceptions, loaded bool) {
	for _, program := range p.programs {
		if program.Concerns(req.Named(), req.Subresource, req.Operation, req.Namespace) {
			programs = append(programs, program)
		}
	}
	return programs, p.exceptions, true
}

func (p policies) Revision() string { return "1" }

// seen is what the client of a request is told.
type seen struct {
	Allowed  bool
	Refusal  refusal
	Warnings []string
}

// refusal is the messages by policy and rule.
type refusal map[string]map[string]string

// ask sends the request to a webhook that has these policies.
func ask(t *testing.T, p policies, lookup eval.Lookup, req *eval.Request) seen {
	t.Helper()
	server, err := webhook.New(webhook.Config{
		Policies: p,
		Lookup:   func(context.Context) eval.Lookup { return lookup },
		KindOf: func(context.Context, schema.GroupVersionResource) (schema.GroupVersionKind, error) {
			return req.Named(), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/validate/fail", bytes.NewReader(review(t, req)))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Response == nil {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	out := seen{Allowed: answer.Response.Allowed, Warnings: slices.Sorted(slices.Values(answer.Response.Warnings))}
	if out.Allowed {
		return out
	}
	_, list, found := strings.Cut(answer.Response.Result.Message, " was blocked due to the following policies \n\n")
	if !found {
		t.Fatalf("no list of policies in %q", answer.Response.Result.Message)
	}
	if err := yaml.Unmarshal([]byte(list), &out.Refusal); err != nil {
		t.Fatalf("%v in %s", err, list)
	}
	return out
}

// review is the AdmissionReview that kube-apiserver would send about a request.
func review(t *testing.T, req *eval.Request) []byte {
	t.Helper()
	resource, _ := meta.UnsafeGuessKindToResource(req.Named())
	user := authenticationv1.UserInfo{Username: "somebody"}
	if req.User != nil {
		user = authenticationv1.UserInfo{Username: req.User.Name, UID: req.User.UID, Groups: req.User.Groups}
	}
	namespace := req.Namespace
	if resource.Group == "" && resource.Resource == "namespaces" {
		namespace = req.Name
	}
	encoded, err := json.Marshal(&admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: "1", Kind: metav1.GroupVersionKind(req.Kind), Resource: metav1.GroupVersionResource(resource), SubResource: req.Subresource,
			Name: req.Name, Namespace: namespace, Operation: admissionv1.Operation(req.Operation), UserInfo: user,
			Object: raw(t, req.Object), OldObject: raw(t, req.OldObject),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func raw(t *testing.T, object eval.Object) runtime.RawExtension {
	t.Helper()
	if object == nil {
		return runtime.RawExtension{}
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return runtime.RawExtension{Raw: encoded}
}

// loud is a copy of a policy of whose every failure the client hears: an error refuses the request if the rule enforces,
// and where nothing refuses it there is a warning of each.
func loud(policy v1.Object) v1.Object {
	out := policy.DeepCopyObject().(v1.Object)
	spec, yes := out.PolicySpec(), true
	spec.FailurePolicy, spec.EmitWarning = v1.Fail, &yes
	if spec.WebhookConfiguration != nil {
		spec.WebhookConfiguration.FailurePolicy = nil
	}
	return out
}

// with is a loud copy of a policy whose every rule has this action, and judges alike with any.
func with(action v1.FailureAction, policy v1.Object) v1.Object {
	out := loud(policy)
	spec := out.PolicySpec()
	spec.ValidationFailureAction, spec.ValidationFailureActionOverrides = action, nil
	if action == v1.Audit {
		// An error that comes before the action is known is one of a rule that enforces.
		spec.FailurePolicy = v1.Ignore
	}
	for i := range spec.Rules {
		if v := spec.Rules[i].Validate; v != nil {
			tolerates := false
			v.FailureAction, v.FailureActionOverrides, v.AllowExistingViolations = nil, nil, &tolerates
		}
	}
	return out
}

// failure is what one rule said that failed or could not be evaluated.
type failure struct {
	policy, rule, message string
	enforces              bool
}

// shown is what shall be seen of failures of loud policies.
func shown(failures []failure) seen {
	out := seen{Allowed: !slices.ContainsFunc(failures, func(f failure) bool { return f.enforces })}
	for _, f := range failures {
		switch {
		case out.Allowed:
			text := fmt.Sprintf("policy %s.%s: %s", f.policy, f.rule, f.message)
			out.Warnings = append(out.Warnings, strings.Join(strings.FieldsFunc(text, unicode.IsControl), " "))
		case f.enforces:
			out.refuse(f)
		}
	}
	slices.Sort(out.Warnings)
	return out
}

func (s *seen) refuse(f failure) {
	if s.Refusal == nil {
		s.Refusal = refusal{}
	}
	rules := s.Refusal[f.policy]
	if rules == nil {
		rules = map[string]string{}
		s.Refusal[f.policy] = rules
	}
	if earlier, ok := rules[f.rule]; ok {
		f.message = earlier + "; " + f.message
	}
	rules[f.rule] = f.message
}

// forget leaves out what a rule said.
func (s *seen) forget(policy, rule string) {
	if _, ok := s.Refusal[policy][rule]; ok {
		s.Refusal[policy][rule] = ""
	}
	prefix := fmt.Sprintf("policy %s.%s: ", policy, rule)
	for i, warning := range s.Warnings {
		if strings.HasPrefix(warning, prefix) {
			s.Warnings[i] = prefix
		}
	}
}
