package webhook

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestDecodeReview(t *testing.T) {
	body := []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",
		"kind":{"group":"apps","version":"v1","kind":"Scale"},"resource":{"group":"apps","version":"v1","resource":"deployments"},
		"subResource":"scale","requestKind":{"group":"extensions","version":"v1beta1","kind":"Scale"},
		"name":"web","namespace":"team","operation":"UPDATE","dryRun":true,
		"userInfo":{"username":"jane","uid":"7","groups":["dev","ops"],"extra":{"scopes":["a","b"]}},
		"object":{"spec":{"replicas":3,"big":9007199254740993,"ratio":1.5,"none":null,"yes":true,"list":[1,"x"]}},
		"oldObject":{"spec":{"replicas":1}},"options":{"kind":"UpdateOptions","fieldManager":"kubectl"}}}`)
	got, err := decodeReview(body)
	if err != nil {
		t.Fatal(err)
	}
	want := &eval.Request{
		UID: "u", Kind: schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Scale"},
		Resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, Subresource: "scale",
		Namespace: "team", Name: "web", Operation: eval.Update, DryRun: true,
		User: &eval.User{Name: "jane", UID: "7", Groups: []string{"dev", "ops"}, Extra: map[string][]string{"scopes": {"a", "b"}}},
		Object: eval.Object{"spec": map[string]any{"replicas": int64(3), "big": int64(9007199254740993), "ratio": 1.5,
			"none": nil, "yes": true, "list": []any{int64(1), "x"}}},
		OldObject: eval.Object{"spec": map[string]any{"replicas": int64(1)}},
		Options:   eval.Object{"kind": "UpdateOptions", "fieldManager": "kubectl"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNamespaceLiesInNoNamespace(t *testing.T) {
	got, err := decodeReview(encode(t, reviewOf(map[string]any{
		"kind": map[string]any{"version": "v1", "kind": "Namespace"}, "resource": map[string]any{"version": "v1", "resource": "namespaces"},
		"name": "team", "namespace": "team",
	})))
	if err != nil || got.Namespace != "" || got.Name != "team" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestW03ConfusedReviews(t *testing.T) {
	valid := encode(t, reviewOf(map[string]any{"object": bad}))
	change := func(changes map[string]any) []byte { return encode(t, reviewOf(changes)) }
	top := func(key string, value any) []byte {
		review := reviewOf(nil)
		review[key] = value
		return encode(t, review)
	}
	tests := map[string][]byte{
		"empty":                           nil,
		"null":                            []byte("null"),
		"a list":                          []byte("[]"),
		"a string":                        []byte(`"AdmissionReview"`),
		"not JSON":                        []byte("apiVersion: admission.k8s.io/v1"),
		"truncated":                       valid[:len(valid)-1],
		"two documents":                   append(bytes.Clone(valid), valid...),
		"two requests":                    []byte(strings.Replace(string(valid), `"request":`, `"request":{"uid":"1"},"request":`, 1)),
		"M12 a field of the object twice": bytes.Replace(valid, []byte(`"kind":"Pod","metadata"`), []byte(`"kind":"Pod","kind":"Pod","metadata"`), 1),
		"trailing data":                   append(bytes.Clone(valid), "x"...),
		"version v1beta1":                 top("apiVersion", "admission.k8s.io/v1beta1"),
		"no version":                      top("apiVersion", ""),
		"another kind":                    top("kind", "Pod"),
		"keys in another case":            bytes.Replace(valid, []byte(`"request"`), []byte(`"Request"`), 1),
		"null request":                    top("request", nil),
		"request is a list":               top("request", []any{}),
		"only a response":                 []byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"4f3c","allowed":true}}`),
		"no uid":                          change(map[string]any{"uid": nil}),
		"empty uid":                       change(map[string]any{"uid": ""}),
		"uid is a number":                 change(map[string]any{"uid": 7}),
		"no kind":                         change(map[string]any{"kind": nil}),
		"no resource":                     change(map[string]any{"resource": nil}),
		"no operation":                    change(map[string]any{"operation": nil}),
		"operation in lower case":         change(map[string]any{"operation": "create"}),
		"operation is not one":            change(map[string]any{"operation": "*"}),
		"object is a string":              change(map[string]any{"object": "pod"}),
		"object is a list":                change(map[string]any{"object": []any{good}}),
		"D02 depth of 100k arrays":        []byte(strings.Repeat("[", 100_000)),
		"D02 depth of 100k in the object": []byte(strings.Replace(string(change(map[string]any{"object": map[string]any{"x": "DEEP"}})), `"DEEP"`,
			strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000), 1)),
	}
	s := newServer(t, Config{Policies: policies{}}) // nothing would be refused
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			status, answer := post(t, s, failPath, body)
			if status != http.StatusBadRequest {
				t.Errorf("%d: %s", status, answer)
			}
			if bytes.Contains(answer, []byte("allowed")) {
				t.Errorf("an answer: %s", answer)
			}
		})
	}
}

