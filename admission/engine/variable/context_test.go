package variable

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// What is wanted was confirmed with the reference, but where a comment says otherwise.
func TestVariableEntries(t *testing.T) {
	missing := variableEntry("a", "", "request.object.metadata.nosuch", "")
	for _, test := range []struct {
		entries    []v1.ContextEntry
		expression string
		want, err  string
	}{
		{entries: []v1.ContextEntry{variableEntry("b", `"B"`, "", ""), variableEntry("a", `"{{b}}"`, "", "")}, expression: "a", want: `"B"`},
		{entries: []v1.ContextEntry{variableEntry("a", `"A"`, "", ""), variableEntry("a", `"{{a}}2"`, "", "")}, expression: "a", want: `"A2"`},
		{entries: []v1.ContextEntry{variableEntry("a", `"A"`, "", ""), variableEntry("b", `"{{a}}b"`, "", ""), variableEntry("a", `"{{a}}2"`, "", "")}, expression: "[b,a]", want: `["Ab","A2"]`},
		// The reference says no more than that the key is unknown.
		{entries: []v1.ContextEntry{variableEntry("a", `"{{b}}"`, "", ""), variableEntry("b", `"{{a}}"`, "", "")}, expression: "a",
			err: `failed to resolve a at path : failed to substitute variables in context entry a {{b}}: failed to resolve b at path : JMESPath query failed: Unknown key "b" in path: a context entry sees only those above it, and b stands at it or below`},
		{entries: []v1.ContextEntry{variableEntry("a", `"{{a}}"`, "", "")}, expression: "a", err: "a context entry sees only those above it, and a stands at it or below"},
		{entries: []v1.ContextEntry{missing}, expression: "a", err: `failed to resolve a at path : failed to apply jmespath request.object.metadata.nosuch to variable <nil>: JMESPath query failed: Unknown key "nosuch" in path`},
		{entries: []v1.ContextEntry{missing}, expression: "a || 'x'", err: `Unknown key "nosuch"`},
		{entries: []v1.ContextEntry{missing}, expression: "request.object.metadata.name || a", err: `Unknown key "nosuch"`},
		{entries: []v1.ContextEntry{missing}, expression: "request.object.metadata.a || 'k'", want: `"k"`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.metadata.nosuch", `"D"`)}, expression: "a", want: `"D"`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.spec.n", `"D"`)}, expression: "a", want: `"D"`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.spec.n", "")}, expression: "a", err: "failed to resolve a at path : failed to add context entry for variable a since it evaluated to nil"},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":null}`, "x", `"D"`)}, expression: "a", err: "evaluated to nil"},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":null}`, "y", `"D"`)}, expression: "a", want: `"D"`},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":null}`, "y", "")}, expression: "a", err: `failed to apply jmespath y to variable <nil>: Unknown key "y" in path`},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":1}`, "x", "")}, expression: "a", want: `1`},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":"{{request.object.metadata.nosuch}}"}`, "x", `"D"`)}, expression: "a",
			err: `failed to substitute variables in context entry a map[x:{{request.object.metadata.nosuch}}]: failed to resolve request.object.metadata.nosuch at path /x: JMESPath query failed: Unknown key "nosuch" in path`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.metadata.name", `"{{request.object.metadata.nosuch2}}"`)}, expression: "a", err: `failed to substitute variables in context entry a {{request.object.metadata.nosuch2}}: failed to resolve`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.metadata.nosuch", `{"k":"{{request.object.metadata.name}}"}`)}, expression: "a", want: `{"k":"p"}`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.metadata.nosuch", `null`)}, expression: "a", err: `Unknown key "nosuch"`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.metadata.labels.{{request.object.metadata.labels.inj}}", `"D"`)}, expression: "a", want: `"D"`},
		{entries: []v1.ContextEntry{variableEntry("a", "", "request.object.spec.containers[?name=='{{request.object.spec.containers[1].name}}'].image | [0]", "")}, expression: "a", want: `"busybox"`},
		{entries: []v1.ContextEntry{variableEntry("a", `false`, "", "")}, expression: "a", want: `false`},
		{entries: []v1.ContextEntry{variableEntry("a", `false`, "@", "")}, expression: "a", want: `false`},
		{entries: []v1.ContextEntry{variableEntry("a", `[1,2]`, "[5]", `7`)}, expression: "a", err: "evaluated to nil"},
		{entries: []v1.ContextEntry{variableEntry("a", "", "b", `"D"`), variableEntry("b", `"B"`, "", "")}, expression: "a", want: `"D"`},
		{entries: []v1.ContextEntry{variableEntry("a-b", `1`, "", "")}, expression: `"a-b"`, want: `1`},
		{entries: []v1.ContextEntry{variableEntry("a", `{"x":1}`, "", "")}, expression: "a.y", err: `Unknown key "y"`},
		{entries: []v1.ContextEntry{variableEntry("a", `"B"`, "", "")}, expression: "keys(@)", want: `["request"]`},
	} {
		s := NewScope(Config{Request: podRequest(t), Lookup: &lookup{}, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, test.entries...)})
		if test.err != "" {
			wantError(t, s, "{{ "+test.expression+" }}", test.err)
		} else {
			wantValue(t, s, "{{ "+test.expression+" }}", test.want)
		}
	}
}

