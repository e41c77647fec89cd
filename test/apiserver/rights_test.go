package apiserver

import (
	"context"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// everythingBut lets everybody do everything, but only the admin do something to a resource.
func everythingBut(resource string, verbs ...string) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
		if request.GetResource() == resource && slices.Contains(verbs, request.GetVerb()) && request.GetUser().GetName() != "admin" {
			return authorizer.DecisionNoOpinion, "", nil
		}
		return authorizer.DecisionAllow, "", nil
	})
}

// A policy that would read with Edict's rights what its author may not read.
func TestPolicyThatBorrowsRights(t *testing.T) {
	s := startServer(t, setup{dir: t.TempDir(), cluster: newCluster(), authorizer: everythingBut("secrets", "get", "list")})
	defer s.mustStop(t)
	client, warnings := s.listening("alice")
	entry := kyvernov1.ContextEntry{Name: "secret", APICall: &kyvernov1.ContextAPICall{APICall: kyvernov1.APICall{URLPath: "/api/v1/namespaces/team/secrets/a"}}}
	policy := newPolicy("team", "p")
	policy.Spec.Rules[0].Context = []kyvernov1.ContextEntry{entry}
	_, err := client.KyvernoV1().Policies("team").Create(t.Context(), policy, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), `spec.rules[0].context[0].apiCall.urlPath`) || !strings.Contains(err.Error(), `alice may not get secrets "a" in the namespace team`) {
		t.Errorf("a Policy: %v", err)
	}
	if _, err := s.as("admin").KyvernoV1().Policies("team").Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Errorf("a Policy of who may: %v", err)
	}
	cluster := newClusterPolicy("p")
	cluster.Spec.Rules[0].Context = []kyvernov1.ContextEntry{entry}
	if _, err := client.KyvernoV1().ClusterPolicies().Create(t.Context(), cluster, metav1.CreateOptions{}); err != nil {
		t.Errorf("a ClusterPolicy: %v", err)
	}
	if !slices.ContainsFunc(warnings.text, func(text string) bool {
		return strings.Contains(text, `alice may not get secrets "a" in the namespace team`)
	}) {
		t.Errorf("warnings %q", warnings.text)
	}
	// Whoever labels a policy of somebody else borrows nothing.
	if _, err := client.KyvernoV1().Policies("team").Patch(t.Context(), "p", types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("a label: %v", err)
	}
	if _, err := client.KyvernoV1().Policies("team").Patch(t.Context(), "p", types.MergePatchType, []byte(`{"spec":{"background":true}}`), metav1.PatchOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("R04 a spec that was written by somebody else: %v", err)
	}
}
