package lookup

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func object(apiVersion, kind, namespace, name string, labels map[string]any) eval.Object {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	if labels != nil {
		metadata["labels"] = labels
	}
	return eval.Object{"apiVersion": apiVersion, "kind": kind, "metadata": metadata}
}

func list(apiVersion, kind string, items ...any) map[string]any {
	if items == nil {
		items = []any{}
	}
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"resourceVersion": ""}, "items": items}
}

func TestStaticCluster(t *testing.T) {
	podA := object("v1", "Pod", "a", "x", map[string]any{"app": "x"})
	podA["spec"] = map[string]any{"nodeName": "n1"}
	podB := object("v1", "Pod", "b", "x", nil)
	deployment := object("apps/v1", "Deployment", "a", "d", nil)
	policy := object("networking.k8s.io/v1", "NetworkPolicy", "a", "np", nil)
	class := object("cloud.google.com/v1", "ComputeClass", "", "spot", nil)
	ns := object("v1", "Namespace", "", "a", map[string]any{"team": "x"})
	configMap := object("v1", "ConfigMap", "a", "c", nil)
	configMap["data"] = map[string]any{"k": "v"}
	kind := schema.GroupVersionKind{Group: "cloud.google.com", Version: "v1", Kind: "ComputeClass"}
	s, err := NewStatic(StaticConfig{Cluster: &StaticCluster{
		Objects:   []eval.Object{podA, podB, deployment, policy, class, ns, configMap},
		Resources: map[schema.GroupVersionKind]string{kind: "computeclasses"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		want any
		err  string
	}{
		{"/api/v1/pods", list("v1", "PodList", podA, podB), ""},
		{"/api/v1/namespaces/a/pods", list("v1", "PodList", podA), ""},
		{"/api/v1/namespaces/a/pods/x", podA, ""},
		{"/api/v1/namespaces/c/pods/x", nil, "not among the objects"},
		{"/api/v1/pods?labelSelector=app%3Dx", list("v1", "PodList", podA), ""},
		{"/api/v1/pods?labelSelector=app!%3Dx", list("v1", "PodList", podB), ""},
		{"/api/v1/pods?labelSelector=((", nil, "labelSelector"},
		{"/api/v1/pods?fieldSelector=spec.nodeName%3Dn1", list("v1", "PodList", podA), ""},
		{"/api/v1/pods?fieldSelector=metadata.namespace%3Db", list("v1", "PodList", podB), ""},
		{"/api/v1/pods?fieldSelector=x", nil, "fieldSelector"},
		{"/api/v1/services", list("v1", "List"), ""},
		{"/apis/apps/v1/namespaces/a/deployments/d", deployment, ""},
		{"/apis/networking.k8s.io/v1/networkpolicies", list("networking.k8s.io/v1", "NetworkPolicyList", policy), ""},
		{"/apis/cloud.google.com/v1/computeclasses/spot", class, ""},
		{"/api/v1/namespaces/a", ns, ""},
		{"/api/v1/namespaces", list("v1", "NamespaceList", ns), ""},
		{"/api/v1/namespaces/a/pods/x/log", nil, "no subresources"},
		{"/version", nil, "nothing beside resources"},
		{"pods", nil, "begins with one slash"},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			got, err := s.For("r").Read(get(test.path))
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	within := s.For("r")
	got, err := within.Read(eval.Source{ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "c"}})
	if diff := cmp.Diff(map[string]any{"data": map[string]any{"k": "v"}, "metadata": configMap["metadata"]}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	var unavailable *eval.Unavailable
	if _, err := within.Read(eval.Source{ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "x"}}); err == nil || errors.As(err, &unavailable) {
		t.Errorf("a ConfigMap that is not in the cluster: %v", err)
	}
	if got, err := within.Read(eval.Source{Namespace: &eval.NamespaceSource{Name: "a"}}); err != nil || !cmp.Equal(got, any(ns)) {
		t.Errorf("namespace: %v, %v", got, err)
	}
	if got, err := within.NamespaceLabels("a"); err != nil || got["team"] != "x" {
		t.Errorf("labels: %v, %v", got, err)
	}
	got, err = within.Read(eval.Source{Params: &eval.ParamsSource{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "a", Selector: labels.SelectorFromSet(labels.Set{"app": "x"})}})
	if diff := cmp.Diff([]any{podA}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestStaticGiven(t *testing.T) {
	param := object("v1", "ConfigMap", "a", "limits", nil)
	s, err := NewStatic(StaticConfig{
		NamespaceLabels: map[string]map[string]string{"a": {"team": "x"}},
		Roles:           eval.Roles{Roles: []string{"a:r"}, ClusterRoles: []string{"c"}},
		Params:          []eval.Object{param},
		Calls: []CallAnswer{
			{URL: "https://x.example", Body: map[string]any{"any": true}},
			{URL: "https://x.example", Method: "POST", Body: map[string]any{"post": true}},
			{URL: "/api/v1/broken", Status: 503, Body: map[string]any{"message": "down"}},
		},
		Globals: map[string]any{"entry": []any{"x"}, "entry.names": "y"},
		Images:  map[string]any{"nginx:1": map[string]any{"registry": "docker.io"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	within := s.For("r")
	if got, err := within.NamespaceLabels("a"); err != nil || got["team"] != "x" {
		t.Errorf("labels: %v, %v", got, err)
	}
	if got, err := within.NamespaceLabels("b"); err != nil || len(got) > 0 {
		t.Errorf("labels of a namespace that nothing is known of: %v, %v", got, err)
	}
	if got, err := within.RolesOf(nil); err != nil || !cmp.Equal(got, eval.Roles{Roles: []string{"a:r"}, ClusterRoles: []string{"c"}}) {
		t.Errorf("roles: %v, %v", got, err)
	}
	service := func(method string) eval.Source {
		return eval.Source{Call: &eval.CallSource{Method: method, URL: "https://x.example"}}
	}
	configMapKind := schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	tests := []struct {
		name        string
		source      eval.Source
		want        any
		err         string
		unavailable bool
	}{
		{"service", service("GET"), map[string]any{"any": true}, "", false},
		{"service by method", service("POST"), map[string]any{"post": true}, "", false},
		{"failing call", get("/api/v1/broken"), nil, `HTTP 503: {"message":"down"}`, false},
		{"another call", get("/api/v1/pods"), nil, "apiCall GET /api/v1/pods", true},
		{"another service", eval.Source{Call: &eval.CallSource{URL: "https://y.example"}}, nil, "apiCall GET https://y.example", true},
		{"entry", eval.Source{Global: &eval.GlobalSource{Name: "entry"}}, []any{"x"}, "", false},
		{"projection", eval.Source{Global: &eval.GlobalSource{Name: "entry.names"}}, "y", "", false},
		{"another entry", eval.Source{Global: &eval.GlobalSource{Name: "z"}}, nil, "globalReference z", true},
		{"image", eval.Source{Image: &eval.ImageSource{Reference: "nginx:1"}}, map[string]any{"registry": "docker.io"}, "", false},
		{"another image", eval.Source{Image: &eval.ImageSource{Reference: "nginx:2"}}, nil, "imageRegistry nginx:2", true},
		{"ConfigMap", eval.Source{ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "c"}}, nil, "configMap a/c", true},
		{"parameter", eval.Source{Params: &eval.ParamsSource{Kind: configMapKind, Namespace: "a", Name: "limits"}}, []any{param}, "", false},
		{"another parameter", eval.Source{Params: &eval.ParamsSource{Kind: configMapKind, Namespace: "a", Name: "x"}}, []any{}, "", false},
		{"host", eval.Source{Host: &eval.HostSource{Name: "x.example"}}, nil, "x.example", true},
		{"namespace made up", eval.Source{Namespace: &eval.NamespaceSource{Name: "a"}},
			map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "a", "labels": map[string]any{"team": "x"}}}, "", false},
		{"namespace without labels", eval.Source{Namespace: &eval.NamespaceSource{Name: "b"}},
			map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "b"}}, "", false},
		{"nothing", eval.Source{}, nil, "names nothing", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := within.Read(test.source)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("err = %v", err)
			}
			var unavailable *eval.Unavailable
			if errors.As(err, &unavailable) != test.unavailable {
				t.Errorf("err = %v", err)
			}
			if unavailable != nil && unavailable.Remedy == "" {
				t.Error("it does not say how to give it")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStaticParamsUnknown(t *testing.T) {
	s, err := NewStatic(StaticConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var unavailable *eval.Unavailable
	if _, err := s.For("r").Read(eval.Source{Params: &eval.ParamsSource{Name: "x"}}); !errors.As(err, &unavailable) {
		t.Errorf("err = %v", err)
	}
}

func TestBeyond(t *testing.T) {
	server := newAPIServer(t, map[string]string{"/api/v1/pods": `{"kind":"PodList"}`, "/api/v1/namespaces/b": liveNamespace})
	s, err := NewStatic(StaticConfig{
		Calls:           []CallAnswer{{URL: "/api/v1/nodes", Body: "given"}},
		NamespaceLabels: map[string]map[string]string{"a": {"team": "given"}},
		Beyond:          NewCluster(ClusterConfig{REST: server.rest}).Within(t.Context()),
	})
	if err != nil {
		t.Fatal(err)
	}
	within := s.For("r")
	for path, want := range map[string]any{"/api/v1/nodes": "given", "/api/v1/pods": map[string]any{"kind": "PodList"}} {
		if got, err := within.Read(get(path)); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	for name, want := range map[string]string{"a": "given", "b": "live"} {
		if got, err := within.NamespaceLabels(name); err != nil || got["team"] != want {
			t.Errorf("labels of %s: %v, %v", name, got, err)
		}
	}
}

func TestNewStaticRefuses(t *testing.T) {
	for want, config := range map[string]StaticConfig{
		"given twice":                      {Calls: []CallAnswer{{URL: "u"}, {URL: "u"}}},
		"apiVersion and kind are required": {Cluster: &StaticCluster{Objects: []eval.Object{{"kind": "Pod", "metadata": map[string]any{"name": "x"}}}}},
	} {
		if _, err := NewStatic(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want %q", err, want)
		}
	}
}
