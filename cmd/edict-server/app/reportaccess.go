package app

import (
	"context"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// reportAccess asks whether one of Edict's own accounts may do to every report what it is about to do to one.
// kube-apiserver's answers are kept for a while by the whole question, the name in it: a scan that updates thousands of
// reports would ask as many questions, and wait for the rate limit of the client that asks. What is allowed for all is
// allowed for each; where it is not allowed for all, and for everybody else, the question stays what it is.
type reportAccess struct {
	authorizer.Authorizer
	accounts sets.Set[string] // names of users
}

func newReportAccess(asked authorizer.Authorizer, namespace string) reportAccess {
	accounts := sets.New[string]()
	for _, account := range ownAccounts {
		accounts.Insert(serviceaccount.MakeUsername(namespace, account))
	}
	return reportAccess{Authorizer: asked, accounts: accounts}
}

func (r reportAccess) Authorize(ctx context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
	if r.concerns(request) {
		if decision, reason, err := r.Authorizer.Authorize(ctx, everyReport{request}); err == nil && decision == authorizer.DecisionAllow {
			return decision, reason, nil
		}
	}
	return r.Authorizer.Authorize(ctx, request)
}

func (r reportAccess) ConditionsAwareAuthorize(ctx context.Context, request authorizer.Attributes) authorizer.ConditionsAwareDecision {
	if r.concerns(request) {
		if decision := r.Authorizer.ConditionsAwareAuthorize(ctx, everyReport{request}); decision.IsAllow() && decision.Error() == nil {
			return decision
		}
	}
	return r.Authorizer.ConditionsAwareAuthorize(ctx, request)
}

func (r reportAccess) concerns(request authorizer.Attributes) bool {
	user := request.GetUser()
	return request.IsResourceRequest() && request.GetAPIGroup() == v1alpha2.GroupName &&
		user != nil && r.accounts.Has(user.GetName())
}

// everyReport is a request for all objects in place of one.
type everyReport struct {
	authorizer.Attributes
}

func (everyReport) GetName() string { return "" }

func (everyReport) GetNamespace() string { return "" }
