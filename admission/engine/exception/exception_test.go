package exception

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/variable"
)

func read(t *testing.T, text string) *v2.PolicyException {
	t.Helper()
	e := &v2.PolicyException{}
	if err := yaml.UnmarshalStrict([]byte(text), e); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// compile compiles an exception from rule r of policy p with more in its spec.
func compile(t *testing.T, spec string) *Exception {
	t.Helper()
	e, errs := Compile(read(t, `{metadata: {name: e, namespace: ns}, spec: {exceptions: [{policyName: p, ruleNames: [r]}], `+spec+`}}`))
	if len(errs) > 0 {
		t.Fatalf("%s: %v", spec, errs)
	}
	return e
}

// lookup knows the labels of namespaces and the roles of users by name.
type lookup struct {
	eval.Lookup
	labels map[string]map[string]string
	roles  map[string]eval.Roles
}

func (l lookup) NamespaceLabels(name string) (map[string]string, error) {
	if labels, ok := l.labels[name]; ok {
		return labels, nil
	}
	return nil, errors.New("there is no such namespace")
}

func (l lookup) RolesOf(user *eval.User) (eval.Roles, error) {
	if roles, ok := l.roles[user.Name]; ok {
		return roles, nil
	}
	return eval.Roles{}, errors.New("roles are not known")
}

func (l lookup) Values(eval.PolicyRef, string) eval.Object { return nil }

var known = lookup{
	labels: map[string]map[string]string{"a": {"env": "prod"}, "b": {}},
	roles:  map[string]eval.Roles{"ann": {ClusterRoles: []string{"admin"}}, "bob": {}},
}

// pod is a request to create a Pod in namespace a, changed by change.
func pod(change func(*eval.Request)) *eval.Request {
	req := &eval.Request{
		Kind: schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, Namespace: "a", Name: "x", Operation: eval.Create,
		Object: eval.Object{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{
			"name": "x", "namespace": "a", "labels": map[string]any{"app": "web"}, "annotations": map[string]any{"note": "yes"},
		}},
	}
	if change != nil {
		change(req)
	}
	return req
}

func namespace(req *eval.Request) {
	req.Kind.Kind, req.Namespace, req.Name = "Namespace", "", "a"
	req.Object = eval.Object{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "a"}}
}

func applies(e *Exception, req *eval.Request) (bool, error) {
	return e.Applies(variable.NewScope(variable.Config{Request: req, Lookup: known, Policy: eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}, Rule: "r"}))
}

