package kyverno

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"sigs.k8s.io/yaml"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// may lets everybody do what it lists, each as verb group/resource/subresource namespace name or verb path, and remembers
// what was asked.
type may struct {
	allowed []string
	asked   []string
	err     error
}

func (m *may) Authorize(_ context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
	question := request.GetVerb() + " " + request.GetPath()
	if request.IsResourceRequest() {
		resource := strings.TrimSuffix(request.GetAPIGroup()+"/"+request.GetResource()+"/"+request.GetSubresource(), "/")
		question = strings.Join([]string{request.GetVerb(), resource, request.GetNamespace(), request.GetName()}, " ")
	}
	m.asked = append(m.asked, question)
	if slices.Contains(m.allowed, question) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", m.err
}

func TestReadOfPath(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/namespaces/team/secrets":                            "list /secrets team ",
		"/api/v1/namespaces/team/secrets/a":                          "get /secrets team a",
		"/api/v1/namespaces/team/secrets/{{ request.name }}":         "get /secrets team ",
		"/api/v1/namespaces/team/secrets/a-{{ request.name }}":       "get /secrets team ",
		"/api/v1/namespaces/team/pods/a/log":                         "get /pods/log team a",
		"/api/v1/namespaces/team/pods?labelSelector=app={{x}}":       "list /pods team ",
		"/api/v1/namespaces/{{ request.namespace }}/configmaps/a":    "get /configmaps  a",
		"/api/v1/namespaces/{{ a || 'b' }}/configmaps":               "list /configmaps  ",
		"/api/v1/namespaces/$(./../../metadata/name)/configmaps":     "list /configmaps  ",
		"/api/v1/namespaces":                                         "list /namespaces  ",
		"/api/v1/namespaces/":                                        "list /namespaces  ",
		"/api/v1/namespaces/team":                                    "get /namespaces team team",
		"/api/v1/namespaces/{{ request.namespace }}":                 "get /namespaces  ",
		"/apis/apps/v1/deployments":                                  "list apps/deployments  ",
		"/apis/apps/v1/namespaces/team/deployments/a/scale":          "get apps/deployments/scale team a",
		"/apis/{{ request.object.group }}/v1/namespaces/team/things": "* */*  ",
		"/api/v1/namespaces/team/{{ kind }}":                         "* */*  ",
		"/api/v1/{{ '/namespaces/a/secrets?x' }}":                    "* */*  ",
		"/api/v1/namespaces/team/pods/a/{{ what }}":                  "* */*  ",
		"/api/v1/namespaces/team/configmaps/{{ {a: {b: c}} }}/d":     "* */*  ",
		"{{ path }}":        "* */*  ",
		"{{ base }}/pods":   "* */*  ",
		"/{{ what }}":       "* */*  ",
		"/version":          "get /version",
		"/metrics/cadvisor": "get /metrics/cadvisor",
	} {
		request, err := readOfPath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		asked := &may{}
		_, _, _ = asked.Authorize(t.Context(), request)
		if asked.asked[0] != want {
			t.Errorf("%s: asks %q, want %q", path, asked.asked[0], want)
		}
	}
}

// K13 The ways out of a namespace.
func TestPathsThatAreNotPlain(t *testing.T) {
	for _, path := range []string{
		"/api/v1/namespaces/a/../b/secrets", "/api/v1/namespaces/a/%2e%2e/b/secrets", "/api/v1/namespaces/a%2f..%2fb/secrets",
		"/api/v1//namespaces/b/secrets", "//api/v1/secrets", "/api/v1/namespaces/./secrets",
	} {
		if request, err := readOfPath(path); err == nil {
			t.Errorf("%s: %+v", path, request)
		}
	}
}

