// Package v1alpha2 holds the reports of the group wgpolicyk8s.io: PolicyReport and ClusterPolicyReport. The kinds are
// shared ground: other tools write them too, so nothing in here is particular to one writer. One Go type per kind is at
// once the served version, the stored form and the internal version.
//
// The package knows neither what makes a report well formed (apis/wgpolicyk8s/validation) nor who writes one. Anybody
// may import it.
//
// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=com.github.edict-dev.edict.apis.wgpolicyk8s.v1alpha2
// +groupName=wgpolicyk8s.io
package v1alpha2
