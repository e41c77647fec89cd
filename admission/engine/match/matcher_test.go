package match

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

var errDown = errors.New("lister is down")

// lookup knows namespace labels; a namespace that it does not know is an error.
type lookup map[string]map[string]string

func (l lookup) NamespaceLabels(name string) (map[string]string, error) {
	labels, ok := l[name]
	if !ok {
		return nil, errDown
	}
	return labels, nil
}

// roles are what the lookup knows to be bound, by user name.
var roles = map[string]eval.Roles{"alice": {Roles: []string{"a:editor"}, ClusterRoles: []string{"view"}}}

func (l lookup) RolesOf(user *eval.User) (eval.Roles, error) {
	bound, ok := roles[user.Name]
	if !ok {
		return eval.Roles{}, errDown
	}
	return bound, nil
}

func (l lookup) Read(eval.Source) (any, error) { return nil, errDown }

func (l lookup) Values(eval.PolicyRef, string) eval.Object { return nil }

func newMatcher(t *testing.T, match, exclude, namespace string) (*Matcher, field.ErrorList) {
	t.Helper()
	var m v1.MatchResources
	if err := yaml.UnmarshalStrict([]byte(match), &m); err != nil {
		t.Fatal(err)
	}
	var x *v1.MatchResources
	if exclude != "" {
		x = &v1.MatchResources{}
		if err := yaml.UnmarshalStrict([]byte(exclude), x); err != nil {
			t.Fatal(err)
		}
	}
	return New(&m, x, namespace, field.NewPath("r"))
}

func configMap(namespace, name string) *eval.Request {
	return &eval.Request{
		Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Namespace: namespace, Name: name,
		Operation: eval.Create, Object: eval.Object{"metadata": map[string]any{"name": name, "namespace": namespace}},
	}
}

const (
	byLabel  = `{resources: {kinds: [ConfigMap], namespaceSelector: {matchLabels: {env: prod}}}}`
	byName   = `{resources: {kinds: [ConfigMap], names: [a]}}`
	allKinds = `{any: [{resources: {kinds: [ConfigMap]}}]}`
)

// TestK10UnknownNamespaceLabels: labels that cannot be told are an error wherever they could turn the answer.
func TestK10UnknownNamespaceLabels(t *testing.T) {
	for _, test := range []struct {
		name, match, exclude, object string
		want, wantErr                bool
	}{
		{"match depends on them", `{any: [` + byLabel + `]}`, "", "a", false, true},
		{"another filter matches", `{any: [` + byLabel + `, ` + byName + `]}`, "", "a", true, false},
		{"another filter does not", `{any: [` + byLabel + `, ` + byName + `]}`, "", "b", false, true},
		{"all, and another cannot match", `{all: [` + byLabel + `, ` + byName + `]}`, "", "b", false, false},
		{"all, and the others match", `{all: [` + byLabel + `, ` + byName + `]}`, "", "a", false, true},
		{"exclude depends on them", allKinds, `{any: [` + byLabel + `]}`, "a", false, true},
		{"another exclude hits", allKinds, `{any: [` + byLabel + `, ` + byName + `]}`, "a", false, false},
		{"all of exclude, and one misses", allKinds, `{all: [` + byLabel + `, ` + byName + `]}`, "b", true, false},
		{"not asked for when the kind differs", `{any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]}`, "", "a", false, false},
	} {
		t.Run("K10 "+test.name, func(t *testing.T) {
			m, errs := newMatcher(t, test.match, test.exclude, "")
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			got, err := m.Match(configMap("x", test.object), lookup{})
			if got != test.want || (err != nil) != test.wantErr || err != nil && !errors.Is(err, errDown) {
				t.Errorf("%v, %v; want %v, error %v", got, err, test.want, test.wantErr)
			}
		})
	}
}

// TestU09U10NamespacedPolicy: a Policy concerns its own namespace, whatever it says.
func TestU09U10NamespacedPolicy(t *testing.T) {
	m, errs := newMatcher(t, `{any: [{resources: {kinds: ['*/*']}}]}`, "", "a")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	namespace := &eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "a", Object: eval.Object{}}
	for _, test := range []struct {
		req  *eval.Request
		want bool
	}{{configMap("a", "x"), true}, {configMap("b", "x"), false}, {configMap("", "x"), false}, {namespace, false}} {
		if got, err := m.Match(test.req, lookup{}); err != nil || got != test.want {
			t.Errorf("%s %s/%s: %v, %v", test.req.Kind.Kind, test.req.Namespace, test.req.Name, got, err)
		}
	}
}

