package v2

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// +genclient
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PolicyException exempts resources from rules of policies, or lowers what their Pod Security rules demand.
type PolicyException struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata. Whether an exception is applied depends on its namespace.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What is exempt, and from what.
	Spec PolicyExceptionSpec `json:"spec"`
	// Whether the exception is applied. The server says so when the exception is read; it is never stored, and what
	// clients send is dropped.
	// +optional
	Status PolicyExceptionStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PolicyExceptionList is a list of PolicyException.
type PolicyExceptionList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// The exceptions of this page.
	Items []PolicyException `json:"items"`
}

// PolicyExceptionSpec says what is exempt, and from what.
type PolicyExceptionSpec struct {
	// Whether the exception also holds for scans of what exists. True is meant when nothing is said. An exception that
	// does cannot ask who sent a request, since a scan has no request.
	// +optional
	Background *bool `json:"background,omitempty"`

	// The resources, and optionally users, that are exempt: filters under any or all. Operations are accepted and
	// ignored.
	Match kyvernov1.MatchResources `json:"match"`

	// Conditions that must hold, else the exception does not apply.
	// +optional
	Conditions *kyvernov1.AnyAllConditions `json:"conditions,omitempty"`

	// The rules from which the resources are exempt.
	// +listType=atomic
	Exceptions []Exception `json:"exceptions"`

	// Controls of the Pod Security Standards that are not demanded, or not of some images. With them, rules with
	// validate.podSecurity are not skipped but demand less.
	// +optional
	// +listType=atomic
	PodSecurity []kyvernov1.PodSecurityExclusion `json:"podSecurity,omitzero"`
}

// Exception names rules of a policy.
type Exception struct {
	// The name of a ClusterPolicy, or namespace/name of a Policy.
	PolicyName string `json:"policyName"`
	// The names of rules; wildcards * and ? are allowed. A rule that was derived for controllers of Pods has a name of
	// its own, autogen-<rule> or autogen-cronjob-<rule>.
	// +listType=atomic
	RuleNames []string `json:"ruleNames"`
}

// PolicyExceptionStatus says whether an exception is applied.
type PolicyExceptionStatus struct {
	// The condition Ready is true when the exception is applied, and says otherwise why it is not.
	// +optional
	// +listType=atomic
	Conditions []metav1.Condition `json:"conditions,omitzero"`
}

// BackgroundEnabled says whether the exception also holds for scans; silence means yes.
func (s *PolicyExceptionSpec) BackgroundEnabled() bool { return s.Background == nil || *s.Background }
