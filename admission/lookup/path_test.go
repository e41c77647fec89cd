package lookup

import (
	"strings"
	"testing"
)

func TestParsePath(t *testing.T) {
	tests := []struct {
		path                              string
		version, namespace, resource, obj string
		encoded                           string // as path when empty
		err                               string
	}{
		{path: "/api/v1/namespaces", version: "v1", resource: "namespaces"},
		{path: "/api/v1/namespaces/a", version: "v1", resource: "namespaces", obj: "a"},
		{path: "/api/v1/namespaces/a/", version: "v1", resource: "namespaces", obj: "a", encoded: "/api/v1/namespaces/a"},
		{path: "/api/v1/namespaces/a/status", version: "v1", resource: "namespaces", obj: "a"},
		{path: "/api/v1/namespaces/a/pods", version: "v1", namespace: "a", resource: "pods"},
		{path: "/apis/apps/v1/namespaces/a/deployments/d/scale", version: "apps/v1", namespace: "a", resource: "deployments", obj: "d"},
		{path: "/apis/apps/v1/deployments", version: "apps/v1", resource: "deployments"},
		{path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", version: "rbac.authorization.k8s.io/v1", resource: "clusterroles", obj: "system:node"},
		{path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode", version: "rbac.authorization.k8s.io/v1", resource: "clusterroles", obj: "system:node",
			encoded: "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"},
		{path: "/api/v1/pods?labelSelector=a%3Db&limit=1", version: "v1", resource: "pods"},
		{path: "/version", version: ""},
		{path: "", err: "begins with one slash"},
		{path: "api/v1/pods", err: "begins with one slash"},
		{path: "//host/api", err: "begins with one slash"},
		{path: "/api/v1/namespaces//pods", err: "a variable may be empty"},
		{path: "/api/v1/namespaces/a/../b/secrets", err: `".." is no name`},
		{path: "/api/v1/namespaces/a/./pods", err: `"." is no name`},
		{path: "/api/v1/namespaces/a/%2e%2e/b", err: `".." is no name`},
		{path: "/api/v1/namespaces/a/%2e%2e%2fb", err: "is no name"},
		{path: "/api/v1/namespaces/a%2fb", err: "is no name"},
		{path: "/api/v1/namespaces/a%252fb", err: "is no name"},
		{path: "/api/v1/namespaces/a%3Fx", err: "is no name"},
		{path: `/api/v1/namespaces/a\..\b`, err: "is no name"},
		{path: "/api/v1/namespaces/a b", err: "is no name"},
		{path: "/api/v1/namespaces/a\nb", err: "is no name"},
		{path: "/api/v1/namespaces/a%zz", err: "invalid URL escape"},
		{path: "/api/v1/namespaces/a#b", err: "no fragment"},
		{path: "/api/v1/pods?a=%zz", err: "query"},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			p, err := parsePath(test.path)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("err = %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			version := p.version.String()
			if version != test.version || p.namespace != test.namespace || p.resource != test.resource || p.name != test.obj {
				t.Errorf("got %q %q %q %q", version, p.namespace, p.resource, p.name)
			}
			want := test.encoded
			if want == "" {
				want = test.path
			}
			if got := p.encode(); got != want {
				t.Errorf("encoded as %q", got)
			}
		})
	}
}

func TestK13PathStaysInTheNamespace(t *testing.T) {
	tests := []struct {
		path   string
		within bool
	}{
		{"/api/v1/namespaces/a/pods", true},
		{"/api/v1/namespaces/a/secrets/x", true},
		{"/apis/apps/v1/namespaces/a/deployments", true},
		{"/api/v1/namespaces/a", true},
		{"/api/v1/namespaces/a/status", true},
		{"/api/v1/namespaces/ab/pods", false},
		{"/api/v1/namespaces/b/secrets", false},
		{"/api/v1/namespaces/b", false},
		{"/api/v1/namespaces", false},
		{"/api/v1/secrets", false},
		{"/api/v1/pods?x=/namespaces/a", false},
		{"/api/v1/pods?fieldSelector=metadata.namespace%3Da", false},
		{"/api/v1/nodes/namespaces/a", false},
		{"/api/v1/watch/namespaces/a/pods", false},
		{"/apis/example.com/v1/namespaces/a", false},
		{"/namespaces/a/pods", false},
		{"/api/v1", false},
		{"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", false},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			p, err := parsePath(test.path)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.within("a"); (err == nil) != test.within {
				t.Errorf("err = %v", err)
			}
		})
	}
}

// What is accepted names what it says: sent and parsed again, it is the same.
func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"/api/v1/namespaces/a/pods?limit=1", "/apis/apps/v1/namespaces/a%2e/x", "/api/v1/namespaces/a/../b", "/a%00", "/%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePath(text)
		if err != nil {
			return
		}
		again, err := parsePath(p.encode())
		if err != nil {
			t.Fatalf("%q became %q: %v", text, p.encode(), err)
		}
		if again.encode() != p.encode() || again.namespace != p.namespace || again.resource != p.resource || again.name != p.name {
			t.Fatalf("%q became %+v and then %+v", text, p, again)
		}
		for _, segment := range p.segments {
			if segment == "" || segment == "." || segment == ".." || strings.ContainsAny(segment, `/\%`) {
				t.Fatalf("%q has the segment %q", text, segment)
			}
		}
	})
}
