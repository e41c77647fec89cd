package match

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestFilter(t *testing.T) {
	object := configMap("team-a", "web-1")
	object.Object = eval.Object{"metadata": map[string]any{
		"name": "web-1", "namespace": "team-a", "labels": map[string]any{"app": "web"}, "annotations": map[string]any{"owner/x": "tim"},
	}}
	namespace := &eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "team-a", Operation: eval.Create, Object: eval.Object{}}
	role := &eval.Request{Kind: schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "ClusterRole"}, Name: "r", Operation: eval.Delete, OldObject: eval.Object{}}
	known := lookup{"team-a": {"env": "prod"}}
	for _, test := range []struct {
		resources string
		req       *eval.Request
		want      bool
	}{
		{`names: [db-*, web-*]`, object, true},
		{`names: [db-*]`, object, false},
		{`name: web-1`, object, true},
		{`namespaces: [team-*]`, object, true},
		{`namespaces: [other]`, object, false},
		{`namespaces: [team-*]`, namespace, true},
		{`namespaces: [other]`, namespace, false},
		{`namespaces: ['*']`, role, true},
		{`namespaces: ['?*']`, role, false},
		{`annotations: {owner/*: t*}`, object, true},
		{`annotations: {owner/*: t*, other: x}`, object, false},
		{`annotations: {owner/*: b*}`, object, false},
		{`selector: {matchLabels: {app: web}}`, object, true},
		{`selector: {matchLabels: {app: web}}`, namespace, false},
		{`namespaceSelector: {matchLabels: {env: prod}}`, object, true},
		{`namespaceSelector: {matchLabels: {env: dev}}`, object, false},
		{`namespaceSelector: {matchExpressions: [{key: env, operator: DoesNotExist}]}`, namespace, false},
		{`namespaceSelector: {matchExpressions: [{key: env, operator: DoesNotExist}]}`, role, true},
		{`operations: [UPDATE, DELETE]`, object, false},
		{`operations: [UPDATE, DELETE]`, role, true},
		{`names: [web-*], namespaces: [other]`, object, false},
	} {
		m, errs := newMatcher(t, `{any: [{resources: {kinds: ['*'], `+test.resources+`}}]}`, "", "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, err := m.Match(test.req, known); err != nil || got != test.want {
			t.Errorf("%s on %s: %v, %v; want %v", test.resources, test.req.Kind.Kind, got, err, test.want)
		}
	}
}

func TestEmptyExcludeLeavesNothingOut(t *testing.T) {
	for _, exclude := range []string{`{}`, `{any: []}`, `{any: [{}]}`, `{any: [{resources: {}}]}`, `{all: [{resources: {}}]}`} {
		m, errs := newMatcher(t, allKinds, exclude, "")
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, err := m.Match(configMap("a", "b"), lookup{}); err != nil || !got {
			t.Errorf("exclude %s: %v, %v", exclude, got, err)
		}
	}
}
