package registry

import (
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2beta1 "github.com/edict-dev/edict/apis/kyverno/v2beta1"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/registry/kyverno"
	"github.com/edict-dev/edict/registry/kyverno/clusterpolicy"
	"github.com/edict-dev/edict/registry/kyverno/policy"
	"github.com/edict-dev/edict/registry/wgpolicyk8s"
	"github.com/edict-dev/edict/registry/wgpolicyk8s/clusterpolicyreport"
	"github.com/edict-dev/edict/registry/wgpolicyk8s/policyreport"
)

// Groups are the API groups that the server serves, each with its versions and resources.
func Groups(options generic.RESTOptionsGetter, validator kyverno.Validator) ([]*genericapiserver.APIGroupInfo, error) {
	policies, err := policyGroup(kyverno.Config{Typer: Scheme, Options: options, Validator: validator})
	if err != nil {
		return nil, err
	}
	reports, err := reportGroup(wgpolicyk8s.Config{Typer: Scheme, Options: options})
	if err != nil {
		return nil, err
	}
	return []*genericapiserver.APIGroupInfo{policies, reports}, nil
}

// policyGroup serves the same resources in both versions: what differs is what a version allows, which the strategies
// check.
func policyGroup(config kyverno.Config) (*genericapiserver.APIGroupInfo, error) {
	clusterPolicies, clusterPoliciesStatus, err := clusterpolicy.NewStorage(config)
	if err != nil {
		return nil, err
	}
	policies, policiesStatus, err := policy.NewStorage(config)
	if err != nil {
		return nil, err
	}
	resources := map[string]rest.Storage{
		"clusterpolicies":        clusterPolicies,
		"clusterpolicies/status": clusterPoliciesStatus,
		"policies":               policies,
		"policies/status":        policiesStatus,
	}
	return group(kyvernov1.GroupName, map[string]map[string]rest.Storage{
		kyvernov1.SchemeGroupVersion.Version:      resources,
		kyvernov2beta1.SchemeGroupVersion.Version: resources,
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
