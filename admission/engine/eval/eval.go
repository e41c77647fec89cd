// Package eval holds the words that every stage of the engine and every caller of it share: what is asked (Request),
// what is answered (Decision), and what may be looked up on the way (Lookup). It judges nothing, does no I/O and
// imports none of our packages but apis, so that all of them may import it.
package eval

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Operation is what a request does to an object, in the spelling of AdmissionReview.
type Operation string

const (
	Create  Operation = "CREATE"
	Update  Operation = "UPDATE"
	Delete  Operation = "DELETE"
	Connect Operation = "CONNECT"
)

// Object is a Kubernetes object as decoded JSON: maps, slices, strings, booleans, nil, and int64 or float64 for
// numbers. It is shared between evaluations and must not be changed by who reads it.
type Object = map[string]any

// User is who made the request.
type User struct {
	Name   string
	UID    string
	Groups []string
	Extra  map[string][]string
}

// Request is one question: may this object be so? It is built from an AdmissionReview, or by a scan from an object
// that exists; the engine cannot tell the difference but by User and Operation.
type Request struct {
	// UID identifies the review; empty in a scan.
	UID string
	// Kind and Resource are those of the object as it is handed in, after kube-apiserver's conversion to a version
	// that a policy names (matchPolicy Equivalent).
	Kind     schema.GroupVersionKind
	Resource schema.GroupVersionResource
	// Subresource is empty for the object itself, else for example "ephemeralcontainers".
	Subresource string
	// Parent is the kind of what the Subresource is of, where Kind is that of what is sent to it: Deployment, where that
	// is Scale. Without it they are the same.
	Parent schema.GroupVersionKind
	// Namespace is empty for cluster-scoped objects. For an object of kind Namespace it is empty too.
	Namespace string
	// Name is empty when the name is yet to be generated; then the object's metadata.generateName counts.
	Name      string
	Operation Operation
	// Object is nil on DELETE, OldObject on CREATE.
	Object    Object
	OldObject Object
	// User is nil where nobody asks: in a scan of what already runs.
	User   *User
	DryRun bool
	// Options are the CreateOptions, UpdateOptions and so on of the request; nil in a scan.
	Options Object
	// Now is the moment of the request, for everything that goes by the clock.
	Now time.Time
	// Seed feeds everything that is meant to be random.
	Seed uint64
}

// Named is the kind that rules go by. They name a subresource after the kind that it is of.
func (r *Request) Named() schema.GroupVersionKind {
	if r.Parent.Kind != "" {
		return r.Parent
	}
	return r.Kind
}

// Subject is the object that the request is about: the new one, or on DELETE the old one.
func (r *Request) Subject() Object {
	if r.Object != nil {
		return r.Object
	}
	return r.OldObject
}

// Confidential tells that what the object holds must not be repeated to those who cannot read it: it is a Secret.
func (r *Request) Confidential() bool { return r.Kind.Group == "" && r.Kind.Kind == "Secret" }

// Result is the verdict of one rule, in the spelling of PolicyReport.
type Result string

const (
	Pass  Result = "pass"
	Fail  Result = "fail"
	Warn  Result = "warn"
	Error Result = "error"
	Skip  Result = "skip"
)

// Action is what follows a failure.
type Action string

const (
	Audit   Action = "Audit"
	Enforce Action = "Enforce"
)

// PolicyRef names a policy. Namespace is empty for a ClusterPolicy.
type PolicyRef struct {
	Kind      string
	Namespace string
	Name      string
}

// String is the name that reports and messages use: name, or namespace/name.
func (p PolicyRef) String() string {
	if p.Namespace == "" {
		return p.Name
	}
	return p.Namespace + "/" + p.Name
}

// Decision is the answer of one rule of one policy to one request. Rules that do not concern the request give none.
type Decision struct {
	Policy PolicyRef
	Rule   string
	Result Result
	// Message is for people: what is wrong, and where.
	Message string
	// Action is the action in force for this request, overrides for its namespace resolved.
	Action Action
	// FailClosed tells that the request is refused when an enforcing rule ends in Error.
	FailClosed bool
	// Background tells that the policy is also judged by scans; it decides which process a report names.
	Background bool
	// EmitWarning asks for a warning to the client when the request passes in spite of a failure.
	EmitWarning bool
	// Severity, Category and Scored come from the policy's annotations; Scored is false only where one says so.
	Severity string
	Category string
	Scored   bool
	// Properties are the rule's reportProperties and what its check adds. They may be shared between decisions and must
	// not be changed.
	Properties map[string]string
	// Exceptions name the PolicyExceptions, as namespace/name, for which the rule was skipped or its demands lowered.
	Exceptions []string
	// Unavailable is set on an Error that comes of data that cannot be read where the evaluation runs, as for example
	// offline. It says what is missing and how to give it.
	Unavailable *Unavailable
}
