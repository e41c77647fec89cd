package lookup

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// loaders are rules that look at what lies outside of the namespace a, each by another way. Labels of the object hold
// what the author of the object would like to be read.
var loaders = map[string]string{
	"configMap":                             `context: [{name: x, configMap: {name: c, namespace: b}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"configMap by a variable":               `context: [{name: x, configMap: {name: c, namespace: "{{ request.object.metadata.labels.ns }}"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"configMap by its name":                 `context: [{name: x, configMap: {name: "{{ request.object.metadata.labels.up }}"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"configMap in foreach":                  `validate: {foreach: [{list: request.object.items, context: [{name: x, configMap: {name: c, namespace: b}}], deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}]}`,
	"apiCall":                               `context: [{name: x, apiCall: {urlPath: /api/v1/namespaces/b/secrets}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall of the cluster":                `context: [{name: x, apiCall: {urlPath: /api/v1/secrets}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall by a variable":                 `context: [{name: x, apiCall: {urlPath: "/api/v1/namespaces/{{ request.object.metadata.labels.ns }}/secrets"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall by dots":                       `context: [{name: x, apiCall: {urlPath: "/api/v1/namespaces/a/{{ request.object.metadata.labels.up }}"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall by encoded dots":               `context: [{name: x, apiCall: {urlPath: "/api/v1/namespaces/a/%2e%2e%2fb/secrets"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall by a doubled slash":            `context: [{name: x, apiCall: {urlPath: "/api/v1//namespaces/a/secrets"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall with a namespace in the query": `context: [{name: x, apiCall: {urlPath: "/api/v1/secrets?namespace=/api/v1/namespaces/a/"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall that is a variable":            `context: [{name: x, apiCall: {urlPath: "{{ request.object.metadata.labels.path }}"}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"apiCall that asks for rights":          `context: [{name: x, apiCall: {urlPath: /apis/authorization.k8s.io/v1/subjectaccessreviews, method: POST, data: [{key: spec, value: {user: b}}]}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"service":                               `context: [{name: x, apiCall: {service: {url: "https://b.svc"}}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"globalReference":                       `context: [{name: x, globalReference: {name: g}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"imageRegistry":                         `context: [{name: x, imageRegistry: {reference: r, imageRegistryCredentials: {secrets: [b/s]}}}], validate: {deny: {conditions: {any: [{key: "{{ x }}", operator: Equals, value: y}]}}}`,
	"parameters":                            `validate: {cel: {paramKind: {apiVersion: v1, kind: ConfigMap}, paramRef: {name: c, namespace: b, parameterNotFoundAction: Deny}, expressions: [{expression: "params.data.k == 'y'"}]}}`,
	"parameters that are in no namespace":   `validate: {cel: {paramKind: {apiVersion: v1, kind: Node}, paramRef: {selector: {}, parameterNotFoundAction: Deny}, expressions: [{expression: "params.metadata.name == 'y'"}]}}`,
	"a host's name":                         `validate: {deny: {conditions: {any: [{key: "{{ is_external_url('https://127.0.0.1.nip.test') }}", operator: Equals, value: y}]}}}`,
	"CEL's authorizer":                      `validate: {cel: {expressions: [{expression: "authorizer.group('').resource('secrets').namespace('b').check('get').allowed()"}]}}`,
}

// K13, K14, R09: whatever a rule of a Policy reads by, it reads nothing of other namespaces and of the cluster: the rule
// is an error, and no request leaves. A ClusterPolicy that says the same may ask.
func TestK13K14R09EveryLoader(t *testing.T) {
	server := newAPIServer(t, map[string]string{
		"/api/v1": `{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true},{"name":"nodes","kind":"Node"}]}`,
	})
	cluster := NewCluster(ClusterConfig{REST: server.rest})
	static, err := NewStatic(StaticConfig{
		Cluster: &StaticCluster{Objects: []eval.Object{
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "b", "name": "c"}, "data": map[string]any{"k": "y"}},
			{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "y"}},
		}},
		Globals: map[string]any{"g": "x"}, Images: map[string]any{"r": "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	req := &eval.Request{
		Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "a", Name: "p", Operation: eval.Create,
		Object: eval.Object{
			"apiVersion": "v1", "kind": "Pod", "items": []any{map[string]any{}},
			"metadata": map[string]any{"name": "p", "namespace": "a", "labels": map[string]any{"ns": "b", "up": "../b", "path": "/api/v1/namespaces/b/secrets"}},
		},
	}
	for name, rule := range loaders {
		t.Run(name, func(t *testing.T) {
			var spec v1.Spec
			if err := yaml.UnmarshalStrict([]byte(`rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, `+rule+`}]`), &spec); err != nil {
				t.Fatal(err)
			}
			own := &v1.Policy{Spec: spec}
			own.Name, own.Namespace = "p", "a"
			program, _ := engine.Compile(own)
			for edge, lookup := range map[string]eval.Lookup{"cluster": cluster.Within(t.Context()), "static": static.For("p")} {
				got := engine.Evaluate(engine.Input{Programs: []*engine.Program{program}, Request: req, Lookup: lookup})
				if len(got) != 1 || got[0].Result != eval.Error {
					t.Errorf("%s: %+v", edge, got)
				}
			}
		})
	}
	for _, request := range server.requests() {
		if request != "GET /api/v1" {
			t.Errorf("sent: %s", request)
		}
	}
}

// What is refused above is refused because of whose it is: the same loaders of a ClusterPolicy reach the API server.
func TestLoadersOfAClusterPolicy(t *testing.T) {
	for name, want := range map[string]string{
		"configMap": "/api/v1/namespaces/b/configmaps/c", "apiCall": "/api/v1/namespaces/b/secrets", "apiCall of the cluster": "/api/v1/secrets",
		"apiCall that is a variable": "/api/v1/namespaces/b/secrets", "parameters": "/api/v1/namespaces/b/configmaps/c", "parameters that are in no namespace": "/api/v1/nodes",
	} {
		t.Run(name, func(t *testing.T) {
			server := newAPIServer(t, map[string]string{
				"/api/v1": `{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true},{"name":"nodes","kind":"Node"}]}`,
			})
			policy := &v1.ClusterPolicy{}
			if err := yaml.UnmarshalStrict([]byte(`rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, `+loaders[name]+`}]`), &policy.Spec); err != nil {
				t.Fatal(err)
			}
			policy.Name = "p"
			program, errs := engine.Compile(policy)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			engine.Evaluate(engine.Input{Programs: []*engine.Program{program}, Lookup: NewCluster(ClusterConfig{REST: server.rest}).Within(t.Context()), Request: &eval.Request{
				Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "a", Operation: eval.Create,
				Object: eval.Object{"metadata": map[string]any{"labels": map[string]any{"path": "/api/v1/namespaces/b/secrets"}}},
			}})
			if got := strings.Join(server.requests(), " "); !strings.HasSuffix(got, want) {
				t.Errorf("asked for %s", got)
			}
		})
	}
}