func TestApplies(t *testing.T) {
	user := func(name string, groups ...string) func(*eval.Request) {
		return func(r *eval.Request) { r.User = &eval.User{Name: name, Groups: groups} }
	}
	in := func(namespace string) func(*eval.Request) { return func(r *eval.Request) { r.Namespace = namespace } }
	for _, test := range []struct {
		name, spec string
		change     func(*eval.Request)
		want       bool
	}{
		{"kind", `match: {any: [{resources: {kinds: [Pod]}}]}`, nil, true},
		{"another kind", `match: {any: [{resources: {kinds: [Deployment]}}]}`, nil, false},
		{"any", `match: {any: [{resources: {kinds: [Deployment]}}, {resources: {kinds: [Pod]}}]}`, nil, true},
		{"all", `match: {all: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Pod], names: [y]}}]}`, nil, false},
		{"names", `match: {any: [{resources: {kinds: [Pod], names: ["x*"]}}]}`, nil, true},
		{"namespaces", `match: {any: [{resources: {kinds: [Pod], namespaces: [b]}}]}`, nil, false},
		{"labels", `match: {any: [{resources: {kinds: [Pod], selector: {matchLabels: {app: web}}}}]}`, nil, true},
		{"annotations", `match: {any: [{resources: {kinds: [Pod], annotations: {note: no}}}]}`, nil, false},
		{"without kinds", `match: {any: [{resources: {namespaces: [a]}}]}`, nil, true},
		{"an empty match", `match: {}`, nil, false},
		{"an empty filter", `match: {any: [{}]}`, nil, false},
		{"a filter that says nothing", `match: {any: [{resources: {}}]}`, nil, false},
		{"operations are ignored", `match: {any: [{resources: {kinds: [Pod], operations: [UPDATE]}}]}`, nil, true},
		{"operations alone", `match: {any: [{resources: {operations: [UPDATE]}}]}`, nil, true},
		{"labels of the namespace", `match: {any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]}`, nil, true},
		{"labels of another namespace", `match: {any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]}`, in("b"), false},
		{"a Namespace and labels of namespaces", `match: {any: [{resources: {kinds: [Namespace], namespaceSelector: {matchLabels: {env: test}}}}]}`, namespace, true},
		{"a Namespace, labels of namespaces and no kinds", `match: {any: [{resources: {namespaceSelector: {matchLabels: {env: test}}}}]}`, namespace, true},
		{"a Namespace by name", `match: {any: [{resources: {kinds: [Namespace], names: [b]}}]}`, namespace, false},
		{"user", `match: {any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: ann}]}]}`, user("ann"), true},
		{"another user", `match: {any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: ann}]}]}`, user("bob"), false},
		{"nobody", `match: {any: [{resources: {kinds: [Pod]}, subjects: [{kind: User, name: "*"}]}]}`, nil, false},
		{"clusterRoles", `match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}`, user("ann"), true},
		{"clusterRoles of another", `match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}`, user("bob"), false},
		{"a condition that holds", `match: {any: [{resources: {kinds: [Pod]}}]}, conditions: {all: [{key: "{{request.object.metadata.labels.app}}", operator: Equals, value: web}]}`, nil, true},
		{"a condition that does not", `match: {any: [{resources: {kinds: [Pod]}}]}, conditions: {any: [{key: "{{request.object.metadata.labels.app}}", operator: Equals, value: db}]}`, nil, false},
		{"conditions are not asked of others", `match: {any: [{resources: {kinds: [Job]}}]}, conditions: {any: [{key: "{{request.object.metadata.labels.app}}", operator: Equals, value: web}]}`, nil, false},
	} {
		got, err := applies(compile(t, test.spec), pod(test.change))
		if got != test.want || err != nil {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
}

// TestAnErrorIsNoException: what cannot be told exempts nothing.
func TestAnErrorIsNoException(t *testing.T) {
	for _, test := range []struct {
		name, spec string
		change     func(*eval.Request)
		want       string
	}{
		{"labels of the namespace", `match: {any: [{resources: {kinds: [Pod], namespaceSelector: {matchLabels: {env: prod}}}}]}`, func(r *eval.Request) { r.Namespace = "gone" }, "exception ns/e: match: "},
		{"roles", `match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}`, func(r *eval.Request) { r.User = &eval.User{Name: "eve"} }, "exception ns/e: match: "},
		{"condition", `match: {any: [{resources: {kinds: [Pod]}}]}, conditions: {all: [{key: "{{ divide('1', '0') }}", operator: Equals, value: web}]}`, nil, "exception ns/e: conditions: "},
	} {
		got, err := applies(compile(t, test.spec), pod(test.change))
		if got || err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", test.name, got, err)
		}
	}
}

func TestName(t *testing.T) {
	if got := compile(t, `match: {any: [{resources: {kinds: [Pod]}}]}`).Name(); got != "ns/e" {
		t.Error(got)
	}
	e, errs := Compile(read(t, `{metadata: {name: e}, spec: {exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: [Pod]}}]}}}`))
	if len(errs) > 0 || e.Name() != "e" {
		t.Errorf("%v, %v", e, errs)
	}
}

func TestPodSecurity(t *testing.T) {
	const match = `match: {any: [{resources: {kinds: [Pod]}}]}`
	if compile(t, match).PodSecurity() != nil || compile(t, match+`, podSecurity: []`).PodSecurity() != nil {
		t.Error("there are exclusions of nothing")
	}
	if compile(t, match+`, podSecurity: [{controlName: Host Namespaces}]`).PodSecurity() == nil {
		t.Error("there are no exclusions")
	}
}

func TestErrors(t *testing.T) {
	const good = `exceptions: [{policyName: p, ruleNames: [r]}]`
	const match = `match: {any: [{resources: {kinds: [Pod]}}]}`
	many := strings.Repeat("r, ", maxEntries+1)
	for _, test := range []struct{ spec, want string }{
		{match, "spec.exceptions"},
		{match + `, exceptions: [{policyName: "", ruleNames: [r]}]`, "spec.exceptions[0].policyName"},
		{match + `, exceptions: [{policyName: a/b/c, ruleNames: [r]}]`, "spec.exceptions[0].policyName"},
		{match + `, exceptions: [{policyName: /b, ruleNames: [r]}]`, "spec.exceptions[0].policyName"},
		{match + `, exceptions: [{policyName: a, ruleNames: [r]}, {policyName: a/, ruleNames: [r]}]`, "spec.exceptions[1].policyName"},
		{match + `, exceptions: [{policyName: a, ruleNames: []}]`, "spec.exceptions[0].ruleNames"},
		{match + `, exceptions: [{policyName: a, ruleNames: [` + many + `]}]`, "spec.exceptions[0].ruleNames"},
		{good + `, match: {any: [{resources: {kinds: [a/b/c/d/e]}}]}`, "spec.match.any[0].resources.kinds[0]"},
		{good + `, match: {all: [{resources: {kinds: [Pod]}}, {subjects: [{kind: Robot, name: a}]}]}`, "spec.match.all[1].subjects[0].kind"},
		{good + `, ` + match + `, podSecurity: [{controlName: Nothing}]`, "spec.podSecurity[0].controlName"},
		{good + `, ` + match + `, conditions: {any: [{key: "{{ a( }}", operator: Equals, value: a}]}`, "spec.conditions.any[0].key"},
	} {
		e, errs := Compile(read(t, `{metadata: {name: e}, spec: {`+test.spec+`}}`))
		if len(errs) == 0 || e != nil || !strings.HasPrefix(errs[0].Field, test.want) {
			t.Errorf("%.100s: %v, %v", test.spec, e, errs)
		}
	}
}
