package app

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	"github.com/edict-dev/edict/admission/engine"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/registry/kyverno"
	"github.com/edict-dev/edict/registry/kyverno/policyexception"
)

// validator refuses what the engine cannot compile or what is not done yet, and what cannot be with the kinds that the
// cluster has, so that an author learns it when he writes and not when he relies on it.
type validator struct {
	// cluster is nil where there is no Kubernetes.
	cluster *cluster
	// authorizer says what the background role may read.
	authorizer kyverno.Authorizer
	// scanner is the user that scans.
	scanner string
}

var (
	_ kyverno.Validator         = &validator{}
	_ policyexception.Validator = &validator{}
)

func (a *apiServer) validator() *validator {
	v := &validator{
		authorizer: a.Generic.Authorization.Authorizer,
		scanner:    serviceaccount.MakeUsername(a.namespace, backgroundAccount),
	}
	if a.Kubernetes != nil {
		v.cluster = newCluster(a.Kubernetes.Discovery())
	}
	return v
}

// Validate implements kyverno.Validator.
func (v *validator) Validate(ctx context.Context, policy kyvernov1.Object) field.ErrorList {
	program, errs := engine.Compile(policy)
	errs = append(errs, program.Unsupported()...)
	if len(errs) > 0 {
		return errs
	}
	return v.checkKinds(ctx, policy, program)
}

// checkKinds refuses what cannot be with the kinds that the cluster has. Where that is not known nothing is refused.
func (v *validator) checkKinds(ctx context.Context, policy kyvernov1.Object, program *engine.Program) field.ErrorList {
	var errs field.ErrorList
	served := v.served(ctx, program)
	if program.Background() {
		subresources := served.Subresources
		for _, target := range program.Targets() {
			if target.Subresource != "" {
				subresources = append(subresources, target.Kind+"/"+target.Subresource)
			}
		}
		if len(subresources) > 0 {
			errs = append(errs, field.Invalid(field.NewPath("spec", "background"), true, fmt.Sprintf(
				"background scan enabled with subresource %s: a scan sees no subresources; set spec.background to false", strings.Join(subresources, ", "))))
		}
	}
	if policy.GetNamespace() != "" && len(served.ClusterScoped) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("spec", "rules"), strings.Join(served.ClusterScoped, ", "),
			"a Policy concerns its own namespace only, and these kinds are in none: leave them out, or write a ClusterPolicy"))
	}
	return errs
}

func (v *validator) served(ctx context.Context, program *engine.Program) webhookconfig.Served {
	if v.cluster == nil {
		return webhookconfig.Served{}
	}
	return v.cluster.served(ctx, program)
}

// Warnings implements kyverno.Validator.
func (v *validator) Warnings(ctx context.Context, policy kyvernov1.Object) []string {
	program, _ := engine.Compile(policy)
	warnings := program.Warnings()
	if webhookconfig.ConcernsOnlyExempt(policy, program) {
		warnings = append(warnings, webhookconfig.Exempt)
	}
	if v.cluster == nil {
		return warnings
	}
	served := v.served(ctx, program)
	if unknown := append(served.Unknown, served.Subresources...); len(unknown) > 0 {
		// The first words are those by which people know it.
		warnings = append(warnings, fmt.Sprintf("the kind defined in the match resource is invalid: unable to convert GVK to GVR for kinds %s: "+
			"the API server does not serve them; the rest of the policy is in force, and they are judged once they are served", strings.Join(unknown, ", ")))
	}
	if program.Background() {
		warnings = append(warnings, v.unscannable(ctx, served)...)
	}
	return append(warnings, v.cluster.typeWarnings(ctx, policy)...)
}

// unscannable warns of what the background role may not read and can therefore not scan.
func (v *validator) unscannable(ctx context.Context, served webhookconfig.Served) []string {
	var warnings []string
	namespace, name, err := serviceaccount.SplitUsername(v.scanner)
	if err != nil {
		return nil
	}
	user := serviceaccount.UserInfo(namespace, name, "")
	for _, resource := range served.Found {
		for _, verb := range []string{"get", "list", "watch"} {
			if ctx.Err() != nil {
				return warnings
			}
			request := authorizer.AttributesRecord{
				User: user, Verb: verb, ResourceRequest: true,
				APIGroup: resource.Group, APIVersion: resource.Version, Resource: resource.Resource,
			}
			if decision, _, err := v.authorizer.Authorize(ctx, request); err == nil && decision != authorizer.DecisionAllow {
				warnings = append(warnings, fmt.Sprintf("%s requires permissions get,list,watch for resource %s: until it has them, what exists is not scanned",
					v.scanner, resource.GroupResource()))
				break
			}
		}
	}
	return warnings
}

// ValidateException implements policyexception.Validator.
func (v *validator) ValidateException(exception *kyvernov2.PolicyException) field.ErrorList {
	_, errs := engine.CompileException(exception)
	return errs
}
