package v1alpha2

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PolicyReport tells how resources of a namespace stand against policies.
type PolicyReport struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The resource that the report is about, if it is about one.
	// +optional
	Scope *corev1.ObjectReference `json:"scope,omitempty"`

	// The labels of the resources that the report is about, if it is about several.
	// +optional
	ScopeSelector *metav1.LabelSelector `json:"scopeSelector,omitempty"`

	// How many results there are of each kind.
	// +optional
	Summary PolicyReportSummary `json:"summary,omitzero"`

	// The results.
	// +optional
	// +listType=atomic
	Results []PolicyReportResult `json:"results,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PolicyReportList is a list of PolicyReport.
type PolicyReportList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// The reports of this page.
	Items []PolicyReport `json:"items"`
}

// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterPolicyReport tells how cluster-scoped resources stand against policies.
type ClusterPolicyReport struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// The resource that the report is about, if it is about one.
	// +optional
	Scope *corev1.ObjectReference `json:"scope,omitempty"`

	// The labels of the resources that the report is about, if it is about several.
	// +optional
	ScopeSelector *metav1.LabelSelector `json:"scopeSelector,omitempty"`

	// How many results there are of each kind.
	// +optional
	Summary PolicyReportSummary `json:"summary,omitzero"`

	// The results.
	// +optional
	// +listType=atomic
	Results []PolicyReportResult `json:"results,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterPolicyReportList is a list of ClusterPolicyReport.
type ClusterPolicyReportList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// The reports of this page.
	Items []ClusterPolicyReport `json:"items"`
}

// PolicyReportSummary is how many results there are of each kind.
type PolicyReportSummary struct {
	// Policies that were met.
	// +optional
	Pass int32 `json:"pass"`
	// Policies that were not met.
	// +optional
	Fail int32 `json:"fail"`
	// Policies that were not met and do not count.
	// +optional
	Warn int32 `json:"warn"`
	// Policies that could not be evaluated.
	// +optional
	Error int32 `json:"error"`
	// Policies that did not apply.
	// +optional
	Skip int32 `json:"skip"`
}

// PolicyReportResult is how resources stand against one rule of a policy.
type PolicyReportResult struct {
	// Which tool found the result.
	// +optional
	Source string `json:"source,omitempty"`

	// The name of the policy.
	Policy string `json:"policy"`

	// The name of the rule within the policy.
	// +optional
	Rule string `json:"rule,omitempty"`

	// The category of the policy.
	// +optional
	Category string `json:"category,omitempty"`

	// How much a failure matters.
	// +optional
	Severity PolicyResultSeverity `json:"severity,omitempty"`

	// When the result was found.
	// +optional
	Timestamp *metav1.Timestamp `json:"timestamp,omitempty"`

	// The result itself.
	// +optional
	Result PolicyResult `json:"result,omitempty"`

	// Whether the result counts in a score.
	// +optional
	Scored *bool `json:"scored,omitempty"`

	// The resources that the result is about, where it is not the scope of the report.
	// +optional
	// +listType=atomic
	Resources []corev1.ObjectReference `json:"resources,omitzero"`

	// The labels of the resources that the result is about.
	// +optional
	ResourceSelector *metav1.LabelSelector `json:"resourceSelector,omitempty"`

	// What the result means, for people.
	// +optional
	Message string `json:"message,omitempty"`

	// What else there is to say.
	// +optional
	Properties map[string]string `json:"properties,omitzero"`
}

// PolicyResult is how a resource stands against a rule.
// +enum
type PolicyResult string

const (
	// Pass: the rule is met.
	Pass PolicyResult = "pass"
	// Fail: the rule is not met.
	Fail PolicyResult = "fail"
	// Warn: the rule is not met, and that does not count.
	Warn PolicyResult = "warn"
	// Error: the rule could not be evaluated.
	Error PolicyResult = "error"
	// Skip: the rule did not apply.
	Skip PolicyResult = "skip"
)

// PolicyResultSeverity is how much a failure matters.
// +enum
type PolicyResultSeverity string

const (
	Critical PolicyResultSeverity = "critical"
	High     PolicyResultSeverity = "high"
	Medium   PolicyResultSeverity = "medium"
	Low      PolicyResultSeverity = "low"
	Info     PolicyResultSeverity = "info"
)
