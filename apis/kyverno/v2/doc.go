// Package v2 holds the kinds of the group kyverno.io that are served under the version v2: PolicyException. What an
// exception has in common with policies, such as match and conditions, are the types of apis/kyverno/v1.
//
// As there, one Go type is the served version, the stored form and the internal version; nothing is defaulted into an
// object, and the package knows neither what makes an exception well formed (apis/kyverno/validation) nor what it
// exempts (admission/engine). Anybody may import it.
//
// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=com.github.edict-dev.edict.apis.kyverno.v2
// +groupName=kyverno.io
package v2
