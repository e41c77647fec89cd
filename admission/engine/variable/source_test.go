package variable

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestSources(t *testing.T) {
	insecure := true
	entries := []v1.ContextEntry{
		{Name: "cm", ConfigMap: &v1.ConfigMapReference{Name: "{{ request.object.metadata.name }}-settings", Namespace: "{{ request.namespace }}"}},
		{Name: "get", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/namespaces/{{ request.namespace }}/pods"}, JMESPath: "items[?name=='{{ request.object.metadata.name }}'] | length(@)"}},
		{Name: "post", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/apis/authorization.k8s.io/v1/subjectaccessreviews", Method: v1.Post,
			Data: []v1.RequestData{{Key: "kind", Value: rawJSON(`"Review"`)}, {Key: "spec", Value: rawJSON(`{"user": "{{ request.object.metadata.name }}", "n": 1}`)}}}}},
		{Name: "service", APICall: &v1.ContextAPICall{APICall: v1.APICall{Method: v1.Post, Service: &v1.ServiceCall{
			URL: "https://{{ request.object.metadata.name }}.svc/scan/{{ request.object.metadata.annotations.path }}", CABundle: "PEM",
			Headers: []v1.HTTPHeader{{Key: "X-Name", Value: "{{ request.object.metadata.name }}"}}}}}},
		{Name: "image", ImageRegistry: &v1.ImageRegistry{Reference: "{{ request.object.spec.containers[0].image }}", JMESPath: "configData.user",
			ImageRegistryCredentials: &v1.ImageRegistryCredentials{AllowInsecureRegistry: &insecure, Providers: []v1.ImageRegistryProvider{v1.ProviderDefault}, Secrets: []string{"s"}}}},
		{Name: "global", GlobalReference: &v1.GlobalContextReference{Name: "deployments", JMESPath: "length(@)"}},
	}
	l := &lookup{answers: map[string]any{
		"configmap default/p-settings":                            map[string]any{"data": map[string]any{"k": "v"}},
		"GET /api/v1/namespaces/default/pods":                     map[string]any{"items": []any{map[string]any{"name": "p"}, map[string]any{"name": "q"}}},
		"POST /apis/authorization.k8s.io/v1/subjectaccessreviews": map[string]any{"allowed": true},
		"POST https://p.svc/scan/..%2F..%2Fsecrets%3Fx=1%23y":     map[string]any{"ok": true},
		"image nginx:1":      map[string]any{"configData": map[string]any{"user": "root"}},
		"global deployments": []any{"a", "b", "c"},
	}}
	s := NewScope(Config{Request: podRequest(t), Lookup: l, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, entries...)})
	for template, want := range map[string]string{
		"{{ cm.data.k }}": `"v"`, "{{ get }}": `1`, "{{ post.allowed }}": `true`, "{{ service.ok }}": `true`, "{{ image }}": `"root"`, "{{ global }}": `3`,
	} {
		wantValue(t, s, template, want)
	}
	for _, source := range l.asked {
		if source.Policy != clusterPolicy {
			t.Errorf("%+v does not name the policy", source)
		}
		switch {
		case source.Call != nil && source.Call.URL != "":
			if source.Call.Headers["X-Name"] != "p" || source.Call.CABundle != "PEM" {
				t.Errorf("the service is called with %+v", source.Call)
			}
		case source.Call != nil && source.Call.Method == "POST":
			if got := encoded(t, source.Call.Body); got != `{"kind":"Review","spec":{"n":1,"user":"p"}}` {
				t.Errorf("the body is %s", got)
			}
		case source.Image != nil:
			if !source.Image.AllowInsecure || fmt.Sprint(source.Image.Providers, source.Image.Secrets) != "[default] [s]" {
				t.Errorf("the registry is asked with %+v", source.Image)
			}
		}
	}
}

// K14: whichever entry of a namespaced Policy names another namespace, it is refused, when it is written and when it is
// evaluated.
func TestK14ForeignNamespaces(t *testing.T) {
	policy := eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}
	secret := func(s string) v1.ContextEntry {
		return v1.ContextEntry{Name: "x", ImageRegistry: &v1.ImageRegistry{Reference: "r", ImageRegistryCredentials: &v1.ImageRegistryCredentials{Secrets: []string{s}}}}
	}
	for _, e := range []v1.ContextEntry{
		{Name: "x", ConfigMap: &v1.ConfigMapReference{Name: "c", Namespace: "b"}},
		{Name: "x", ConfigMap: &v1.ConfigMapReference{Name: "c", Namespace: "{{ request.object.metadata.labels.ns }}"}},
		{Name: "x", ConfigMap: &v1.ConfigMapReference{Name: "c", Namespace: "{{ 'b' }}"}},
		{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/namespaces/b/secrets"}}},
		{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/secrets"}}},
		{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{Service: &v1.ServiceCall{URL: "http://b.svc"}}}},
		{Name: "x", GlobalReference: &v1.GlobalContextReference{Name: "g"}},
		secret("b/s"), secret("s"), secret("a/../b/s"), secret("{{ 'b/s' }}"),
	} {
		if _, errs := CompileContext([]v1.ContextEntry{e}, policy, field.NewPath("context")); len(errs) == 0 {
			t.Errorf("%+v is accepted", e)
		}
	}
	l := &lookup{answers: map[string]any{"configmap a/c": "own", "configmap b/c": "foreign"}}
	own := mustContext(t, policy, v1.ContextEntry{Name: "x", ConfigMap: &v1.ConfigMapReference{Name: "c"}})
	wantValue(t, NewScope(Config{Request: podRequest(t), Lookup: l, Policy: policy, Context: own}), "{{ x }}", `"own"`)
	foreign := own.entries[0].source.(*configMapSource)
	foreign.namespace = mustCompile(t, "{{ 'b' }}")
	l.asked = nil
	wantError(t, NewScope(Config{Request: podRequest(t), Lookup: l, Policy: policy, Context: own}), "{{ x }}", "a Policy of namespace a may not read ConfigMaps of namespace b")
	if len(l.asked) > 0 {
		t.Errorf("%+v was asked", l.asked)
	}
}
