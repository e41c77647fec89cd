package v1

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterPolicy is a set of rules that hold for resources everywhere in the cluster.
type ClusterPolicy struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What the policy demands.
	Spec Spec `json:"spec"`
	// What the servers report about the policy. It is written by them alone.
	// +optional
	Status PolicyStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterPolicyList is a list of ClusterPolicy.
type ClusterPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// The policies of this page.
	Items []ClusterPolicy `json:"items"`
}

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Policy is a set of rules that hold for resources of the policy's own namespace.
type Policy struct {
	metav1.TypeMeta `json:",inline"`
	// Standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// What the policy demands.
	Spec Spec `json:"spec"`
	// What the servers report about the policy. It is written by them alone.
	// +optional
	Status PolicyStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// PolicyList is a list of Policy.
type PolicyList struct {
	metav1.TypeMeta `json:",inline"`
	// Standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	// The policies of this page.
	Items []Policy `json:"items"`
}

// Object is what ClusterPolicy and Policy have in common, for code that handles both.
type Object interface {
	metav1.Object
	runtime.Object
	// PolicySpec points into the object: a change through it changes the object.
	PolicySpec() *Spec
	// PolicyStatus points into the object: a change through it changes the object.
	PolicyStatus() *PolicyStatus
}

var (
	_ Object = &ClusterPolicy{}
	_ Object = &Policy{}
)

// PolicySpec returns the object's spec.
func (p *ClusterPolicy) PolicySpec() *Spec { return &p.Spec }

// PolicyStatus returns the object's status.
func (p *ClusterPolicy) PolicyStatus() *PolicyStatus { return &p.Status }

// PolicySpec returns the object's spec.
func (p *Policy) PolicySpec() *Spec { return &p.Spec }

// PolicyStatus returns the object's status.
func (p *Policy) PolicyStatus() *PolicyStatus { return &p.Status }

// Spec is what a policy demands.
type Spec struct {
	// The rules, evaluated in the order in which they stand.
	// +optional
	// +listType=atomic
	Rules []Rule `json:"rules,omitzero"`

	// Whether all rules that apply to a resource are evaluated (All, which is also meant when nothing is said), or
	// only the first that applies (One).
	// +optional
	ApplyRules ApplyRules `json:"applyRules,omitempty"`

	// What happens to a request when the policy cannot be evaluated: Fail refuses it, Ignore lets it pass.
	// Deprecated: use webhookConfiguration.failurePolicy.
	// +optional
	FailurePolicy FailurePolicy `json:"failurePolicy,omitempty"`

	// What a failing validate rule does when the rule itself does not say: Enforce refuses the request, Audit only
	// reports. Audit is meant when nothing is said.
	// Deprecated: use validate.failureAction of each rule.
	// +optional
	ValidationFailureAction FailureAction `json:"validationFailureAction,omitempty"`

	// Exceptions from validationFailureAction for some namespaces. A namespaced Policy may not have them.
	// Deprecated: use validate.failureActionOverrides of each rule.
	// +optional
	// +listType=atomic
	ValidationFailureActionOverrides []FailureActionOverride `json:"validationFailureActionOverrides,omitzero"`

	// Whether a failure that is only audited is also returned as a warning to whoever sent the request. False is
	// meant when nothing is said.
	// +optional
	EmitWarning *bool `json:"emitWarning,omitempty"`

	// Whether the policy is evaluated for admission requests. True is meant when nothing is said. Only policies whose
	// rules are all validate rules may say false.
	// +optional
	Admission *bool `json:"admission,omitempty"`

	// Whether resources that exist already are scanned. True is meant when nothing is said. Rules of a scanned policy
	// cannot refer to whoever sent a request, since a scan has no request.
	// +optional
	Background *bool `json:"background,omitempty"`

	// Without effect; accepted so that older policies can be applied unchanged.
	// Deprecated: leave it out.
	// +optional
	SchemaValidation *bool `json:"schemaValidation,omitempty"`

	// How long, in seconds from 1 to 30, the API server waits for the webhook that serves this policy.
	// Deprecated: use webhookConfiguration.timeoutSeconds.
	// +optional
	WebhookTimeoutSeconds *int32 `json:"webhookTimeoutSeconds,omitempty"`

	// Whether mutate rules with targets run when the policy is created or changed, and not only for requests.
	// Deprecated: use mutate.mutateExistingOnPolicyUpdate of each rule.
	// +optional
	MutateExistingOnPolicyUpdate *bool `json:"mutateExistingOnPolicyUpdate,omitempty"`

	// Was replaced by generateExisting and is refused when set.
	// Deprecated: use generate.generateExisting of each rule.
	// +optional
	GenerateExistingOnPolicyUpdate *bool `json:"generateExistingOnPolicyUpdate,omitempty"`

	// Whether generate rules also act on triggers that exist already.
	// Deprecated: use generate.generateExisting of each rule.
	// +optional
	GenerateExisting *bool `json:"generateExisting,omitempty"`

	// Whether generated resources are written by server-side apply instead of create and update.
	// +optional
	UseServerSideApply *bool `json:"useServerSideApply,omitempty"`

	// How the webhook that serves this policy is configured.
	// +optional
	WebhookConfiguration *WebhookConfiguration `json:"webhookConfiguration,omitempty"`
}

// ApplyRules says how many rules of a policy may apply to one resource.
// +enum
type ApplyRules string

const (
	// ApplyAll evaluates every rule that matches.
	ApplyAll ApplyRules = "All"
	// ApplyOne stops after the first rule that matches.
	ApplyOne ApplyRules = "One"
)

// FailurePolicy says what happens to a request when a policy cannot be evaluated.
// +enum
type FailurePolicy string

const (
	// Ignore lets the request pass.
	Ignore FailurePolicy = "Ignore"
	// Fail refuses the request.
	Fail FailurePolicy = "Fail"
)

// FailureAction says what a failing rule does. Audit and Enforce are the spellings to use; the lower-case ones are
// accepted and mean the same.
// +enum
type FailureAction string

const (
	// Audit lets the request pass and reports the failure.
	Audit FailureAction = "Audit"
	// Enforce refuses the request.
	Enforce FailureAction = "Enforce"
	// AuditLowerCase is the older spelling of Audit.
	AuditLowerCase FailureAction = "audit"
	// EnforceLowerCase is the older spelling of Enforce.
	EnforceLowerCase FailureAction = "enforce"
)

// FailureActionOverride is another failure action for some namespaces. Without namespaces and namespaceSelector it
// holds for all.
type FailureActionOverride struct {
	// What a failing rule does there.
	// +optional
	Action FailureAction `json:"action,omitempty"`
	// The names of the namespaces; wildcards * and ? are allowed.
	// +optional
	// +listType=atomic
	Namespaces []string `json:"namespaces,omitzero"`
	// The labels of the namespaces.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// WebhookConfiguration says how the webhook that serves a policy is configured.
type WebhookConfiguration struct {
	// What happens to a request when the policy cannot be evaluated: Fail refuses it, Ignore lets it pass. Fail is
	// meant when nothing is said.
	// +optional
	FailurePolicy *FailurePolicy `json:"failurePolicy,omitempty"`
	// How long, in seconds from 1 to 30, the API server waits for an answer.
	// +optional
	TimeoutSeconds *int32 `json:"timeoutSeconds,omitempty"`
	// CEL conditions that a request must meet before the API server sends it to the webhook.
	// +optional
	// +listType=atomic
	MatchConditions []admissionregistrationv1.MatchCondition `json:"matchConditions,omitzero"`
}

// Rule is one demand of a policy: which resources it concerns, and exactly one of mutate, validate, generate and
// verifyImages.
type Rule struct {
	// The name of the rule, at most 63 characters, unique within the policy. Reports and messages carry it.
	Name string `json:"name"`

	// Data that the rule looks up before it is evaluated; later entries may use earlier ones.
	// +optional
	// +listType=atomic
	Context []ContextEntry `json:"context,omitzero"`

	// The resources, and optionally users, that the rule concerns.
	Match MatchResources `json:"match"`

	// Of those that match, the ones that the rule does not concern.
	// +optional
	Exclude *MatchResources `json:"exclude,omitempty"`

	// Where images are named in custom resources, by kind. Pods and their controllers need no entry.
	// +optional
	ImageExtractors map[string]ImageExtractorList `json:"imageExtractors,omitzero"`

	// Conditions that must hold, else the rule is skipped: an object with any and all, or a list, which means all.
	// Each condition has key, operator, value and optionally message.
	// +optional
	Preconditions *apiextensionsv1.JSON `json:"preconditions,omitempty"`

	// CEL conditions that must hold, else the rule is skipped. Only rules with validate.cel may have them.
	// +optional
	// +listType=atomic
	CELPreconditions []admissionregistrationv1.MatchCondition `json:"celPreconditions,omitzero"`

	// How the rule changes resources.
	// +optional
	Mutate *Mutation `json:"mutate,omitempty"`

	// What the rule demands of resources.
	// +optional
	Validate *Validation `json:"validate,omitempty"`

	// Which resources the rule creates when another resource matches.
	// +optional
	Generate *Generation `json:"generate,omitempty"`

	// Whose signatures and attestations the rule demands of images.
	// +optional
	// +listType=atomic
	VerifyImages []ImageVerification `json:"verifyImages,omitzero"`

	// Whether requests of the servers' own background identity are left out, so that a rule cannot trigger itself
	// for ever. True is meant when nothing is said.
	// +optional
	SkipBackgroundRequests *bool `json:"skipBackgroundRequests,omitempty"`

	// Properties that are copied into the rule's report results. passMessage, failMessage, warnMessage, errorMessage,
	// skipMessage and message replace the result's message.
	// +optional
	ReportProperties map[string]string `json:"reportProperties,omitzero"`
}

// ImageExtractorList says where one kind of custom resource names images.
type ImageExtractorList []ImageExtractor

// ImageExtractor is one place where a custom resource names images.
type ImageExtractor struct {
	// The path to the image, or to the objects that hold it: field names separated by /, where * stands for every
	// element of a list or map.
	Path string `json:"path"`
	// The field of the object at path that holds the image; without it the value at path is the image.
	// +optional
	Value string `json:"value,omitempty"`
	// The group in which the images appear, as in images.<name>. "custom" is meant when nothing is said.
	// +optional
	Name string `json:"name,omitempty"`
	// The field of the object at path whose value names the image within its group.
	// +optional
	Key string `json:"key,omitempty"`
	// A JMESPath expression that turns the value found into an image reference.
	// +optional
	JMESPath string `json:"jmesPath,omitempty"`
}