// TestM14IdentityDoesNotMatter: nobody is passed over because of who asks.
func TestM14IdentityDoesNotMatter(t *testing.T) {
	m, errs := newMatcher(t, allKinds, "", "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, user := range []string{"system:serviceaccount:kyverno:kyverno-admission-controller", "system:admin", ""} {
		req := configMap("kyverno", "x")
		req.User = &eval.User{Name: user, Groups: []string{"system:masters"}}
		if got, err := m.Match(req, lookup{}); err != nil || !got {
			t.Errorf("M14 %q: %v, %v", user, got, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct{ name, match, exclude, path string }{
		{"empty", `{}`, "", "r.match"},
		{"any and all", `{any: [` + byName + `], all: [` + byName + `]}`, "", "r.match.all"},
		{"any and the older form", `{any: [` + byName + `], resources: {kinds: [Pod]}}`, "", "r.match.resources"},
		{"no kinds", `{any: [{resources: {names: [a]}}]}`, "", "r.match.any[0].resources.kinds"},
		{"no resources", `{all: [` + byName + `, {}]}`, "", "r.match.all[1].resources.kinds"},
		{"no kinds in the older form", `{resources: {names: [a]}}`, "", "r.match.resources.kinds"},
		{"bad kind", `{any: [{resources: {kinds: [Pod, a/b/c/d/e]}}]}`, "", "r.match.any[0].resources.kinds[1]"},
		{"name and names", `{any: [{resources: {kinds: [Pod], name: a, names: [b]}}]}`, "", "r.match.any[0].resources.name"},
		{"operation", `{any: [{resources: {kinds: [Pod], operations: [CREATE, create]}}]}`, "", "r.match.any[0].resources.operations[1]"},
		{"selector", allKinds, `{any: [{resources: {selector: {matchLabels: {a: 'b c'}}}}]}`, "r.exclude.any[0].resources.selector.matchLabels[a]"},
		{"D06 more filters than are asked", `{any: [` + strings.Repeat(byName+`, `, maxFilters) + byName + `]}`, "", "r.match.any"},
		{"D04 wildcard", `{any: [{resources: {kinds: [Pod], names: ['*` + strings.Repeat("?a", 40) + `*']}}]}`, "", "r.match.any[0].resources.names[0]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, errs := newMatcher(t, test.match, test.exclude, "")
			if len(errs) != 1 || errs[0].Field != test.path {
				t.Errorf("%v, want one error at %s", errs, test.path)
			}
			if (m == nil) != (test.exclude == "") {
				t.Errorf("matcher is %v", m)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	m, errs := newMatcher(t,
		`{any: [{resources: {kinds: [Pod, apps/v1/Deployment/scale], operations: [CREATE, UPDATE]}}, {resources: {kinds: [Secret]}}]}`,
		`{any: [{resources: {kinds: [Pod], operations: [UPDATE]}}, {resources: {operations: [DELETE]}}, {resources: {kinds: [Secret], names: [x]}}]}`, "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := []Target{
		{KindSelector{"*", "*", "Pod", ""}, []eval.Operation{eval.Create}},
		{KindSelector{"apps", "v1", "Deployment", "scale"}, []eval.Operation{eval.Create, eval.Update}},
		{KindSelector{"*", "*", "Secret", ""}, []eval.Operation{eval.Create, eval.Update, eval.Connect}},
	}
	if diff := cmp.Diff(want, m.Targets()); diff != "" {
		t.Errorf("targets differ (-want +got):\n%s", diff)
	}
	for _, test := range []struct {
		gvk         schema.GroupVersionKind
		subresource string
		want        bool
	}{
		{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "", true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "ephemeralcontainers", true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "exec", false},
		{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, "scale", true},
		{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, "", false},
	} {
		if got := m.Concerns(Concern{Kind: test.gvk, Subresource: test.subresource}); got != test.want {
			t.Errorf("concerns %v/%s: %v", test.gvk, test.subresource, got)
		}
	}
}
