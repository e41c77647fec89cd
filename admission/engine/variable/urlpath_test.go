package variable

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// K13: a namespaced Policy calls for its own namespace and nothing else, whatever its path looks like once all variables
// are in it. Nobody is asked.
func TestK13CallsStayInTheNamespace(t *testing.T) {
	policy := eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}
	for _, path := range []string{
		"/api/v1/namespaces/b/secrets", "/api/v1/secrets", "/api/v1/namespaces/a/../b/secrets", "/api/v1/namespaces/a/%2e%2e/b/secrets", "/api/v1/namespaces/a/%2e%2e%2fb/secrets",
		"/api/v1/namespaces/a/..%2fb", "/api/v1//namespaces/a/pods", "/api/v1/namespaces//a/pods", "/api/v1/secrets?x=/namespaces/a/", "/api/v1/secrets?/api/v1/namespaces/a/", "/api/v1/namespaces/b/configmaps?namespace=a",
		"/api/v1/nodes/namespaces/a", "/api/v1/pods/namespaces/a/x", "/apis/apps/v1/deployments", "/apis/namespaces/a/x", "/apis/apps/namespaces/a/x", "/namespaces/a/pods", "/version", "/",
		"/api/v1/namespaces/a\\..\\b", "/api/v1/namespaces/a#/../b", "/api/v1/namespaces/A/pods", "/api/v1/namespaces/ab/pods", "/api/v1/namespaces/a%00/pods", "/api/v1/namespaces/./pods", "api/v1/namespaces/a/pods", "https://evil/api/v1/namespaces/a/pods", "//evil/api/v1/namespaces/a/pods",
		"/api/v1/namespaces/a/pods/%2e%2e/%2e%2e/%2e%2e/secrets", "/api/v1/namespaces/a/pods\n/x", "/api/v1/namespaces/%61%2f..%2fb/pods", "/api/v1/namespaces/a/%252e%252e/b", "/api/v1/watch/namespaces/a/pods",
	} {
		if _, errs := CompileContext([]v1.ContextEntry{{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: path}}}}, policy, field.NewPath("context")); len(errs) == 0 {
			t.Errorf("%q is accepted when it is written", path)
		}
		for _, method := range []v1.HTTPMethod{v1.Get, v1.Post} {
			r := podRequest(t)
			r.Object = eval.Object{"path": path, "rest": strings.TrimPrefix(path, "/api/v1/namespaces/")}
			for _, template := range []string{"{{ request.object.path }}", "/api/v1/namespaces/{{ request.object.rest }}", "/api/v1/namespaces/a/{{ request.object.rest }}/x"} {
				c, errs := CompileContext([]v1.ContextEntry{{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: template, Method: method}, Default: rawJSON(`"default"`)}}}, policy, field.NewPath("context"))
				if len(errs) > 0 {
					t.Fatal(errs)
				}
				l := &lookup{}
				if got, err := mustCompile(t, "{{ x }}").Substitute(NewScope(Config{Request: r, Lookup: l, Policy: policy, Context: c})); err == nil {
					t.Errorf("%s with %q yields %v", template, path, got)
				}
				for _, source := range l.asked {
					t.Errorf("%s with %q asks for %+v", template, path, source.Call)
				}
			}
		}
	}
	for _, template := range []string{"/api/v1/namespaces/{{ request.namespace }}/pods", "/apis/{{ request.name }}/namespaces/a/x", "/api/v1/namespaces/a/pods?x={{ request.name }}", "{{ request.name }}"} {
		if _, errs := CompileContext([]v1.ContextEntry{{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: template}}}}, policy, field.NewPath("context")); len(errs) > 0 {
			t.Errorf("%s: %v", template, errs)
		}
	}
	for _, path := range []string{"/api/v1/namespaces/a", "/api/v1/namespaces/a/", "/api/v1/namespaces/a/pods?labelSelector=x%3Dy", "/apis/apps/v1/namespaces/a/deployments/d"} {
		if err := checkURLPath(path, "a"); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// R11: what an object says is one segment of a path, or one part of a query.
func TestR11URLPath(t *testing.T) {
	for _, test := range []struct{ template, value, want string }{
		{"/api/v1/namespaces/{{ request.object.v }}/pods", "default", "/api/v1/namespaces/default/pods"},
		{"/api/v1/namespaces/{{ request.object.v }}", "../../secrets", "/api/v1/namespaces/..%2F..%2Fsecrets"},
		{"/api/v1/namespaces/{{ request.object.v }}/pods", "a?b#c", "/api/v1/namespaces/a%3Fb%23c/pods"},
		{"/api/v1/namespaces/{{ request.object.v }}", "..", ""},
		{"/api/v1/namespaces/.{{ request.object.v }}", ".", ""},
		{"/api/v1/namespaces/{{ request.object.v }}", "", "/api/v1/namespaces/"},
		{"/api/v1/namespaces/{{ request.object.v }}/pods", "", ""},
		{"/api/v1/pods?labelSelector=app={{ request.object.v }}", "a&limit=1 b", "/api/v1/pods?labelSelector=app=a%26limit%3D1%20b"},
		{"/apis/{{ request.object.v }}/namespaces/x/deployments", "apps/v1", "/apis/apps/v1/namespaces/x/deployments"},
		{"/apis/{{ request.object.v }}/namespaces/x/deployments", "apps/v1/namespaces/y", ""},
		{"/apis/{{ request.object.v }}/namespaces/x/deployments", "../v1", ""},
		{"{{ request.object.v }}", "/api/v1/pods?limit=1", "/api/v1/pods?limit=1"},
		{"{{ request.object.v }}", "/api/v1/../pods", ""},
		{"{{ request.object.v }}/pods", "/api/v1/namespaces/x", "/api/v1/namespaces/x/pods"},
		{"{{ request.object.v }}/pods", "/api/v1/secrets?x=", ""},
	} {
		r := podRequest(t)
		r.Object = eval.Object{"v": test.value}
		l := &lookup{}
		c := mustContext(t, clusterPolicy, v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: test.template}}})
		_, err := mustCompile(t, "{{ x }}").Substitute(NewScope(Config{Request: r, Lookup: l, Policy: clusterPolicy, Context: c}))
		if err == nil {
			t.Fatal("somebody answered")
		}
		var got string
		if len(l.asked) > 0 {
			got = l.asked[0].Call.Path
		}
		// An escaped slash is no part of any name: such a path is never called, and says so.
		if strings.Contains(test.want, "%2F") || strings.Contains(test.want, "%3F") && !strings.Contains(test.want, "?") {
			if got != "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s with %q: asks for %q, %v, want an error with %s", test.template, test.value, got, err, test.want)
			}
		} else if got != test.want {
			t.Errorf("%s with %q: asks for %q, %v, want %q", test.template, test.value, got, err, test.want)
		}
	}
}

