package apiserver

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// newSpec asks every Pod for a label.
func newSpec() kyvernov1.Spec {
	return kyvernov1.Spec{Rules: []kyvernov1.Rule{{
		Name: "require-owner",
		Match: kyvernov1.MatchResources{Any: []kyvernov1.ResourceFilter{{
			Resources: &kyvernov1.ResourceDescription{Kinds: []string{"Pod"}},
		}}},
		Validate: &kyvernov1.Validation{
			Message: "every Pod has an owner",
			Pattern: &apiextensionsv1.JSON{Raw: []byte(`{"metadata":{"labels":{"owner":"?*"}}}`)},
		},
	}}}
}

func newClusterPolicy(name string) *kyvernov1.ClusterPolicy {
	return &kyvernov1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: newSpec()}
}

func newPolicy(namespace, name string) *kyvernov1.Policy {
	return &kyvernov1.Policy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: newSpec()}
}

// nameOf is a name for an object that no other test has.
func nameOf(t *testing.T) string {
	return strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(t.Name()))
}

func TestClusterPolicyLifecycle(t *testing.T) {
	ctx := context.Background()
	policies := shared.as("alice").KyvernoV1().ClusterPolicies()
	name := nameOf(t)
	events, err := policies.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()

	created, err := policies.Create(ctx, newClusterPolicy(name), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if created.UID == "" || created.ResourceVersion == "" || created.CreationTimestamp.IsZero() || created.Generation != 1 {
		t.Errorf("created with metadata %+v", created.ObjectMeta)
	}
	if _, err := policies.Create(ctx, newClusterPolicy(name), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("created twice: %v", err)
	}

	labelled := created.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	if labelled, err = policies.Update(ctx, labelled, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if labelled.Generation != 1 {
		t.Errorf("a label made generation %d", labelled.Generation)
	}
	if _, err := policies.Update(ctx, created, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("updated over another update: %v", err)
	}

	merged, err := policies.Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"background":false}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if merged.Generation != 2 || merged.Spec.Background == nil || *merged.Spec.Background {
		t.Errorf("merge patch: generation %d, background %v", merged.Generation, merged.Spec.Background)
	}
	patched, err := policies.Patch(ctx, name, types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/rules/0/validate/message","value":"own it"}]`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if patched.Generation != 3 || patched.Spec.Rules[0].Validate.Message != "own it" {
		t.Errorf("JSON patch: generation %d, message %q", patched.Generation, patched.Spec.Rules[0].Validate.Message)
	}

	if err := policies.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := policies.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("deleted, and still there: %v", err)
	}
	for _, want := range []watch.EventType{watch.Added, watch.Modified, watch.Modified, watch.Modified, watch.Deleted} {
		if event := <-events.ResultChan(); event.Type != want {
			t.Errorf("the watch saw %s, want %s", event.Type, want)
		}
	}
}

func TestNamespacedPolicy(t *testing.T) {
	ctx := context.Background()
	client := shared.as("alice").KyvernoV1()
	name := nameOf(t)
	if _, err := client.Policies("team").Create(ctx, newPolicy("team", name), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Policies("team-2").Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("found in another namespace: %v", err)
	}
	list, err := client.Policies("team-2").List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("team-2 lists %d policies of team: %v", len(list.Items), err)
	}
	all, err := client.Policies("").List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil || len(all.Items) != 1 {
		t.Errorf("all namespaces list %d: %v", len(all.Items), err)
	}
}

// P07: a namespace that is absent or on its way out takes no policy.
func TestP07NamespaceLifecycle(t *testing.T) {
	ctx := context.Background()
	client := shared.as("alice")
	_, err := client.KyvernoV1().Policies("absent").Create(ctx, newPolicy("absent", "p"), metav1.CreateOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("created in an absent namespace: %v", err)
	}
	_, err = client.KyvernoV1().Policies("ending").Create(ctx, newPolicy("ending", "p"), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "being terminated") {
		t.Errorf("created in a terminating namespace: %v", err)
	}
	_, err = client.Wgpolicyk8sV1alpha2().PolicyReports("ending").Create(ctx, &v1alpha2.PolicyReport{ObjectMeta: metav1.ObjectMeta{Name: "r"}}, metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) {
		t.Errorf("report created in a terminating namespace: %v", err)
	}
}

