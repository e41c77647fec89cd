package app

import (
	"context"
	"errors"
	"slices"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

func TestReportAccess(t *testing.T) {
	const background = "system:serviceaccount:kyverno:kyverno-background-controller"
	update := func(name, group string) authorizer.Attributes {
		return authorizer.AttributesRecord{
			User: &user.DefaultInfo{Name: name}, Verb: "update", APIGroup: group, Resource: "policyreports",
			Namespace: "demo", Name: "a-uid", ResourceRequest: true,
		}
	}
	type answer struct {
		decision authorizer.Decision
		err      error
	}
	allow, noOpinion := answer{decision: authorizer.DecisionAllow}, answer{decision: authorizer.DecisionNoOpinion}
	for name, test := range map[string]struct {
		request    authorizer.Attributes
		all        answer // to the question for all reports
		one        answer // to the question for the one
		want       authorizer.Decision
		wantAsking []string
	}{
		"allowed for all: the name is not asked for": {update(background, "wgpolicyk8s.io"), allow, noOpinion, authorizer.DecisionAllow, []string{"/"}},
		"not for all: asked for the one":             {update(background, "wgpolicyk8s.io"), noOpinion, allow, authorizer.DecisionAllow, []string{"/", "demo/a-uid"}},
		"for neither":                                {update(background, "wgpolicyk8s.io"), noOpinion, noOpinion, authorizer.DecisionNoOpinion, []string{"/", "demo/a-uid"}},
		"denied for all: asked for the one":          {update(background, "wgpolicyk8s.io"), answer{decision: authorizer.DecisionDeny}, allow, authorizer.DecisionAllow, []string{"/", "demo/a-uid"}},
		"an error never allows":                      {update(background, "wgpolicyk8s.io"), answer{authorizer.DecisionAllow, errors.New("down")}, noOpinion, authorizer.DecisionNoOpinion, []string{"/", "demo/a-uid"}},
		"policies are asked for by name":             {update(background, "kyverno.io"), allow, noOpinion, authorizer.DecisionNoOpinion, []string{"demo/a-uid"}},
		"other users":                                {update("eve", "wgpolicyk8s.io"), allow, noOpinion, authorizer.DecisionNoOpinion, []string{"demo/a-uid"}},
		"accounts of the name in other namespaces": {
			update("system:serviceaccount:demo:kyverno-background-controller", "wgpolicyk8s.io"), allow, noOpinion, authorizer.DecisionNoOpinion, []string{"demo/a-uid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			access := newReportAccess(asking(func(question authorizer.Attributes) (authorizer.Decision, error) {
				asked = append(asked, question.GetNamespace()+"/"+question.GetName())
				if question.GetName() == "" {
					return test.all.decision, test.all.err
				}
				return test.one.decision, test.one.err
			}), namespace)
			if got, _, _ := access.Authorize(t.Context(), test.request); got != test.want {
				t.Errorf("Authorize: %v, want %v", got, test.want)
			}
			if !slices.Equal(asked, test.wantAsking) {
				t.Errorf("asked for %q, want %q", asked, test.wantAsking)
			}
			if got := access.ConditionsAwareAuthorize(t.Context(), test.request); got.IsAllow() != (test.want == authorizer.DecisionAllow) {
				t.Errorf("ConditionsAwareAuthorize: %v, want %v", got, test.want)
			}
		})
	}
}

func asking(answer func(authorizer.Attributes) (authorizer.Decision, error)) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(_ context.Context, question authorizer.Attributes) (authorizer.Decision, string, error) {
		decision, err := answer(question)
		return decision, "", err
	})
}
