package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// emptyCluster answers lists as a cluster does in which there is nothing but one binding, and remembers what was asked.
type emptyCluster struct {
	mu    sync.Mutex
	asked []string
}

func (c *emptyCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked = append(c.asked, r.URL.Path+"?"+r.URL.Query().Get("labelSelector"))
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("sendInitialEvents") != "" { // a list is asked for then
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`))
		return
	}
	if r.URL.Query().Get("watch") != "" {
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return
	}
	answers := map[string]string{
		"/api/v1/namespaces":                              `{"kind":"NamespaceList","apiVersion":"v1","metadata":{"resourceVersion":"1"}}`,
		"/api/v1/configmaps":                              `{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"1"}}`,
		"/apis/rbac.authorization.k8s.io/v1/rolebindings": `{"kind":"RoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"resourceVersion":"1"}}`,
		"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings": `{"kind":"ClusterRoleBindingList","apiVersion":"rbac.authorization.k8s.io/v1",
			"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"b","resourceVersion":"1"},
			"roleRef":{"kind":"ClusterRole","name":"view"},"subjects":[{"kind":"User","name":"jane"}]}]}`,
	}
	_, _ = w.Write([]byte(answers[r.URL.Path]))
}

func (c *emptyCluster) was(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.asked, path)
}

func TestClusterReader(t *testing.T) {
	for name, users := range map[string]bool{"admission": true, "background": false} {
		t.Run(name, func(t *testing.T) {
			cluster := &emptyCluster{}
			server := httptest.NewServer(cluster)
			defer server.Close()
			reader, err := newClusterReader(&rest.Config{Host: server.URL}, *newLookupOptions(), users)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- reader.run(ctx) }()
			defer func() {
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}()
			deadline := time.Now().Add(20 * time.Second)
			for !cluster.was("/api/v1/namespaces?") || !cluster.was("/api/v1/configmaps?"+watchedConfigMaps) {
				if time.Now().After(deadline) {
					t.Fatalf("asked for %v", cluster.asked)
				}
				time.Sleep(time.Millisecond)
			}
			var roles eval.Roles
			for {
				roles, err = reader.cluster.Within(ctx).RolesOf(&eval.User{Name: "jane"})
				if !users || err == nil || time.Now().After(deadline) {
					break
				}
				time.Sleep(time.Millisecond)
			}
			if users && (err != nil || !slices.Equal(roles.ClusterRoles, []string{"view"})) {
				t.Errorf("roles of jane: %v, %v", roles, err)
			}
			if !users && (err == nil || cluster.was("/apis/rbac.authorization.k8s.io/v1/rolebindings?")) {
				t.Error("bindings are read where nobody asks for users")
			}
		})
	}
}
