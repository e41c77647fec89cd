package apiserver

import (
	"context"
	"reflect"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func readyCondition() metav1.Condition {
	return metav1.Condition{
		Type: kyvernov1.ConditionReady, Status: metav1.ConditionTrue, Reason: kyvernov1.ReasonSucceeded, Message: "Ready", LastTransitionTime: metav1.Now(),
	}
}

func TestStatusIsApart(t *testing.T) {
	ctx := context.Background()
	policies := shared.as("alice").KyvernoV1().ClusterPolicies()
	policy := newClusterPolicy(nameOf(t))
	policy.Status.Conditions = []metav1.Condition{readyCondition()}
	created, err := policies.Create(ctx, policy, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(created.Status.Conditions) > 0 {
		t.Error("a client created a policy that is Ready")
	}

	change := created.DeepCopy()
	change.Status.Conditions = []metav1.Condition{readyCondition()}
	change.Spec.Rules[0].Name = "by-status"
	change.Labels, change.Finalizers = map[string]string{"by": "status"}, []string{"example.com/by-status"}
	updated, err := policies.UpdateStatus(ctx, change, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(updated.Status.Conditions) != 1 || updated.Spec.Rules[0].Name != "require-owner" || updated.Generation != 1 ||
		len(updated.Labels) > 0 || len(updated.Finalizers) > 0 {
		t.Errorf("written through /status: %+v", updated)
	}

	change = updated.DeepCopy()
	change.Status = kyvernov1.PolicyStatus{}
	change.Spec.Rules[0].Name = "by-spec"
	if updated, err = policies.Update(ctx, change, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(updated.Status.Conditions) != 1 || updated.Spec.Rules[0].Name != "by-spec" || updated.Generation != 2 {
		t.Errorf("written beside /status: %+v", updated)
	}

	change = updated.DeepCopy()
	change.Status.Conditions[0].Reason = "not a reason"
	if _, err := policies.UpdateStatus(ctx, change, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("a malformed condition: %v", err)
	}
}

// P12: who wrote a policy's spec is recorded, and cannot be set by anybody.
func TestP12AuthorIsRecorded(t *testing.T) {
	ctx := context.Background()
	name := nameOf(t)
	policies := func(user string) kyvernoClient { return shared.as(user).KyvernoV1().ClusterPolicies() }
	forged := &kyvernov1.Author{Username: "admin", UID: "1", Groups: []string{"system:masters"}}
	alice := &kyvernov1.Author{Username: "alice", UID: "2", Groups: []string{"developers", "system:authenticated"}}
	bob := &kyvernov1.Author{Username: "bob", UID: "3", Groups: []string{"system:authenticated"}}
	expect := func(what string, policy *kyvernov1.ClusterPolicy, err error, want *kyvernov1.Author) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if !reflect.DeepEqual(policy.Status.Author, want) {
			t.Errorf("%s: author %+v, want %+v", what, policy.Status.Author, want)
		}
	}

	policy := newClusterPolicy(name)
	policy.Status.Author = forged
	policy, err := policies("alice").Create(ctx, policy, metav1.CreateOptions{})
	expect("created by alice", policy, err, alice)

	policy.Labels = map[string]string{"by": "bob"}
	policy.Status.Author = forged
	policy, err = policies("bob").Update(ctx, policy, metav1.UpdateOptions{})
	expect("labelled by bob", policy, err, alice)

	policy.Status.Author = forged
	policy, err = policies("bob").UpdateStatus(ctx, policy, metav1.UpdateOptions{})
	expect("status by bob", policy, err, alice)

	policy, err = policies("bob").Patch(ctx, name, types.MergePatchType, []byte(`{"status":{"author":{"username":"admin"}}}`), metav1.PatchOptions{}, "status")
	expect("status patched by bob", policy, err, alice)

	applied := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "status": map[string]any{"author": map[string]any{"username": "admin"}},
	}}
	applied.SetName(name)
	if _, err := shared.dynamic("bob").Resource(clusterPolicies).ApplyStatus(ctx, name, applied, metav1.ApplyOptions{FieldManager: "bob", Force: true}); err != nil {
		t.Fatal(err)
	}
	policy, err = policies("bob").Get(ctx, name, metav1.GetOptions{})
	expect("status applied by bob", policy, err, alice)

	// A patch writes any JSON anew, in another order of keys; that is no new spec.
	policy, err = policies("bob").Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"by":"patch"}}}`), metav1.PatchOptions{})
	expect("label patched by bob", policy, err, alice)

	policy, err = policies("bob").Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"background":false}}`), metav1.PatchOptions{})
	expect("spec patched by bob", policy, err, bob)
}

type kyvernoClient = interface {
	Create(context.Context, *kyvernov1.ClusterPolicy, metav1.CreateOptions) (*kyvernov1.ClusterPolicy, error)
	Get(context.Context, string, metav1.GetOptions) (*kyvernov1.ClusterPolicy, error)
	Update(context.Context, *kyvernov1.ClusterPolicy, metav1.UpdateOptions) (*kyvernov1.ClusterPolicy, error)
	UpdateStatus(context.Context, *kyvernov1.ClusterPolicy, metav1.UpdateOptions) (*kyvernov1.ClusterPolicy, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*kyvernov1.ClusterPolicy, error)
}

func TestReportsHaveNoStatus(t *testing.T) {
	reports := schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"}
	_, err := shared.dynamic("alice").Resource(reports).Namespace("team").Get(context.Background(), "any", metav1.GetOptions{}, "status")
	if !apierrors.IsNotFound(err) {
		t.Errorf("a report's status: %v", err)
	}
}