func TestR11ServiceURL(t *testing.T) {
	for _, test := range []struct{ template, value, want string }{
		{"http://{{ request.object.v }}.svc/x", "name", "http://name.svc/x"},
		{"http://{{ request.object.v }}.svc/x", "evil/", ""},
		{"http://{{ request.object.v }}.svc/x", "user@evil", ""},
		{"http://host/{{ request.object.v }}/x", "a/b?c", "http://host/a%2Fb%3Fc/x"},
		{"http://host/{{ request.object.v }}/x", "..", ""},
		{"http://host/?q={{ request.object.v }}", "a&b", "http://host/?q=a%26b"},
		{"{{ request.object.v }}", "http://any", "http://any"},
		{"http{{ request.object.v }}", "://evil", ""},
		{"{{ request.object.v }}/path", "http://base", "http://base/path"},
	} {
		r := podRequest(t)
		r.Object = eval.Object{"v": test.value}
		l := &lookup{}
		c := mustContext(t, clusterPolicy, v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{Service: &v1.ServiceCall{URL: test.template}}}})
		_, err := mustCompile(t, "{{ x }}").Substitute(NewScope(Config{Request: r, Lookup: l, Policy: clusterPolicy, Context: c}))
		var got string
		if len(l.asked) > 0 {
			got = l.asked[0].Call.URL
		}
		if got != test.want {
			t.Errorf("%s with %q: calls %q, %v, want %q", test.template, test.value, got, err, test.want)
		}
	}
	r := podRequest(t)
	r.Object = eval.Object{"v": "a\r\nX-Evil: 1"}
	c := mustContext(t, clusterPolicy, v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{Service: &v1.ServiceCall{URL: "http://h", Headers: []v1.HTTPHeader{{Key: "X", Value: "{{ request.object.v }}"}}}}}})
	wantError(t, NewScope(Config{Request: r, Lookup: &lookup{}, Policy: clusterPolicy, Context: c}), "{{ x }}", "control characters")
}