func TestEntriesAreLookedUpOnceAndWhenMentioned(t *testing.T) {
	l := &lookup{answers: map[string]any{"configmap default/settings": map[string]any{"data": map[string]any{"k": "v"}}}}
	s := NewScope(Config{Request: podRequest(t), Lookup: l, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy,
		v1.ContextEntry{Name: "settings", ConfigMap: &v1.ConfigMapReference{Name: "settings"}},
		v1.ContextEntry{Name: "broken", ConfigMap: &v1.ConfigMapReference{Name: "nosuch"}},
	)})
	wantValue(t, s, "{{ request.operation }}", `"CREATE"`)
	if len(l.asked) != 0 {
		t.Error("an entry was looked up that nothing mentions")
	}
	wantValue(t, s, "{{ settings.data.k }}{{ settings.data.k }}", `"vv"`)
	wantValue(t, s.Element("x", 0, 0, nil), "{{ settings.data.k }}", `"v"`)
	if len(l.asked) != 1 {
		t.Errorf("an entry was looked up %d times", len(l.asked))
	}
	wantError(t, s, "{{ broken }}", "failed to retrieve config map for context entry broken: failed to get configmap default/nosuch")
	wantError(t, s, "{{ broken || 'x' }}", "nosuch")
	if len(l.asked) != 2 {
		t.Errorf("a broken entry was looked up %d times", len(l.asked)-1)
	}
}

func TestUnavailableIsFound(t *testing.T) {
	s := NewScope(Config{Request: podRequest(t), Lookup: &lookup{notHere: true}, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy,
		v1.ContextEntry{Name: "cm", ConfigMap: &v1.ConfigMapReference{Name: "c", Namespace: "n"}},
		variableEntry("uses", `"{{ cm.data.k }}"`, "", ""),
	)})
	_, err := mustCompile(t, "{{ uses || 'x' }}").Substitute(s)
	var unavailable *eval.Unavailable
	if !errors.As(err, &unavailable) || unavailable.What != "configmap n/c" {
		t.Errorf("%v", err)
	}
}

