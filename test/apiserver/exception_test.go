package apiserver

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/cmd/edict-server/app"
	"github.com/edict-dev/edict/generated/clientset/versioned"
)

// newException exempts one Pod from one rule.
func newException(namespace, name string) *kyvernov2.PolicyException {
	return &kyvernov2.PolicyException{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: kyvernov2.PolicyExceptionSpec{
			Match: kyvernov1.MatchResources{Any: []kyvernov1.ResourceFilter{
				{Resources: &kyvernov1.ResourceDescription{Kinds: []string{"Pod"}, Names: []string{"a"}}},
			}},
			Exceptions: []kyvernov2.Exception{{PolicyName: "require-owner", RuleNames: []string{"require-owner"}}},
		},
	}
}

// heard collects the warnings that a client is sent.
type heard struct {
	mu   sync.Mutex
	text []string
}

func (h *heard) HandleWarningHeader(_ int, _, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, text)
}

// listening is a client that also hears warnings.
func (s *server) listening(token string) (*versioned.Clientset, *heard) {
	config, warnings := s.config(token), &heard{}
	config.WarningHandler = warnings
	return versioned.NewForConfigOrDie(config), warnings
}

// K07 With default settings an exception in a tenant's namespace is stored, says why it is not applied wherever it is
// read, and whoever writes it is warned.
func TestExceptionLifecycle(t *testing.T) {
	ctx, name := t.Context(), nameOf(t)
	client, warnings := shared.listening("alice")
	exceptions := client.KyvernoV2().PolicyExceptions("team")
	selected := metav1.ListOptions{FieldSelector: "metadata.name=" + name}
	events, err := exceptions.Watch(ctx, selected)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	says := func(what string, exception *kyvernov2.PolicyException) {
		t.Helper()
		conditions := exception.Status.Conditions
		if len(conditions) != 1 || conditions[0].Type != "Ready" || conditions[0].Status != metav1.ConditionFalse || conditions[0].Reason != "Disabled" ||
			!strings.Contains(conditions[0].Message, "--enable-policy-exception") || conditions[0].LastTransitionTime.IsZero() {
			t.Errorf("%s with status %+v", what, conditions)
		}
	}
	sent := newException("team", name)
	sent.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, Reason: "Forged", LastTransitionTime: metav1.Now()}}
	created, err := exceptions.Create(ctx, sent, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	says("created", created)
	if created.Generation != 1 || !slices.Contains(warnings.text, "PolicyException resources would not be processed until it is enabled.") {
		t.Errorf("created with generation %d and warnings %q", created.Generation, warnings.text)
	}
	created.Labels = map[string]string{"a": "b"}
	updated, err := exceptions.Update(ctx, created, metav1.UpdateOptions{})
	if err != nil || updated.Generation != 1 {
		t.Fatalf("a label made generation %d: %v", updated.Generation, err)
	}
	says("updated", updated)
	patched, err := exceptions.Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"background":false},"status":{"conditions":[]}}`), metav1.PatchOptions{})
	if err != nil || patched.Generation != 2 || patched.Spec.BackgroundEnabled() {
		t.Fatalf("patched: %+v: %v", patched, err)
	}
	says("patched", patched)
	read, err := exceptions.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	says("read", read)
	list, err := exceptions.List(ctx, selected)
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("listed %d: %v", len(list.Items), err)
	}
	says("listed", &list.Items[0])
	if err := exceptions.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Modified, watch.Deleted} {
		event := <-events.ResultChan()
		if event.Type != want {
			t.Fatalf("the watch saw %s, want %s", event.Type, want)
		}
		says("watched", event.Object.(*kyvernov2.PolicyException))
	}
}

func TestExceptionsAreJudgedByTheSettings(t *testing.T) {
	for name, c := range map[string]struct {
		options app.ExceptionOptions
		status  metav1.ConditionStatus
		warning string
	}{
		"no namespace":      {app.ExceptionOptions{EnablePolicyException: true}, metav1.ConditionFalse, "The exceptionNamespace flag is not set"},
		"another namespace": {app.ExceptionOptions{EnablePolicyException: true, ExceptionNamespace: "team-2"}, metav1.ConditionFalse, "PolicyException resource namespace must match the defined namespace."},
		"its namespace":     {app.ExceptionOptions{EnablePolicyException: true, ExceptionNamespace: "team"}, metav1.ConditionTrue, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, setup{dir: t.TempDir(), cluster: newCluster(), exceptions: c.options})
			client, warnings := s.listening("alice")
			created, err := client.KyvernoV2().PolicyExceptions("team").Create(t.Context(), newException("team", "e"), metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := created.Status.Conditions; len(got) != 1 || got[0].Status != c.status {
				t.Errorf("status %+v", got)
			}
			if want := c.warning; want != "" && !slices.Contains(warnings.text, want) || want == "" && len(warnings.text) > 0 {
				t.Errorf("warnings %q, want %q", warnings.text, want)
			}
			s.mustStop(t)
		})
	}
}

// X01 and U04: a broad exception is refused alike through every version, to those who may not edit the policy.
func TestBroadException(t *testing.T) {
	s := startServer(t, setup{dir: t.TempDir(), cluster: newCluster(), authorizer: everythingBut("clusterpolicies", "update")})
	defer s.mustStop(t)
	broad := newException("team", "broad")
	broad.Spec.Exceptions[0].RuleNames = []string{"*"}
	encoded, err := json.Marshal(broad)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"v2", "v2beta1"} {
		object := &unstructured.Unstructured{}
		if err := json.Unmarshal(encoded, &object.Object); err != nil {
			t.Fatal(err)
		}
		object.SetAPIVersion("kyverno.io/" + version)
		object.SetKind("PolicyException")
		resource := schema.GroupVersionResource{Group: "kyverno.io", Version: version, Resource: "policyexceptions"}
		object.SetName("broad-" + version)
		_, err := s.dynamic("alice").Resource(resource).Namespace("team").Create(t.Context(), object, metav1.CreateOptions{})
		if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "only who may update the ClusterPolicy require-owner may write this") {
			t.Errorf("%s: %v", version, err)
		}
		if _, err := s.dynamic("admin").Resource(resource).Namespace("team").Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Errorf("%s, as who may: %v", version, err)
		}
	}
	exceptions := s.as("alice").KyvernoV2().PolicyExceptions("team")
	if _, err := exceptions.Create(t.Context(), newException("team", "narrow"), metav1.CreateOptions{}); err != nil {
		t.Errorf("a narrow one: %v", err)
	}
	widened := []byte(`{"spec":{"exceptions":[{"policyName":"require-owner","ruleNames":["*"]}]}}`)
	if _, err := exceptions.Patch(t.Context(), "narrow", types.MergePatchType, widened, metav1.PatchOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("widened: %v", err)
	}
}

// A refusal names the field, and is told in the words that people and scripts look for.
func TestInvalidException(t *testing.T) {
	client, warnings := shared.listening("alice")
	exception := newException("team", nameOf(t))
	exception.Spec.PodSecurity = []kyvernov1.PodSecurityExclusion{{ControlName: "Capabilities"}}
	_, err := client.KyvernoV2().PolicyExceptions("team").Create(t.Context(), exception, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.podSecurity[0].images") || !strings.Contains(err.Error(), "exclude.images must be specified") {
		t.Errorf("got %v", err)
	}
	if !slices.ContainsFunc(warnings.text, func(text string) bool { return strings.Contains(text, "denied the request") }) {
		t.Errorf("warnings %q", warnings.text)
	}
	if _, err := client.KyvernoV2().PolicyExceptions("ending").Create(t.Context(), newException("ending", nameOf(t)), metav1.CreateOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("in a namespace that is on its way out: %v", err)
	}
}

// P12 There is no status to write.
func TestExceptionHasNoStatusSubresource(t *testing.T) {
	response, err := shared.http(t, "alice").Get(shared.url("/apis/kyverno.io/v2/namespaces/team/policyexceptions/any/status"))
	if err != nil {
		t.Fatal(err)
	}
	if body := read(t, response); response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d: %s", response.StatusCode, body)
	}
}
