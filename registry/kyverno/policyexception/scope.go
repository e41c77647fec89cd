package policyexception

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/registry/kyverno"
)

// checkScope refuses a broad exception of somebody who could not have changed the policy itself: one from every rule,
// also from those that are yet to be written, or of every resource. Such an exception amounts to editing the policy, so
// whoever writes it must be allowed to update each policy that it names.
func (s strategy) checkScope(ctx context.Context, exception *kyvernov2.PolicyException) field.ErrorList {
	everything := matchesEverything(&exception.Spec.Match)
	var errs field.ErrorList
	for i, exemption := range exception.Spec.Exceptions {
		at := field.NewPath("spec", "exceptions").Index(i)
		var problem *field.Error
		switch rule := slices.IndexFunc(exemption.RuleNames, matchesAll); {
		case strings.ContainsAny(exemption.PolicyName, "*?"):
			problem = field.Forbidden(at.Child("policyName"), "names of policies are compared as they are written: name the policy")
		case rule >= 0:
			problem = field.Forbidden(at.Child("ruleNames").Index(rule), "it exempts from every rule, also from those that are yet to be written: name the rules")
		case everything:
			problem = field.Forbidden(field.NewPath("spec", "match"), fmt.Sprintf(
				"it exempts every resource from %s: say which kinds, names, namespaces or labels are exempt", exemption.PolicyName))
		default:
			continue
		}
		if why := s.mayUpdate(ctx, exemption.PolicyName); why != "" {
			problem.Detail = why + ", and " + problem.Detail
			errs = append(errs, problem)
		}
	}
	return errs
}

// mayUpdate says why the requester cannot be let change a policy; it is empty if he may. What cannot be told is not
// allowed.
func (s strategy) mayUpdate(ctx context.Context, policy string) (why string) {
	request := authorizer.AttributesRecord{
		Verb: "update", APIGroup: kyvernov1.GroupName, APIVersion: kyvernov1.SchemeGroupVersion.Version,
		Resource: "clusterpolicies", Name: policy, ResourceRequest: true,
	}
	kind := "ClusterPolicy"
	if namespace, name, namespaced := strings.Cut(policy, "/"); namespaced {
		kind, request.Resource, request.Namespace, request.Name = "Policy", "policies", namespace, name
	}
	if strings.ContainsAny(request.Namespace, "*?") {
		request.Namespace = "" // all of them
	}
	if strings.ContainsAny(request.Name, "*?") {
		request.Name = ""
	}
	user, known := genericapirequest.UserFrom(ctx)
	if !known {
		return fmt.Sprintf("only who may update the %s %s may write this, and it is not known who you are", kind, policy)
	}
	request.User = user
	if denial := kyverno.Denial(ctx, s.authorizer, request); denial != "" {
		return fmt.Sprintf("only who may update the %s %s may write this (%s)", kind, policy, denial)
	}
	return ""
}

// matchesAll tells whether a pattern fits every name.
func matchesAll(pattern string) bool {
	return strings.Contains(pattern, "*") && strings.Trim(pattern, "*?") == "" && strings.Count(pattern, "?") <= 1
}

// matchesEverything tells whether a match leaves no resource out that a rule could concern. One that says nothing fits
// nothing today; it is counted among them, since that is easily misread.
func matchesEverything(match *kyvernov1.MatchResources) bool {
	broad := func(filter kyvernov1.ResourceFilter) bool { return !narrows(&filter) }
	if len(match.Any) > 0 {
		return slices.ContainsFunc(match.Any, broad)
	}
	return !slices.ContainsFunc(match.All, func(filter kyvernov1.ResourceFilter) bool { return narrows(&filter) })
}

// narrows tells whether a filter leaves something out. Operations do not: exceptions ignore them.
func narrows(filter *kyvernov1.ResourceFilter) bool {
	if len(filter.Roles) > 0 || len(filter.ClusterRoles) > 0 || len(filter.Subjects) > 0 {
		return true
	}
	resources := filter.Resources
	if resources == nil {
		return false
	}
	// A list leaves something out when each of its entries does.
	restricts := func(patterns []string) bool { return len(patterns) > 0 && !slices.ContainsFunc(patterns, matchesAll) }
	everyKind := func(kind string) bool { return strings.Trim(kind, "*/") == "" }
	return len(resources.Kinds) > 0 && !slices.ContainsFunc(resources.Kinds, everyKind) ||
		restricts(resources.Names) || restricts(resources.Namespaces) || len(resources.Annotations) > 0 ||
		demandsLabels(resources.Selector) || demandsLabels(resources.NamespaceSelector)
}

func demandsLabels(selector *metav1.LabelSelector) bool {
	return selector != nil && (len(selector.MatchLabels) > 0 || len(selector.MatchExpressions) > 0)
}
