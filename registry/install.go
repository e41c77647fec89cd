package registry

import (
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/registry/kyverno"
	"github.com/edict-dev/edict/registry/kyverno/clusterpolicy"
	"github.com/edict-dev/edict/registry/kyverno/policy"
	"github.com/edict-dev/edict/registry/kyverno/policyexception"
	"github.com/edict-dev/edict/registry/wgpolicyk8s"
	"github.com/edict-dev/edict/registry/wgpolicyk8s/clusterpolicyreport"
	"github.com/edict-dev/edict/registry/wgpolicyk8s/policyreport"
)

// Config is what the resources are built with.
type Config struct {
	// Options say where objects are stored.
	Options generic.RESTOptionsGetter
	// Policies and Exceptions judge what is well formed.
	Policies   kyverno.Validator
	Exceptions policyexception.Validator
	// Authorizer says what who writes a policy may do himself.
	Authorizer kyverno.Authorizer
	// ExceptionSettings say which exceptions are applied.
	ExceptionSettings policyexception.Settings
}

// Groups are the API groups that the server serves, each with its versions and resources.
func Groups(config Config) ([]*genericapiserver.APIGroupInfo, error) {
	policies, err := policyGroup(config)
	if err != nil {
		return nil, err
	}
	reports, err := reportGroup(wgpolicyk8s.Config{Typer: Scheme, Options: config.Options})
	if err != nil {
		return nil, err
	}
	return []*genericapiserver.APIGroupInfo{policies, reports}, nil
}

// policyGroup serves each resource in all of its versions: what differs is what a version allows, which the strategies
// check.
func policyGroup(config Config) (*genericapiserver.APIGroupInfo, error) {
	ofPolicies := kyverno.Config{Typer: Scheme, Options: config.Options, Validator: config.Policies, Authorizer: config.Authorizer}
	clusterPolicies, clusterPoliciesStatus, err := clusterpolicy.NewStorage(ofPolicies)
	if err != nil {
		return nil, err
	}
	policies, policiesStatus, err := policy.NewStorage(ofPolicies)
	if err != nil {
		return nil, err
	}
	exceptions, err := policyexception.NewStorage(policyexception.Config{
		Typer: Scheme, Options: config.Options, Validator: config.Exceptions, Authorizer: config.Authorizer, Settings: config.ExceptionSettings,
	})
	if err != nil {
		return nil, err
	}
	return group(kyvernov1.GroupName, map[string]map[string]rest.Storage{
		kyvernov1.SchemeGroupVersion.Version: {
			"clusterpolicies":        clusterPolicies,
			"clusterpolicies/status": clusterPoliciesStatus,
			"policies":               policies,
			"policies/status":        policiesStatus,
		},
		kyvernov2.SchemeGroupVersion.Version: {
			"policyexceptions": exceptions,
		},
		kyvernov2beta1.SchemeGroupVersion.Version: {
			"clusterpolicies":        clusterPolicies,
			"clusterpolicies/status": clusterPoliciesStatus,
			"policies":               policies,
			"policies/status":        policiesStatus,
			"policyexceptions":       exceptions,
		},
	}), nil
}

func reportGroup(config wgpolicyk8s.Config) (*genericapiserver.APIGroupInfo, error) {
	policyReports, err := policyreport.NewStorage(config)
	if err != nil {
		return nil, err
	}
	clusterPolicyReports, err := clusterpolicyreport.NewStorage(config)
	if err != nil {
		return nil, err
	}
	return group(v1alpha2.GroupName, map[string]map[string]rest.Storage{
		v1alpha2.SchemeGroupVersion.Version: {
			"policyreports":        policyReports,
			"clusterpolicyreports": clusterPolicyReports,
		},
	}), nil
}

func group(name string, versions map[string]map[string]rest.Storage) *genericapiserver.APIGroupInfo {
	info := genericapiserver.NewDefaultAPIGroupInfo(name, Scheme, parameterCodec, Codecs)
	info.VersionedResourcesStorageMap = versions
	info.NegotiatedSerializer = withoutProtobuf{info.NegotiatedSerializer}
	return &info
}
