// Package v1 holds what users write in the group kyverno.io: ClusterPolicy and Policy, every field of them, with the
// JSON names that existing policies use. One Go type per kind is at once the served version, the stored form and the
// internal version; other versions (see package v2beta1) register the same types under another name.
//
// Nothing here is ever defaulted into an object: what was applied is what is read back. Fields in which an explicit
// false, 0 or {} differs from silence are pointers, and lists and maps keep the difference between empty and absent.
// Where silence has a meaning, a method says which (Spec.BackgroundEnabled, Spec.EffectiveFailurePolicy and so on).
//
// The package knows neither what makes a policy well formed (apis/kyverno/validation) nor how one is judged
// (admission/engine). Anybody may import it.
//
// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=com.github.edict-dev.edict.apis.kyverno.v1
// +groupName=kyverno.io
package v1
