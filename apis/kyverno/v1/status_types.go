package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PolicyStatus is what the servers report about a policy.
type PolicyStatus struct {
	// Without a writer; accepted so that older clients can be served.
	// Deprecated: use the condition Ready.
	// +optional
	Ready *bool `json:"ready,omitempty"`

	// The state of the policy. The condition Ready is true when the policy is in force.
	// +optional
	// +listType=atomic
	Conditions []metav1.Condition `json:"conditions,omitzero"`

	// The rules that were derived from those for Pods, so that they also hold for the controllers of Pods.
	// +optional
	Autogen *AutogenStatus `json:"autogen,omitempty"`

	// How many rules the policy has, by type, without derived ones.
	// +optional
	RuleCount *RuleCount `json:"rulecount,omitempty"`

	// Whether a ValidatingAdmissionPolicy was made from the policy.
	// +optional
	ValidatingAdmissionPolicy *ValidatingAdmissionPolicyStatus `json:"validatingadmissionpolicy,omitempty"`

	// Who wrote the policy's spec last. Rights that the policy borrows are judged by it. Clients cannot set it.
	// +optional
	Author *Author `json:"author,omitempty"`
}

// ConditionReady is the type of the condition that says whether a policy is in force.
const ConditionReady = "Ready"

const (
	// ReasonSucceeded goes with a condition Ready that is true.
	ReasonSucceeded = "Succeeded"
	// ReasonFailed goes with a condition Ready that is false.
	ReasonFailed = "Failed"
)

// AutogenStatus holds the rules that were derived from those for Pods.
type AutogenStatus struct {
	// The derived rules.
	// +optional
	// +listType=atomic
	Rules []Rule `json:"rules,omitzero"`
}

// RuleCount is how many rules a policy has, by type.
type RuleCount struct {
	// Rules with validate.
	Validate int32 `json:"validate"`
	// Rules with generate.
	Generate int32 `json:"generate"`
	// Rules with mutate.
	Mutate int32 `json:"mutate"`
	// Rules with verifyImages.
	VerifyImages int32 `json:"verifyimages"`
}

// ValidatingAdmissionPolicyStatus says whether a ValidatingAdmissionPolicy was made from a policy.
type ValidatingAdmissionPolicyStatus struct {
	// Whether it was.
	Generated bool `json:"generated"`
	// Why it was not.
	Message string `json:"message"`
}

// Author is who wrote a policy's spec.
type Author struct {
	// The user name, as the API server authenticated it.
	// +optional
	Username string `json:"username,omitempty"`
	// The user's UID, where the authenticator knows one.
	// +optional
	UID string `json:"uid,omitempty"`
	// The groups of the user.
	// +optional
	// +listType=atomic
	Groups []string `json:"groups,omitzero"`
}
