package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	corev1listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// apiServer answers GETs by path and query, and counts them.
type apiServer struct {
	answers map[string]string
	status  int

	mu    sync.Mutex
	asked []string
	rest  rest.Interface
}

func newAPIServer(t *testing.T, answers map[string]string) *apiServer {
	t.Helper()
	s := &apiServer{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	s.rest = client.Discovery().RESTClient()
	return s
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if s.status != 0 {
		w.WriteHeader(s.status)
		return
	}
	answer, ok := s.answers[r.URL.RequestURI()]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		answer = `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not there","reason":"NotFound","code":404}`
	}
	_, _ = w.Write([]byte(answer))
}

func (s *apiServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func namespace(name, team string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": team}}}
}

type brokenLister struct{}

func (brokenLister) List(labels.Selector) ([]*corev1.Namespace, error) {
	return nil, errors.New("lister broken")
}
func (brokenLister) Get(string) (*corev1.Namespace, error) { return nil, errors.New("lister broken") }

func lister(t *testing.T, namespaces ...*corev1.Namespace) corev1listers.NamespaceLister {
	t.Helper()
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, ns := range namespaces {
		if err := indexer.Add(ns); err != nil {
			t.Fatal(err)
		}
	}
	return corev1listers.NewNamespaceLister(indexer)
}

const liveNamespace = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","labels":{"team":"live"}}}`

func TestK10NamespaceLabels(t *testing.T) {
	tests := []struct {
		name    string
		lister  corev1listers.NamespaceLister
		live    string
		status  int
		want    map[string]string
		gets    int
		wantErr []string
	}{
		{name: "cached: the API server is not asked", lister: lister(t, namespace("a", "cached")), live: liveNamespace,
			want: map[string]string{"team": "cached"}},
		{name: "not cached: read", lister: lister(t), live: liveNamespace, gets: 1, want: map[string]string{"team": "live"}},
		{name: "nothing watches: read", live: liveNamespace, gets: 1, want: map[string]string{"team": "live"}},
		{name: "lister broken: read", lister: brokenLister{}, live: liveNamespace, gets: 1, want: map[string]string{"team": "live"}},
		{name: "neither cached nor there", lister: lister(t), gets: 1, wantErr: []string{`"a"`, "not there"}},
		{name: "both fail", lister: brokenLister{}, status: http.StatusInternalServerError, gets: 1, wantErr: []string{`"a"`, "/api/v1/namespaces/a"}},
		{name: "no namespace", lister: lister(t), live: `[]`, gets: 1, wantErr: []string{`"a"`, "no object"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := newAPIServer(t, nil)
			if test.live != "" {
				server.answers = map[string]string{"/api/v1/namespaces/a": test.live}
			}
			server.status = test.status
			within := NewCluster(ClusterConfig{REST: server.rest, Namespaces: test.lister}).Within(t.Context())
			for range 2 { // the second time from what was said the first time
				got, err := within.NamespaceLabels("a")
				if (test.wantErr == nil) != (err == nil) {
					t.Fatalf("err = %v", err)
				}
				for _, text := range test.wantErr {
					if !strings.Contains(err.Error(), text) {
						t.Errorf("error %q does not say %q", err, text)
					}
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			}
			if got := len(server.requests()); got != test.gets {
				t.Errorf("%d live reads, want %d", got, test.gets)
			}
		})
	}
}

var (
	clusterPolicy = eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}
	policyInA     = eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}
)

func get(path string) eval.Source {
	return eval.Source{Policy: clusterPolicy, Call: &eval.CallSource{Method: "GET", Path: path}}
}

