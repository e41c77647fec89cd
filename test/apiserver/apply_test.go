package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

var (
	clusterPolicies        = schema.GroupVersionResource{Group: "kyverno.io", Version: "v1", Resource: "clusterpolicies"}
	clusterPoliciesV2beta1 = schema.GroupVersionResource{Group: "kyverno.io", Version: "v2beta1", Resource: "clusterpolicies"}
)

// decode reads a policy as a person writes it, under the name of the test.
func decode(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &object.Object); err != nil {
		t.Fatal(err)
	}
	object.SetName(nameOf(t))
	return object
}

// manifest says much explicitly that would also hold if it said nothing, and leaves much out.
const manifest = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: x}
spec:
  background: true
  admission: true
  rules:
  - name: require-owner
    skipBackgroundRequests: true
    match:
      any:
      - resources: {kinds: [Pod], selector: {matchLabels: {tier: front}}}
    validate:
      failureAction: Audit
      allowExistingViolations: true
      pattern:
        spec: {replicas: ">0", z: 1.5, a: null, empty: {}}
`

// What was applied is what is read back: nothing defaulted, nothing dropped.
func TestReadBackAsApplied(t *testing.T) {
	ctx := context.Background()
	client := shared.dynamic("alice")
	applied := decode(t, manifest)
	if _, err := client.Resource(clusterPolicies).Create(ctx, applied.DeepCopy(), metav1.CreateOptions{FieldValidation: "Strict"}); err != nil {
		t.Fatal(err)
	}
	for _, version := range []schema.GroupVersionResource{clusterPolicies, clusterPoliciesV2beta1} {
		read, err := client.Resource(version).Get(ctx, nameOf(t), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		want := applied.Object["spec"]
		if got := read.Object["spec"]; !sameJSON(t, got, want) {
			t.Errorf("%s: applied\n%s\nread\n%s", version.Version, asJSON(t, want), asJSON(t, got))
		}
	}
}

// Written as v1, changed through v2beta1, read as v1: nothing is gone.
func TestVersionsShareEveryField(t *testing.T) {
	ctx := context.Background()
	client := shared.dynamic("alice")
	if _, err := client.Resource(clusterPolicies).Create(ctx, decode(t, manifest), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	before, err := client.Resource(clusterPolicies).Get(ctx, nameOf(t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	through, err := client.Resource(clusterPoliciesV2beta1).Get(ctx, nameOf(t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if through.GetAPIVersion() != "kyverno.io/v2beta1" {
		t.Errorf("read as v2beta1, it says %s", through.GetAPIVersion())
	}
	through.SetLabels(map[string]string{"seen": "v2beta1"})
	if _, err := client.Resource(clusterPoliciesV2beta1).Update(ctx, through, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	after, err := client.Resource(clusterPolicies).Get(ctx, nameOf(t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if after.GetAPIVersion() != "kyverno.io/v1" || after.GetLabels()["seen"] != "v2beta1" || after.GetGeneration() != 1 {
		t.Errorf("read as v1: %s, labels %v, generation %d", after.GetAPIVersion(), after.GetLabels(), after.GetGeneration())
	}
	if !sameJSON(t, before.Object["spec"], after.Object["spec"]) {
		t.Errorf("before\n%s\nafter\n%s", asJSON(t, before.Object["spec"]), asJSON(t, after.Object["spec"]))
	}
}

func TestV2beta1RefusesOlderMatch(t *testing.T) {
	ctx := context.Background()
	client := shared.dynamic("alice")
	older := decode(t, strings.Replace(manifest, `
      any:
      - resources: {kinds: [Pod], selector: {matchLabels: {tier: front}}}`, `
      resources: {kinds: [Pod]}`, 1))
	if _, err := client.Resource(clusterPolicies).Create(ctx, older.DeepCopy(), metav1.CreateOptions{}); err != nil {
		t.Fatalf("v1 refuses it: %v", err)
	}
	older.SetAPIVersion("kyverno.io/v2beta1")
	older.SetName(nameOf(t) + "-2")
	_, err := client.Resource(clusterPoliciesV2beta1).Create(ctx, older, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.rules[0].match.resources") {
		t.Errorf("v2beta1: %v", err)
	}
	// What is stored already may still be labelled through it.
	label := []byte(`{"metadata":{"labels":{"a":"b"}}}`)
	if _, err := client.Resource(clusterPoliciesV2beta1).Patch(ctx, nameOf(t), types.MergePatchType, label, metav1.PatchOptions{}); err != nil {
		t.Errorf("label through v2beta1: %v", err)
	}
}

func TestServerSideApply(t *testing.T) {
	ctx := context.Background()
	client := shared.dynamic("alice").Resource(clusterPolicies)
	apply := func(manager, manifest string, force bool) (*unstructured.Unstructured, error) {
		return client.Apply(ctx, nameOf(t), decode(t, manifest), metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	first, err := apply("gitops", manifest, false)
	if err != nil {
		t.Fatal(err)
	}
	again, err := apply("gitops", manifest, false)
	if err != nil {
		t.Fatal(err)
	}
	if again.GetResourceVersion() != first.GetResourceVersion() || again.GetGeneration() != 1 {
		t.Errorf("applied again: resource version %s after %s, generation %d", again.GetResourceVersion(), first.GetResourceVersion(), again.GetGeneration())
	}
	if fields := again.GetManagedFields(); len(fields) != 1 || fields[0].Manager != "gitops" || fields[0].Operation != metav1.ManagedFieldsOperationApply ||
		!strings.Contains(fields[0].FieldsV1.GetRawString(), `"f:rules"`) || strings.Contains(fields[0].FieldsV1.GetRawString(), `"f:status"`) {
		t.Errorf("managed fields %s", asJSON(t, fields))
	}

	const other = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {background: false}\n"
	if _, err := apply("other", other, false); !apierrors.IsConflict(err) || !strings.Contains(err.Error(), ".spec.background") {
		t.Errorf("a conflict was not told: %v", err)
	}
	forced, err := apply("other", other, true)
	if err != nil {
		t.Fatal(err)
	}
	background, _, _ := unstructured.NestedBool(forced.Object, "spec", "background")
	if background || forced.GetGeneration() != 2 {
		t.Errorf("forced: background %v, generation %d", background, forced.GetGeneration())
	}
	// The same manager through the other version.
	v2beta1 := decode(t, strings.Replace(other, "/v1", "/v2beta1", 1))
	if _, err := shared.dynamic("alice").Resource(clusterPoliciesV2beta1).Apply(ctx, nameOf(t), v2beta1, metav1.ApplyOptions{FieldManager: "other"}); err != nil {
		t.Errorf("apply through v2beta1: %v", err)
	}
}

func TestFieldValidation(t *testing.T) {
	misspelt := decode(t, manifest)
	rule := misspelt.Object["spec"].(map[string]any)["rules"].([]any)[0].(map[string]any)
	rule["validat"] = map[string]any{}
	for _, c := range []struct {
		validation string
		status     int
		warned     bool
	}{
		{"Strict", http.StatusBadRequest, false},
		{"Warn", http.StatusCreated, true},
		{"Ignore", http.StatusCreated, false},
	} {
		t.Run(c.validation, func(t *testing.T) {
			misspelt.SetName(nameOf(t))
			response := shared.post(t, "/apis/kyverno.io/v1/clusterpolicies?fieldValidation="+c.validation, "application/json", asJSON(t, misspelt.Object))
			body := read(t, response)
			if response.StatusCode != c.status {
				t.Errorf("status %d: %s", response.StatusCode, body)
			}
			const field = `spec.rules[0].validat`
			if warnings := strings.Join(response.Header["Warning"], "; "); strings.Contains(warnings, field) != c.warned {
				t.Errorf("warnings: %q", warnings)
			}
			if c.status != http.StatusCreated && !strings.Contains(body, field) {
				t.Errorf("the refusal does not name the field: %s", body)
			}
			if c.status == http.StatusCreated && strings.Contains(body, `"validat"`) {
				t.Errorf("the field was not dropped: %s", body)
			}
		})
	}
}

// What the author should know reaches him as a warning.
func TestWarnings(t *testing.T) {
	older := decode(t, strings.Replace(manifest, "background: true", "validationFailureAction: audit", 1))
	response := shared.post(t, "/apis/kyverno.io/v1/clusterpolicies", "application/json", asJSON(t, older.Object))
	if body := read(t, response); response.StatusCode != http.StatusCreated {
		t.Fatal(body)
	}
	if warnings := strings.Join(response.Header["Warning"], "; "); !strings.Contains(warnings, "spec.validationFailureAction") {
		t.Errorf("warnings: %q", warnings)
	}
}

func (s *server) post(t *testing.T, path, contentType, body string) *http.Response {
	t.Helper()
	response, err := s.http(t, "alice").Post(s.url(path), contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return response
}

func read(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	must(t, errors.Join(err, response.Body.Close()))
	return string(body)
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	var decoded [2]any
	for i, value := range []any{a, b} {
		if err := json.Unmarshal([]byte(asJSON(t, value)), &decoded[i]); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(decoded[0], decoded[1])
}
