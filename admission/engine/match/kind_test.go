package match

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestParseKind(t *testing.T) {
	for _, test := range []struct {
		in   string
		want KindSelector
	}{
		{"Pod", KindSelector{"*", "*", "Pod", ""}},
		{"Pod.status", KindSelector{"*", "*", "Pod", "status"}},
		{"Pod/exec", KindSelector{"*", "*", "Pod", "exec"}},
		{"v1/Pod", KindSelector{"*", "v1", "Pod", ""}},
		{"v1beta1/Pod", KindSelector{"*", "v1beta1", "Pod", ""}},
		{"v1/Pod.status", KindSelector{"*", "v1", "Pod", "status"}},
		{"*/Pod", KindSelector{"*", "*", "Pod", ""}},
		{"v1/Pod/status", KindSelector{"*", "v1", "Pod", "status"}},
		{"apps/v1/Deployment", KindSelector{"apps", "v1", "Deployment", ""}},
		{"apps/*/Deployment.scale", KindSelector{"apps", "*", "Deployment", "scale"}},
		{"apps/v1/Deployment/scale", KindSelector{"apps", "v1", "Deployment", "scale"}},
		{"networking.k8s.io/v1/Ingress", KindSelector{"networking.k8s.io", "v1", "Ingress", ""}},
		{"*", KindSelector{"*", "*", "*", ""}},
		{"*/*", KindSelector{"*", "*", "*", "*"}},
		{"*/scale", KindSelector{"*", "*", "*", "scale"}},
		{"*/*/*", KindSelector{"*", "*", "*", "*"}},
		{"*/v1/Pod", KindSelector{"*", "*", "v1", "Pod"}},
		{"v10/Pod", KindSelector{"*", "*", "v10", "Pod"}},
		{"apps/Deployment", KindSelector{"*", "*", "apps", "Deployment"}},
	} {
		if got, err := ParseKind(test.in); err != nil || got != test.want {
			t.Errorf("%q: %+v, %v; want %+v", test.in, got, err, test.want)
		}
	}
	for _, in := range []string{"", "/Pod", "Pod/", "a//b", "a/b/c/d/e"} {
		if got, err := ParseKind(in); err == nil {
			t.Errorf("%q was read as %+v", in, got)
		}
	}
}

func TestKindMatcher(t *testing.T) {
	pod := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	deployment := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	for _, test := range []struct {
		selector    string
		gvk         schema.GroupVersionKind
		subresource string
		want        bool
	}{
		{"Pod", pod, "", true},
		{"pod", pod, "", false},
		{"Pod", pod, "exec", false},
		{"Pod", pod, "ephemeralcontainers", true},
		{"P*", pod, "ephemeralcontainers", true},
		{"*", pod, "ephemeralcontainers", true},
		{"Pod", pod, "resize", true},
		{"*", pod, "resize", true},
		{"Pod", deployment, "resize", false},
		{"Pod", schema.GroupVersionKind{Group: "other", Version: "v1", Kind: "Pod"}, "ephemeralcontainers", false},
		{"Pod.status", pod, "ephemeralcontainers", false},
		{"Namespace", schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, "status", true},
		{"*", schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, "finalize", true},
		{"Namespace", schema.GroupVersionKind{Group: "other", Version: "v1", Kind: "Namespace"}, "status", false},
		{"Pod", pod, "status", false},
		{"Pod/*", pod, "exec", true},
		{"*/exec", pod, "exec", true},
		{"*/*", pod, "", true},
		{"*/*", deployment, "scale", true},
		{"v1/Deployment", deployment, "", true},
		{"apps/v1/D?ploy*", deployment, "", true},
		{"extensions/v1/Deployment", deployment, "", false},
		{"apps/v2/Deployment", deployment, "", false},
		{"Deployment/scale", deployment, "", false},
	} {
		m, err := newKindMatcher(test.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.match(test.gvk, test.subresource); got != test.want {
			t.Errorf("%s means %v/%s: %v, want %v", test.selector, test.gvk, test.subresource, got, test.want)
		}
	}
}

func FuzzKindSelector(f *testing.F) {
	for _, seed := range []string{"Pod", "v1/Pod.status", "*/*", "apps/v*/D?p*/sc*", "*/scale", "/", "a/b/c/d/e"} {
		f.Add(seed, "apps", "v1", "Deployment", "scale")
	}
	f.Fuzz(func(t *testing.T, in, group, version, kind, subresource string) {
		k, err := ParseKind(in)
		if err != nil {
			return
		}
		if strings.Count(in, "/") > 3 || k.Kind == "" && !strings.HasPrefix(in[strings.LastIndex(in, "/")+1:], ".") {
			t.Errorf("%q was read as %+v", in, k)
		}
		m, err := newKindMatcher(in)
		if err != nil {
			return
		}
		gvk := schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
		again, err := newKindMatcher(in)
		if err != nil || m.match(gvk, subresource) != again.match(gvk, subresource) {
			t.Errorf("two answers: %v", err)
		}
		if !strings.ContainsAny(in, "*?") && m.match(gvk, "") && (k.Subresource != "" || k.Kind != kind) {
			t.Errorf("%q without wildcards means %v", in, gvk)
		}
	})
}
