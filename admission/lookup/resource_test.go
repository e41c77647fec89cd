package lookup

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestKindOf(t *testing.T) {
	s := newAPIServer(t, map[string]string{
		"/apis/apps/v1": `{"kind": "APIResourceList", "resources": [{"name": "deployments/scale", "kind": "Scale"}, {"name": "deployments", "kind": "Deployment"}]}`,
		"/api/v1":       `{"kind": "APIResourceList", "resources": [{"name": "pods", "kind": "Pod"}, {"name": "pods/exec", "kind": "PodExecOptions"}]}`,
	})
	c := NewCluster(ClusterConfig{REST: s.rest})
	for range 2 {
		for resource, want := range map[schema.GroupVersionResource]schema.GroupVersionKind{
			{Group: "apps", Version: "v1", Resource: "deployments"}: {Group: "apps", Version: "v1", Kind: "Deployment"},
			{Version: "v1", Resource: "pods"}:                       {Version: "v1", Kind: "Pod"},
		} {
			if got, err := c.KindOf(t.Context(), resource); got != want || err != nil {
				t.Errorf("%v: %v %v", resource, got, err)
			}
		}
	}
	if len(s.asked) != 2 {
		t.Errorf("what is known is asked again: %v", s.asked)
	}
	for resource, want := range map[schema.GroupVersionResource]string{
		{Group: "apps", Version: "v1", Resource: "robots"}:         "the kind of robots.apps: the API server serves no such resource in apps/v1",
		{Group: "../secrets", Version: "v1", Resource: "robots"}:   "the kind of robots.../secrets",
		{Group: "example.com", Version: "v1", Resource: "gadgets"}: "the kind of gadgets.example.com",
	} {
		if got, err := c.KindOf(t.Context(), resource); !got.Empty() || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: %v %v", resource, got, err)
		}
	}
}