func TestM05IncompleteReviews(t *testing.T) {
	tests := []struct {
		name    string
		changes map[string]any
		missing string
	}{
		{"UPDATE without oldObject", map[string]any{"operation": "UPDATE"}, "request.oldObject"},
		{"DELETE without oldObject", map[string]any{"operation": "DELETE", "object": nil}, "request.oldObject"},
		{"UPDATE without object", map[string]any{"operation": "UPDATE", "object": nil, "oldObject": good}, "request.object"},
		{"CREATE without object", map[string]any{"object": nil}, "request.object"},
		{"CREATE", nil, ""},
		{"UPDATE", map[string]any{"operation": "UPDATE", "oldObject": good}, ""},
		{"DELETE", map[string]any{"operation": "DELETE", "object": nil, "oldObject": good}, ""},
		{"CONNECT without options", map[string]any{"operation": "CONNECT", "object": nil}, ""},
	}
	s := newServer(t, Config{Policies: policies{}}) // nothing else would refuse
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, path := range []string{failPath, ignorePath} {
				got := ask(t, s, path, reviewOf(test.changes))
				if got.UID != "4f3c" {
					t.Errorf("uid %q", got.UID)
				}
				if test.missing == "" {
					if !got.Allowed {
						t.Errorf("denied: %s", got.Status.Message)
					}
					continue
				}
				if got.Allowed || !strings.Contains(got.Status.Message, test.missing) {
					t.Errorf("%+v does not refuse for want of %s", got, test.missing)
				}
			}
		})
	}
}

// M05 on UPDATE and DELETE the engine sees old and new as they were sent.
func TestM05ObjectsReachTheEngineUnmodified(t *testing.T) {
	req, err := decodeReview(encode(t, reviewOf(map[string]any{"operation": "UPDATE", "object": good, "oldObject": bad})))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(req.Object, good) || !reflect.DeepEqual(req.OldObject, bad) {
		t.Errorf("%v and %v", req.Object, req.OldObject)
	}
}

func TestSingleLine(t *testing.T) {
	if got := singleLine("a\nb\r\n\tc\x00d\x7fe\u0085f\u009b"); got != "a b c d e f" {
		t.Errorf("%q", got)
	}
}

// FuzzDecodeReview: whatever arrives, either there is an error, or a request that says what it is about, read as
// encoding/json reads it.
func FuzzDecodeReview(f *testing.F) {
	f.Add(encode(f, reviewOf(nil)))
	f.Add(encode(f, reviewOf(map[string]any{"operation": "DELETE", "object": nil, "oldObject": bad})))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`))
	f.Add([]byte(`{}{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := decodeReview(body)
		if err != nil {
			return
		}
		if req.UID == "" || req.Operation == "" || req.Kind.Kind == "" || req.User == nil {
			t.Errorf("accepted: %+v", req)
		}
		if !json.Valid(body) {
			t.Errorf("accepted, though not one JSON document: %q", body)
		}
		response, err := encodeAnswer(deny(req.UID, req.Name))
		if err != nil || !denied(response) {
			t.Errorf("the answer to it is %s, %v", response, err)
		}
	})
}

func BenchmarkDecodeReview(b *testing.B) {
	body := benchmarkReview(b)
	b.Run("review", func(b *testing.B) {
		for b.Loop() {
			if _, err := decodeReview(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json-map", func(b *testing.B) {
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(body, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// benchmarkReview is a review of a Pod of ordinary size.
func benchmarkReview(tb testing.TB) []byte {
	tb.Helper()
	raw, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		tb.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		tb.Fatal(err)
	}
	return encode(tb, reviewOf(map[string]any{"object": object}))
}