func TestReadCluster(t *testing.T) {
	server := newAPIServer(t, map[string]string{
		"/api/v1/namespaces/a/pods?labelSelector=x%3Dy": `{"kind":"PodList","items":[{"spec":{"n":1,"f":1.5,"big":9007199254740993}}]}`,
		"/api/v1/namespaces/a/configmaps/c":             `{"kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"live"}}`,
		"/apis/x.io/v1":                                 `{"resources":[{"name":"limits/status","kind":"Limit"},{"name":"limits","kind":"Limit","namespaced":true},{"name":"tiers","kind":"Tier"}]}`,
		"/apis/x.io/v1/namespaces/a/limits/l":           `{"apiVersion":"x.io/v1","kind":"Limit","metadata":{"name":"l"}}`,
		"/apis/x.io/v1/limits?labelSelector=a%3Db":      `{"kind":"LimitList","items":[{"metadata":{"name":"l"}}]}`,
		"/apis/x.io/v1/tiers/t":                         `{"apiVersion":"x.io/v1","kind":"Tier"}`,
		"/text":                                         `secret-text`,
	})
	configMaps := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	if err := configMaps.Add(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "watched"}, Data: map[string]string{"k": "cached"}}); err != nil {
		t.Fatal(err)
	}
	cluster := NewCluster(ClusterConfig{
		REST: server.rest, Namespaces: lister(t, namespace("a", "cached")), ConfigMaps: corev1listers.NewConfigMapLister(configMaps),
	})
	selector := labels.SelectorFromSet(labels.Set{"a": "b"})
	limit, tier := schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "Limit"}, schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "Tier"}
	params := func(p eval.ParamsSource) eval.Source { return eval.Source{Policy: clusterPolicy, Params: &p} }
	tests := []struct {
		name   string
		source eval.Source
		want   any
		err    string
	}{
		{"list with numbers", get("/api/v1/namespaces/a/pods?labelSelector=x=y"), map[string]any{"kind": "PodList", "items": []any{
			map[string]any{"spec": map[string]any{"n": int64(1), "f": 1.5, "big": int64(9007199254740993)}}}}, ""},
		{"not there", get("/api/v1/pods"), nil, "GET /api/v1/pods: not there"},
		{"no JSON, and not quoted", get("/text"), nil, "the answer is no JSON"},
		{"watch", get("/api/v1/pods?watch=true"), nil, "a watch never ends"},
		{"watch, spelt oddly", get("/api/v1/pods?watch=yes"), nil, "a watch never ends"},
		{"the old watch", get("/api/v1/watch/pods"), nil, "a watch never ends"},
		{"POST", eval.Source{Call: &eval.CallSource{Method: "POST", Path: "/api/v1/pods"}}, nil, "only GET"},
		{"service", eval.Source{Call: &eval.CallSource{Method: "GET", URL: "https://x"}}, nil, "calls to services"},
		{"image", eval.Source{Image: &eval.ImageSource{Reference: "x"}}, nil, "cannot be read in a cluster yet"},
		{"global", eval.Source{Global: &eval.GlobalSource{Name: "x"}}, nil, "cannot be read in a cluster yet"},
		{"nothing", eval.Source{}, nil, "names nothing"},
		{"ConfigMap", eval.Source{Policy: clusterPolicy, ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "c"}},
			map[string]any{"data": map[string]any{"k": "live"}, "metadata": map[string]any{"name": "c"}}, ""},
		{"watched ConfigMap", eval.Source{Policy: clusterPolicy, ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "watched"}},
			map[string]any{"data": map[string]any{"k": "cached"}, "metadata": map[string]any{"name": "watched", "namespace": "a"}}, ""},
		{"no ConfigMap", eval.Source{Policy: clusterPolicy, ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "x"}}, nil, "configMap a/x: "},
		{"R11 ConfigMap by a name that is a path", eval.Source{Policy: clusterPolicy, ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "../secrets/x"}}, nil, "is no name"},
		{"Namespace", eval.Source{Policy: clusterPolicy, Namespace: &eval.NamespaceSource{Name: "a"}},
			map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "a", "labels": map[string]any{"team": "cached"}},
				"spec": map[string]any{}, "status": map[string]any{}}, ""},
		{"parameter", params(eval.ParamsSource{Kind: limit, Namespace: "a", Name: "l"}),
			[]any{map[string]any{"apiVersion": "x.io/v1", "kind": "Limit", "metadata": map[string]any{"name": "l"}}}, ""},
		{"no such parameter", params(eval.ParamsSource{Kind: limit, Namespace: "a", Name: "x"}), []any{}, ""},
		{"parameters of all namespaces", params(eval.ParamsSource{Kind: limit, Selector: selector}),
			[]any{map[string]any{"apiVersion": "x.io/v1", "kind": "Limit", "metadata": map[string]any{"name": "l"}}}, ""},
		{"parameter without its namespace", params(eval.ParamsSource{Kind: limit, Name: "l"}), nil, "its namespace is not known"},
		{"cluster-scoped parameter", params(eval.ParamsSource{Kind: tier, Name: "t", Namespace: "a"}),
			[]any{map[string]any{"apiVersion": "x.io/v1", "kind": "Tier"}}, ""},
		{"no such kind", params(eval.ParamsSource{Kind: schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "No"}, Name: "t"}), nil, "serves no such kind in x.io/v1"},
		{"no such group", params(eval.ParamsSource{Kind: schema.GroupVersionKind{Group: "y.io", Version: "v1", Kind: "No"}, Name: "t"}), nil, "not there"},
		{"addresses", eval.Source{Host: &eval.HostSource{Name: "127.0.0.1"}}, []any{"127.0.0.1"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := cluster.Within(t.Context()).Read(test.source)
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Fatalf("err = %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret-text") {
				t.Errorf("%q quotes what was read", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, request := range server.requests() {
		if strings.Contains(request, "secrets") || strings.Contains(request, "watch") {
			t.Errorf("sent: %s", request)
		}
	}
}

// K13, K14, R09 what a namespaced policy may not be shown is not asked for.
func TestK13K14R09NothingLeavesForAnotherNamespace(t *testing.T) {
	server := newAPIServer(t, nil)
	cluster := NewCluster(ClusterConfig{REST: server.rest, Namespaces: lister(t, namespace("b", "x"))})
	static, err := NewStatic(StaticConfig{
		Cluster: &StaticCluster{Objects: []eval.Object{
			{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"namespace": "b", "name": "s"}},
			{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "b", "name": "c"}},
		}},
		Globals: map[string]any{"g": "x"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var sources []eval.Source
	for _, path := range []string{
		"/api/v1/namespaces/b/secrets", "/api/v1/secrets", "/api/v1/namespaces/a/../b/secrets", "/api/v1/namespaces/a/%2e%2e%2fb/secrets",
		"/api/v1//namespaces/a/secrets", "/api/v1/secrets?namespace=/namespaces/a/", "/api/v1/namespaces/b", "/version",
	} {
		sources = append(sources, eval.Source{Call: &eval.CallSource{Method: "GET", Path: path}})
	}
	sources = append(sources,
		eval.Source{Call: &eval.CallSource{Method: "POST", Path: "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews"}},
		eval.Source{Call: &eval.CallSource{Method: "GET", URL: "https://example.com"}},
		eval.Source{ConfigMap: &eval.ConfigMapSource{Namespace: "b", Name: "c"}},
		eval.Source{Params: &eval.ParamsSource{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: "b", Name: "c"}},
		eval.Source{Params: &eval.ParamsSource{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}}},
		eval.Source{Namespace: &eval.NamespaceSource{Name: "b"}},
		eval.Source{Global: &eval.GlobalSource{Name: "g"}},
	)
	for name, lookup := range map[string]eval.Lookup{"cluster": cluster.Within(t.Context()), "static": static.For("x")} {
		for _, source := range sources {
			source.Policy = policyInA
			if got, err := lookup.Read(source); err == nil {
				t.Errorf("%s: %+v: read %v", name, source, got)
			}
		}
	}
	if got := server.requests(); len(got) > 0 {
		t.Errorf("sent: %v", got)
	}
}

func TestD08ReadsArePerRequestAndBounded(t *testing.T) {
	answers := map[string]string{}
	for i := range 10_000 {
		answers[fmt.Sprintf("/api/v1/namespaces/a/pods/%d", i)] = `{}`
	}
	server := newAPIServer(t, answers)
	cluster := NewCluster(ClusterConfig{REST: server.rest})
	within := cluster.Within(t.Context())
	for range 10_000 {
		if _, err := within.Read(get("/api/v1/namespaces/a/pods/1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(server.requests()); got != 1 {
		t.Errorf("%d requests for one thing", got)
	}
	var err error
	for i := range 10_000 {
		if _, err = within.Read(get(fmt.Sprintf("/api/v1/namespaces/a/pods/%d", i))); err != nil {
			break
		}
	}
	if got := len(server.requests()); err == nil || !strings.Contains(err.Error(), "more than 100 different things") || got != maxReads {
		t.Errorf("%d requests, err = %v", got, err)
	}
	if _, err := cluster.Within(t.Context()).Read(get("/api/v1/namespaces/a/pods/1")); err != nil || len(server.requests()) != maxReads+1 {
		t.Errorf("the next request reads anew: err = %v after %d requests", err, len(server.requests()))
	}
}

func TestD08Deadline(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	defer close(release)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: hanging.URL})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ request, call time.Duration }{
		"of the request": {50 * time.Millisecond, time.Minute},
		"of the call":    {time.Minute, 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), test.request)
			defer cancel()
			began := time.Now()
			_, err := NewCluster(ClusterConfig{REST: client.Discovery().RESTClient(), Timeout: test.call}).Within(ctx).Read(get("/api/v1/pods"))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	fits, _ := json.Marshal(map[string]any{"x": strings.Repeat("a", 900)})
	large, _ := json.Marshal(map[string]any{"x": strings.Repeat("a", 2000)})
	answers := map[string]string{"/large": string(large)}
	for i := range 20 {
		answers[fmt.Sprintf("/fits/%d", i)] = string(fits)
	}
	server := newAPIServer(t, answers)
	cluster := NewCluster(ClusterConfig{REST: server.rest, MaxAnswer: 1000})
	if _, err := cluster.Within(t.Context()).Read(get("/large")); err == nil || !strings.Contains(err.Error(), "larger than 1000 bytes") {
		t.Errorf("err = %v", err)
	}
	within := cluster.Within(t.Context())
	var err error
	read := 0
	for ; read < 20 && err == nil; read++ {
		_, err = within.Read(get(fmt.Sprintf("/fits/%d", read)))
	}
	if err == nil || read > maxAnswersTotal+2 {
		t.Errorf("%d answers, err = %v", read, err)
	}
}

func TestRolesWithoutUserOrBindings(t *testing.T) {
	within := NewCluster(ClusterConfig{}).Within(t.Context())
	if roles, err := within.RolesOf(nil); err != nil || len(roles.Roles)+len(roles.ClusterRoles) > 0 {
		t.Errorf("of nobody: %v, %v", roles, err)
	}
	if _, err := within.RolesOf(&eval.User{Name: "x"}); err == nil {
		t.Error("roles out of nothing")
	}
}

// U19 what is read is in no log, at whatever verbosity of ours.
func TestU19NothingReadIsLogged(t *testing.T) {
	var log bytes.Buffer
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "v": "7"} {
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	klog.SetOutput(&log)
	t.Cleanup(func() {
		klog.Flush()
		_ = flags.Set("v", "0")
		_ = flags.Set("logtostderr", "true")
	})
	const canary = "canary-7f3a"
	server := newAPIServer(t, map[string]string{
		"/api/v1/namespaces/a/configmaps/c": `{"data":{"k":"` + canary + `"}}`,
		"/api/v1/namespaces/a/secrets/s":    `{"data":{"k":"` + canary + `"}}`,
		"/broken":                           `{"` + canary,
		"/large":                            `{"k":"` + strings.Repeat(canary, 1000) + `"}`,
	})
	within := NewCluster(ClusterConfig{REST: server.rest, MaxAnswer: 1000}).Within(t.Context())
	for _, source := range []eval.Source{
		{Policy: clusterPolicy, ConfigMap: &eval.ConfigMapSource{Namespace: "a", Name: "c"}},
		get("/api/v1/namespaces/a/secrets/s"), get("/broken"), get("/large"),
	} {
		if _, err := within.Read(source); err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("the error holds what was read: %v", err)
		}
	}
	klog.Flush()
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log holds what was read:\n%s", log.String())
	}
	if !strings.Contains(log.String(), "/api/v1/namespaces/a/configmaps/c") {
		t.Errorf("the log was not captured: %q", log.String())
	}
}
