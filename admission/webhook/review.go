package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"github.com/edict-dev/edict/admission/engine/eval"
)

const (
	reviewAPIVersion = "admission.k8s.io/v1"
	reviewKind       = "AdmissionReview"
)

// review is the part of an AdmissionReview that we read. Objects are decoded in the same pass, straight into the form
// that the engine reads: maps, with int64 and float64 for numbers.
type review struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Request    *reviewRequest `json:"request"`
}

type reviewRequest struct {
	UID  string `json:"uid"`
	Kind struct {
		Group   string `json:"group"`
		Version string `json:"version"`
		Kind    string `json:"kind"`
	} `json:"kind"`
	Resource struct {
		Group    string `json:"group"`
		Version  string `json:"version"`
		Resource string `json:"resource"`
	} `json:"resource"`
	SubResource string         `json:"subResource"`
	Name        string         `json:"name"`
	Namespace   string         `json:"namespace"`
	Operation   eval.Operation `json:"operation"`
	UserInfo    struct {
		Username string              `json:"username"`
		UID      string              `json:"uid"`
		Groups   []string            `json:"groups"`
		Extra    map[string][]string `json:"extra"`
	} `json:"userInfo"`
	Object    eval.Object `json:"object"`
	OldObject eval.Object `json:"oldObject"`
	DryRun    bool        `json:"dryRun"`
	Options   eval.Object `json:"options"`
}

// decodeReview reads exactly one AdmissionReview. The depth of the document is bounded by the decoder, at 10,000.
func decodeReview(body []byte) (*eval.Request, error) {
	var r review
	// A field that is there twice would be read by one decoder in one way, and in another by the next.
	duplicates, err := kjson.UnmarshalStrict(body, &r, kjson.DisallowDuplicateFields)
	if err = errors.Join(append(duplicates, err)...); err != nil {
		return nil, fmt.Errorf("not one JSON document of kind %s: %w", reviewKind, err)
	}
	switch {
	case r.APIVersion != reviewAPIVersion:
		return nil, fmt.Errorf("apiVersion: %q; send %s", r.APIVersion, reviewAPIVersion)
	case r.Kind != reviewKind:
		return nil, fmt.Errorf("kind: %q; send %s", r.Kind, reviewKind)
	case r.Request == nil:
		return nil, errors.New("request: required")
	case r.Request.UID == "":
		return nil, errors.New("request.uid: required")
	case r.Request.Kind.Kind == "":
		return nil, errors.New("request.kind.kind: required")
	case r.Request.Resource.Resource == "":
		return nil, errors.New("request.resource.resource: required")
	}
	switch r.Request.Operation {
	case eval.Create, eval.Update, eval.Delete, eval.Connect:
	default:
		return nil, fmt.Errorf("request.operation: %q; send CREATE, UPDATE, DELETE or CONNECT", r.Request.Operation)
	}
	return r.Request.request(), nil
}

func (r *reviewRequest) request() *eval.Request {
	req := &eval.Request{
		UID:         r.UID,
		Kind:        schema.GroupVersionKind(r.Kind),
		Resource:    schema.GroupVersionResource(r.Resource),
		Subresource: r.SubResource,
		Namespace:   r.Namespace,
		Name:        r.Name,
		Operation:   r.Operation,
		Object:      r.Object,
		OldObject:   r.OldObject,
		User:        &eval.User{Name: r.UserInfo.Username, UID: r.UserInfo.UID, Groups: r.UserInfo.Groups, Extra: r.UserInfo.Extra},
		DryRun:      r.DryRun,
		Options:     r.Options,
	}
	if r.Resource.Group == "" && r.Resource.Resource == "namespaces" {
		// kube-apiserver enters the name of a Namespace as its namespace; for policies it lies in none.
		req.Namespace = ""
	}
	return req
}

// incomplete says what is missing from a review for a verdict on it, or "". Rules compare the new object with the old
// one; a missing one must not look like an empty one.
func incomplete(req *eval.Request) string {
	var missing string
	switch {
	case (req.Operation == eval.Create || req.Operation == eval.Update) && req.Object == nil:
		missing = "object"
	case (req.Operation == eval.Update || req.Operation == eval.Delete) && req.OldObject == nil:
		missing = "oldObject"
	default:
		return ""
	}
	return fmt.Sprintf("request.%s is missing from the AdmissionReview of this %s, so policies cannot be evaluated; "+
		"a kube-apiserver or proxy that sends complete reviews is needed", missing, req.Operation)
}

// answer is the part of an AdmissionReview that we write. There is no code and no reason in the status, as in the
// reference: kube-apiserver then answers its client with 400 and our message.
type answer struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Response   answerResponse `json:"response"`
}

type answerResponse struct {
	UID      string        `json:"uid"`
	Allowed  bool          `json:"allowed"`
	Status   *answerStatus `json:"status,omitempty"`
	Warnings []string      `json:"warnings,omitempty"`
}

type answerStatus struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func allow(uid string, warnings []string) answerResponse {
	return answerResponse{UID: uid, Allowed: true, Warnings: warnings}
}

func deny(uid, message string) answerResponse {
	return answerResponse{UID: uid, Status: &answerStatus{Status: "Failure", Message: message}}
}

func encodeAnswer(response answerResponse) ([]byte, error) {
	return json.Marshal(answer{APIVersion: reviewAPIVersion, Kind: reviewKind, Response: response})
}

// singleLine is a warning as kube-apiserver passes it on: it drops those with line breaks or other control characters.
func singleLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, unicode.IsControl), " ")
}
