package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// server is an API server as far as the command line reads it.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

// newServer serves paths with objects. Lists of pods come in pages of the size that is asked for.
func newServer(t *testing.T, pods int) *server {
	t.Helper()
	resource := func(name, kind string, namespaced bool, verbs ...string) map[string]any {
		return map[string]any{"name": name, "kind": kind, "namespaced": namespaced, "verbs": verbs}
	}
	list := func(version string, resources ...map[string]any) any {
		return map[string]any{"kind": "APIResourceList", "groupVersion": version, "resources": resources}
	}
	answers := map[string]any{
		"/api": map[string]any{"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis": map[string]any{"kind": "APIGroupList", "groups": []any{map[string]any{
			"name": "kyverno.io", "versions": []any{map[string]any{"groupVersion": "kyverno.io/v1", "version": "v1"}},
			"preferredVersion": map[string]any{"groupVersion": "kyverno.io/v1", "version": "v1"},
		}}},
		"/api/v1": list("v1",
			resource("pods", "Pod", true, "get", "list"), resource("pods/exec", "PodExecOptions", true, "create"),
			resource("nodes", "Node", false, "list"), resource("bindings", "Binding", true, "create"),
			resource("secrets", "Secret", true, "list"),
		),
		"/apis/kyverno.io/v1": list("kyverno.io/v1", resource("clusterpolicies", "ClusterPolicy", false, "list")),
		"/apis/kyverno.io/v1/clusterpolicies": map[string]any{"kind": "ClusterPolicyList", "apiVersion": "kyverno.io/v1", "items": []any{
			map[string]any{"kind": "ClusterPolicy", "apiVersion": "kyverno.io/v1", "metadata": map[string]any{"name": "p"}},
		}},
		"/apis/kyverno.io/v1/policies": map[string]any{"kind": "PolicyList", "apiVersion": "kyverno.io/v1", "items": []any{}},
		"/api/v1/nodes": map[string]any{"kind": "NodeList", "apiVersion": "v1", "items": []any{
			map[string]any{"kind": "Node", "apiVersion": "v1", "metadata": map[string]any{"name": "node"}},
		}},
		"/api/v1/namespaces/n":              map[string]any{"kind": "Namespace", "apiVersion": "v1", "metadata": map[string]any{"name": "n", "labels": map[string]any{"a": "b"}}},
		"/api/v1/namespaces/n/configmaps/c": map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"name": "c"}, "data": map[string]any{"k": "v"}},
	}
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.URL.String())
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[r.URL.Path]
		switch {
		case strings.HasSuffix(r.URL.Path, "/pods"):
			answer = podPage(r, pods)
		case strings.HasSuffix(r.URL.Path, "/secrets"):
			w.WriteHeader(http.StatusForbidden)
			answer = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "secrets is forbidden"}
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			answer = map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func podPage(r *http.Request, pods int) any {
	var start, limit int
	_, _ = fmt.Sscan(r.URL.Query().Get("continue"), &start)
	_, _ = fmt.Sscan(r.URL.Query().Get("limit"), &limit)
	end := min(start+limit, pods)
	items := []any{}
	for i := start; i < end; i++ {
		items = append(items, map[string]any{"kind": "Pod", "apiVersion": "v1", "metadata": map[string]any{"name": fmt.Sprint("pod-", i), "namespace": "n"}})
	}
	metadata := map[string]any{}
	if end < pods {
		metadata["continue"] = fmt.Sprint(end)
	}
	return map[string]any{"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}
}

func (s *server) count(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func (s *server) connect(t *testing.T, config Config) *Cluster {
	t.Helper()
	config.Kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"a","clusters":[{"name":"c","cluster":{"server":%q}}],
"contexts":[{"name":"a","context":{"cluster":"c","user":"u"}},{"name":"broken","context":{"cluster":"gone","user":"u"}}],"users":[{"name":"u","user":{"token":"t"}}]}`, s.URL)
	if err := os.WriteFile(config.Kubeconfig, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func names(objects []eval.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o["metadata"].(map[string]any)["name"].(string))
	}
	return out
}

func only(kinds ...string) func(schema.GroupVersionKind) bool {
	return func(k schema.GroupVersionKind) bool { return slices.Contains(kinds, k.Kind) }
}

func TestResourcesComeInPages(t *testing.T) {
	s := newServer(t, 25)
	objects, errs := s.connect(t, Config{PageSize: 10, Concurrent: 3}).Resources(t.Context(), only("Pod", "Node", "Binding", "PodExecOptions"))
	if len(errs) > 0 || len(objects) != 26 {
		t.Fatalf("%d objects, %v", len(objects), errs)
	}
	if got := s.count("/api/v1/pods?"); got != 3 {
		t.Errorf("%d requests for pods, want 3 pages", got)
	}
	for _, path := range []string{"/api/v1/secrets", "/api/v1/bindings", "/api/v1/pods/exec", "/apis/kyverno.io/v1/"} {
		if s.count(path) > 0 {
			t.Errorf("%s was asked for, which nobody wants", path)
		}
	}
}

func TestNamespaceAndClusterWide(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   []string
	}{
		"everything":                  {Config{}, []string{"pod-0", "node"}},
		"a namespace":                 {Config{Namespace: "n"}, []string{"pod-0"}},
		"a namespace and the cluster": {Config{Namespace: "n", ClusterWide: true}, []string{"pod-0", "node"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, 1)
			test.config.PageSize = 10
			objects, errs := s.connect(t, test.config).Resources(t.Context(), only("Pod", "Node"))
			if len(errs) > 0 || !slices.Equal(names(objects), test.want) {
				t.Errorf("%v %v", names(objects), errs)
			}
			if inNamespace := s.count("/api/v1/namespaces/n/pods") > 0; inNamespace != (test.config.Namespace != "") {
				t.Errorf("asked %v", s.requests)
			}
		})
	}
}

func TestAKindThatCannotBeReadHidesNoOther(t *testing.T) {
	objects, errs := newServer(t, 1).connect(t, Config{PageSize: 10}).Resources(t.Context(), only("Secret", "Pod"))
	if len(objects) != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "list of secrets: secrets is forbidden") {
		t.Errorf("%v %v", names(objects), errs)
	}
}

func TestPolicies(t *testing.T) {
	result := newServer(t, 0).connect(t, Config{PageSize: 10, Namespace: "n"}).Policies(t.Context())
	if len(result.Errors) > 0 || len(result.Documents) != 1 || result.Documents[0].Name() != "p" || result.Documents[0].File != "cluster" {
		t.Errorf("%+v", result)
	}
	if len(result.PassedOver) != 1 || !strings.Contains(result.PassedOver[0], "policyexceptions.kyverno.io: the cluster does not serve them") {
		t.Errorf("%v", result.PassedOver)
	}
}

func TestConnectSaysWhatIsWrong(t *testing.T) {
	if _, err := Connect(Config{Kubeconfig: filepath.Join(t.TempDir(), "nope")}); err == nil || !strings.Contains(err.Error(), "kubeconfig: ") {
		t.Errorf("%v", err)
	}
}

func TestLookupAsksOnce(t *testing.T) {
	s := newServer(t, 0)
	l := s.connect(t, Config{}).Lookup(t.Context())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			got, err := l.NamespaceLabels("n")
			if err != nil || got["a"] != "b" {
				t.Errorf("%v %v", got, err)
			}
			value, err := l.Read(eval.Source{ConfigMap: &eval.ConfigMapSource{Namespace: "n", Name: "c"}})
			if err != nil || value.(map[string]any)["data"].(map[string]any)["k"] != "v" {
				t.Errorf("%v %v", value, err)
			}
			if _, err := l.NamespaceLabels("gone"); err == nil {
				t.Error("a namespace that is not there has labels")
			}
		})
	}
	wait.Wait()
	for path, want := range map[string]int{"/api/v1/namespaces/n/configmaps/c": 1, "/api/v1/namespaces/gone": 1} {
		if got := s.count(path); got != want {
			t.Errorf("%s was asked for %d times", path, got)
		}
	}
	// What a namespaced policy may be shown is not what another may be shown.
	if _, err := l.Read(eval.Source{Policy: eval.PolicyRef{Kind: "Policy", Namespace: "other", Name: "p"}, ConfigMap: &eval.ConfigMapSource{Namespace: "n", Name: "c"}}); err == nil {
		t.Error("a policy of another namespace was shown the ConfigMap")
	}
}

func TestLookupNamesWhatItDoesNotRead(t *testing.T) {
	l := newServer(t, 0).connect(t, Config{}).Lookup(t.Context())
	for _, source := range []eval.Source{
		{Image: &eval.ImageSource{Reference: "a:b"}}, {Global: &eval.GlobalSource{Name: "g"}},
		{Call: &eval.CallSource{URL: "https://service"}}, {Call: &eval.CallSource{Method: "POST", Path: "/api/v1/pods"}},
	} {
		_, err := l.Read(source)
		var unavailable *eval.Unavailable
		if !errors.As(err, &unavailable) || !strings.Contains(unavailable.Remedy, "--values-file") {
			t.Errorf("%+v: %v", source, err)
		}
	}
	if _, err := l.RolesOf(&eval.User{Name: "a"}); err == nil {
		t.Error("roles of a user that nobody gave")
	}
	if roles, err := l.RolesOf(nil); err != nil || len(roles.Roles) > 0 {
		t.Errorf("%v %v", roles, err)
	}
}

func TestKeysTellSourcesApart(t *testing.T) {
	keys := map[string]bool{}
	a, _ := labels.Parse("a=b")
	c, _ := labels.Parse("c=d")
	for _, source := range []eval.Source{
		{Params: &eval.ParamsSource{Selector: a}}, {Params: &eval.ParamsSource{Selector: c}}, {Params: &eval.ParamsSource{Name: "a=b"}},
		{Namespace: &eval.NamespaceSource{Name: "a"}}, {Host: &eval.HostSource{Name: "a"}},
	} {
		key, err := keyOf(source)
		if err != nil || keys[key] {
			t.Errorf("%s %v", key, err)
		}
		keys[key] = true
	}
}