func TestWithoutVariables(t *testing.T) {
	for text, want := range map[string]string{
		"a": "a", "a{{b}}c": "a~c", "{{ a.{{ b }}.c }}/d": "~/d", "{{a}}{{b}}": "~~", "a{{b": "a~", "a}}b": "a}}b",
		"$(./a)/b{{c}}": "~/b~", "{{ '$(' }}/a": "~/a",
	} {
		if got := withoutVariables(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func contextOf(t *testing.T, entries string) kyvernov1.Spec {
	t.Helper()
	var spec kyvernov1.Spec
	manifest := `rules: [{name: r, match: {any: [{resources: {kinds: [Pod]}}]}, context: ` + entries + `, validate: {deny: {}}}]`
	if err := yaml.UnmarshalStrict([]byte(manifest), &spec); err != nil {
		t.Fatal(err)
	}
	return spec
}

func TestBorrowedRights(t *testing.T) {
	for name, test := range map[string]struct {
		context string
		allowed []string
		err     error
		want    string
	}{
		"nothing is read":         {context: `[{name: a, variable: {value: 1}}]`},
		"what the author may":     {context: `[{name: a, configMap: {name: a, namespace: team}}]`, allowed: []string{"get /configmaps team a"}},
		"K14 what he may not":     {context: `[{name: a, configMap: {name: a, namespace: other}}]`, want: `spec.rules[0].context[0].configMap: Forbidden: it would be read with Edict's rights, and alice may not get configmaps "a" in the namespace other`},
		"K14 any by a variable":   {context: `[{name: a, configMap: {name: '{{ request.name }}', namespace: '{{ request.namespace }}'}}]`, allowed: []string{"get /configmaps team a"}, want: `spec.rules[0].context[0].configMap: Forbidden: it would be read with Edict's rights, and alice may not get configmaps`},
		"a path that he may read": {context: `[{name: a, apiCall: {urlPath: /api/v1/namespaces/team/pods}}]`, allowed: []string{"list /pods team "}},
		"K13 secrets of others":   {context: `[{name: a, apiCall: {urlPath: /api/v1/namespaces/b/secrets}}]`, allowed: []string{"list /secrets team "}, want: `spec.rules[0].context[0].apiCall.urlPath: Forbidden: it would be read with Edict's rights, and alice may not list secrets in the namespace b`},
		"K13 a path with dots":    {context: `[{name: a, apiCall: {urlPath: /api/v1/namespaces/team/../b/secrets}}]`, want: `spec.rules[0].context[0].apiCall.urlPath: Invalid value: "/api/v1/namespaces/team/../b/secrets": write the path plainly, as in /api/v1/namespaces/default/pods: without dots, doubled slashes and %`},
		"nobody can tell":         {context: `[{name: a, apiCall: {urlPath: /version}}]`, err: errors.New("no answer"), want: `spec.rules[0].context[0].apiCall.urlPath: Forbidden: it would be read with Edict's rights, and whether alice may get /version could not be told: no answer`},
	} {
		t.Run(name, func(t *testing.T) {
			policy := &kyvernov1.Policy{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "team"}, Spec: contextOf(t, test.context)}
			errs := borrowed(as("alice"), &may{allowed: test.allowed, err: test.err}, policy)
			switch {
			case test.want == "" && len(errs) > 0:
				t.Error(errs)
			case test.want != "" && (len(errs) != 1 || errs[0].Error() != test.want):
				t.Errorf("got  %v\nwant %s", errs, test.want)
			}
		})
	}
}

func TestParametersAreBorrowedToo(t *testing.T) {
	for name, test := range map[string]struct {
		namespace, cel string
		asks           string
	}{
		"by name":                  {"", `{paramKind: {apiVersion: v1, kind: Secret}, paramRef: {name: a, namespace: b}}`, "get /secrets b a"},
		"by labels":                {"", `{paramKind: {apiVersion: rules.example.com/v1, kind: Policy}, paramRef: {namespace: b, selector: {}}}`, "list rules.example.com/policies b "},
		"of the judged namespace":  {"", `{paramKind: {apiVersion: v1, kind: ConfigMap}, paramRef: {name: a}}`, "get /configmaps  a"},
		"of the Policy's own":      {"team", `{paramKind: {apiVersion: v1, kind: ConfigMap}, paramRef: {name: a}}`, "get /configmaps team a"},
		"none where none is named": {"team", `{paramKind: {apiVersion: v1, kind: ConfigMap}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			policy := &kyvernov1.Policy{ObjectMeta: metav1.ObjectMeta{Namespace: test.namespace}}
			if err := yaml.UnmarshalStrict([]byte("rules: [{name: r, match: {}, validate: {cel: "+test.cel+"}}]"), &policy.Spec); err != nil {
				t.Fatal(err)
			}
			asked := &may{}
			errs := borrowed(as("alice"), asked, policy)
			if test.asks == "" {
				if len(errs) > 0 {
					t.Error(errs)
				}
				return
			}
			if !slices.Equal(asked.asked, []string{test.asks}) || len(errs) != 1 || errs[0].Field != "spec.rules[0].validate.cel.paramRef" {
				t.Errorf("asked %q, want %q: %v", asked.asked, test.asks, errs)
			}
			if errs := borrowed(as("alice"), &may{allowed: asked.asked}, policy); len(errs) > 0 {
				t.Errorf("refused to who may: %v", errs)
			}
		})
	}
}

// P13 Nobody is nobody, and not Edict itself.
func TestNobodyMayNothing(t *testing.T) {
	policy := &kyvernov1.Policy{Spec: contextOf(t, `[{name: a, configMap: {name: a, namespace: team}}]`)}
	everything := &may{allowed: []string{"get /configmaps team a"}}
	for name, ctx := range map[string]context.Context{"no user": context.Background(), "no name": as("")} {
		if errs := borrowed(ctx, everything, policy); len(errs) != 1 || len(everything.asked) > 0 {
			t.Errorf("%s: %v, asked %v", name, errs, everything.asked)
		}
	}
}

// A namespaced Policy is refused, a ClusterPolicy gets a warning, and neither when something else is changed.
func TestRightsAreJudgedWhenTheSpecIsWritten(t *testing.T) {
	spec := contextOf(t, `[{name: a, configMap: {name: a, namespace: team}}]`)
	policy := &kyvernov1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: spec}
	annotated := policy.DeepCopy()
	annotated.Annotations = map[string]string{"a": "b"}
	before := policy.DeepCopy()
	before.Spec.Rules[0].Context = nil
	for _, namespaced := range []bool{true, false} {
		s := newStrategy(new(int))
		s.resource.Namespaced = namespaced
		if errs := s.Validate(as("bob"), policy); (len(errs) > 0) != namespaced {
			t.Errorf("create: %v", errs)
		}
		if errs := s.ValidateUpdate(as("bob"), policy, before); (len(errs) > 0) != namespaced {
			t.Errorf("update: %v", errs)
		}
		if errs := s.ValidateUpdate(as("bob"), annotated, policy); len(errs) > 0 {
			t.Errorf("an annotation: %v", errs)
		}
		const warning = `spec.rules[0].context[0].configMap: it would be read with Edict's rights, and bob may not get configmaps "a" in the namespace team.`
		for what, warnings := range map[string][]string{"create": s.WarningsOnCreate(as("bob"), policy), "update": s.WarningsOnUpdate(as("bob"), policy, before)} {
			if slices.Contains(warnings, warning) == namespaced {
				t.Errorf("%s warns %q", what, warnings)
			}
		}
		if warnings := s.WarningsOnUpdate(as("bob"), annotated, policy); slices.Contains(warnings, warning) {
			t.Errorf("an annotation warns %q", warnings)
		}
	}
}

// Whatever a path is made of, what is asked for is a resource or a path that is named in it plainly, or everything.
func FuzzReadOfPath(f *testing.F) {
	for _, path := range []string{
		"/api/v1/namespaces/team/secrets/a", "/apis/apps/v1/deployments?limit={{ x }}", "{{ a }}/b", "/api/v1/{{ {a: {b: c}} | '/x' }}/y",
		"/api/v1/namespaces/$(./a)/pods", "/a/../b", "//", "/api/v1/watch/namespaces/a/pods", "/api/v1/proxy/nodes/a", "{{", "$(",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		request, err := readOfPath(path)
		if err != nil || request.Verb == everything.Verb {
			return
		}
		static, _, _ := strings.Cut(path, "?")
		named := []string{request.APIGroup, request.APIVersion, request.Resource, request.Subresource, request.Namespace, request.Name, request.Path}
		for _, part := range named {
			if strings.Contains(part, placeholder) && !strings.Contains(path, placeholder) || !strings.Contains(path, part) {
				t.Errorf("%q: asks for %q", path, part)
			}
		}
		if !strings.HasPrefix(static, "/") || strings.Contains(request.Path, "{{") {
			t.Errorf("%q: asks for %+v", path, request)
		}
	})
}