func TestDeleteCollection(t *testing.T) {
	ctx := context.Background()
	policies := shared.as("alice").KyvernoV1().ClusterPolicies()
	for i := range 5 {
		policy := newClusterPolicy(fmt.Sprintf("%s-%d", nameOf(t), i))
		policy.Labels = map[string]string{"collection": fmt.Sprint(i < 3)}
		if _, err := policies.Create(ctx, policy, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := policies.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "collection=true"}); err != nil {
		t.Fatal(err)
	}
	left, err := policies.List(ctx, metav1.ListOptions{LabelSelector: "collection"})
	if err != nil || len(left.Items) != 2 {
		t.Errorf("%d are left, want 2: %v", len(left.Items), err)
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	ctx := context.Background()
	policies := shared.as("alice").KyvernoV1().ClusterPolicies()
	dry, err := policies.Create(ctx, newClusterPolicy(nameOf(t)), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || dry.UID == "" {
		t.Errorf("dry run: %v", err)
	}
	if _, err := policies.Get(ctx, nameOf(t), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a dry run was stored: %v", err)
	}
}

func TestRefusedWithPath(t *testing.T) {
	ctx := context.Background()
	twoTypes := newClusterPolicy(nameOf(t))
	twoTypes.Spec.Rules[0].Generate = &kyvernov1.Generation{}
	badPattern := newClusterPolicy(nameOf(t))
	badPattern.Spec.Rules[0].Validate.Pattern.Raw = []byte(`{"metadata":{"+(labels)":{"owner":"?*"}}}`)
	for _, c := range []struct {
		name   string
		policy *kyvernov1.ClusterPolicy
		field  string
	}{
		{"two rule types", twoTypes, "spec.rules[0]"},
		{"an anchor where none may stand", badPattern, "spec.rules[0].validate.pattern"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := shared.as("alice").KyvernoV1().ClusterPolicies().Create(ctx, c.policy, metav1.CreateOptions{})
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), c.field) {
				t.Errorf("want a refusal that names %s, got %v", c.field, err)
			}
		})
	}
}

func TestReports(t *testing.T) {
	ctx := context.Background()
	reports := shared.as("alice").Wgpolicyk8sV1alpha2().PolicyReports("team")
	report := &v1alpha2.PolicyReport{
		ObjectMeta: metav1.ObjectMeta{Name: nameOf(t)},
		Summary:    v1alpha2.PolicyReportSummary{Pass: 1},
		Results:    []v1alpha2.PolicyReportResult{{Policy: "p", Rule: "r", Result: v1alpha2.Pass}},
	}
	created, err := reports.Create(ctx, report, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if created.Generation != 1 {
		t.Errorf("generation %d at create", created.Generation)
	}
	created.Summary = v1alpha2.PolicyReportSummary{Fail: 1}
	created.Results[0].Result = v1alpha2.Fail
	updated, err := reports.Update(ctx, created, metav1.UpdateOptions{})
	if err != nil || updated.Generation != 2 {
		t.Errorf("generation %d after a change: %v", updated.Generation, err)
	}
	updated.Labels = map[string]string{"a": "b"}
	if updated, err = reports.Update(ctx, updated, metav1.UpdateOptions{}); err != nil || updated.Generation != 2 {
		t.Errorf("generation %d after a label: %v", updated.Generation, err)
	}
	updated.Results[0].Result = "perhaps"
	if _, err = reports.Update(ctx, updated, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "results[0].result") {
		t.Errorf("an unknown result: %v", err)
	}
}