func TestContextIsBounded(t *testing.T) {
	big := strings.Repeat("x", maxContext/2)
	l := &lookup{answers: map[string]any{"configmap default/a": big, "configmap default/b": big, "configmap default/c": big}}
	var entries []v1.ContextEntry
	for _, name := range []string{"a", "b", "c"} {
		entries = append(entries, v1.ContextEntry{Name: name, ConfigMap: &v1.ConfigMapReference{Name: name}})
	}
	s := NewScope(Config{Request: podRequest(t), Lookup: l, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, entries...)})
	wantValue(t, s, "{{ length(a) }}", fmt.Sprint(maxContext/2))
	_, err := mustCompile(t, "{{ length(b) }}").Substitute(s)
	if !errors.Is(err, jmespath.ErrBudget) || !strings.Contains(err.Error(), "with entry b the context of the rule is larger than 2097152 bytes") {
		t.Errorf("%v", err)
	}
	// No default stands in for what is too much.
	s = NewScope(Config{Request: podRequest(t), Lookup: l, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, append(entries, variableEntry("d", "", "[a, b, c]", `"D"`))...)})
	if _, err := mustCompile(t, "{{ d }}").Substitute(s); !errors.Is(err, jmespath.ErrBudget) {
		t.Errorf("%v", err)
	}
}

// What stands for an expression as a whole is its text, and a list is none.
func TestQueryIsText(t *testing.T) {
	c := mustContext(t, clusterPolicy, variableEntry("x", "", "{{ request.object.spec.containers[].image }}", ""))
	s := NewScope(Config{Request: podRequest(t), Policy: clusterPolicy, Context: c})
	if v, err := mustCompile(t, "{{ x }}").Substitute(s); err == nil || !strings.Contains(err.Error(), "a jmespath value must be a string") {
		t.Errorf("%v %v", v, err)
	}
}

func TestCompileContextRefuses(t *testing.T) {
	policy := eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}
	for _, test := range []struct {
		entry v1.ContextEntry
		want  string
	}{
		{v1.ContextEntry{Name: "x"}, "context[0]: Required value"},
		{v1.ContextEntry{Name: "x", Variable: &v1.Variable{}}, "context[0].variable: Required value: specify value or jmesPath"},
		{variableEntry("x", `"{{ a == }}"`, "", ""), "context[0].variable.value: Invalid value"},
		{variableEntry("x", `{`, "", ""), "is not JSON"},
		{variableEntry("x", "", "a ==", ""), `context[0].variable.jmesPath: Invalid value: "a ==": column 5`},
		{variableEntry("x", "", "nosuch(a)", ""), "nosuch"},
		{variableEntry("x", "", "a.{{ b == }}", ""), "context[0].variable.jmesPath"},
		{v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "api/v1"}}}, "context[0].apiCall.urlPath: Invalid value"},
		{v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/namespaces/b/pods/{{ request.name }}"}}}, "a Policy calls for its own namespace only"},
		{v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/{{ request.name }}"}}}, "a Policy calls for its own namespace only"},
		{v1.ContextEntry{Name: "x", APICall: &v1.ContextAPICall{APICall: v1.APICall{Service: &v1.ServiceCall{URL: "http://x"}}}}, "context[0].apiCall.service: Forbidden"},
		{v1.ContextEntry{Name: "x", GlobalReference: &v1.GlobalContextReference{Name: "g"}}, "context[0].globalReference: Forbidden: globalReference is not allowed in namespaced policies"},
		{v1.ContextEntry{Name: "x", ImageRegistry: &v1.ImageRegistry{Reference: "x", ImageRegistryCredentials: &v1.ImageRegistryCredentials{Secrets: []string{"a/ok", "b/other"}}}}, "secrets[1]: Forbidden"},
	} {
		_, errs := CompileContext([]v1.ContextEntry{test.entry}, policy, field.NewPath("context"))
		if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), test.want) {
			t.Errorf("%+v: %v, want %s", test.entry, errs, test.want)
		}
	}
	if _, errs := CompileContext(make([]v1.ContextEntry, maxEntries+1), policy, field.NewPath("context")); len(errs) != 1 {
		t.Errorf("too many entries: %v", errs)
	}
	if c, errs := CompileContext(nil, policy, field.NewPath("context")); c != nil || errs != nil || c.Names() != nil || c.Expressions() != nil {
		t.Error("no entries are a context")
	}
}
