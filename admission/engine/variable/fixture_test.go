package variable

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// pod is the object that variables are substituted from; some of its values try to be expressions themselves.
const pod = `{
	"apiVersion": "v1", "kind": "Pod",
	"metadata": {
		"name": "p", "namespace": "default", "labels": {"app": "web", "inj": "x", "app.kubernetes.io/name": "dotted"},
		"annotations": {
			"inj": "{{ request.object.metadata.name }}", "esc": "\\{{ x }}", "ob": "{{",
			"quote": "a' || request.object.metadata.name || 'b", "tick": "` + "`x`" + `", "double": "a\" || \"b", "slash": "a\\", "path": "../../secrets?x=1#y"
		}
	},
	"spec": {
		"replicas": 3, "f": 1.5, "t": true, "n": null,
		"containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "busybox"}],
		"m": {"k": "{{ request.object.metadata.name }}", "z": 1},
		"l": ["{{ request.object.metadata.name }}", "q"]
	}
}`

func decode(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := utiljson.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func podRequest(t testing.TB) *eval.Request {
	t.Helper()
	return &eval.Request{
		Kind:      schema.GroupVersionKind{Version: "v1", Kind: "Pod"},
		Resource:  schema.GroupVersionResource{Version: "v1", Resource: "pods"},
		Namespace: "default", Name: "p", Operation: eval.Create,
		Object: decode(t, pod).(eval.Object), Now: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

var clusterPolicy = eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}

func podScope(t testing.TB) *Scope {
	t.Helper()
	return NewScope(Config{Request: podRequest(t), Lookup: &lookup{}, Policy: clusterPolicy, Rule: "r"})
}

// lookup answers from maps, and remembers what it was asked.
type lookup struct {
	roles     eval.Roles
	rolesErr  error
	values    eval.Object
	answers   map[string]any
	asked     []eval.Source
	rolesRead int
	notHere   bool
}

func (l *lookup) NamespaceLabels(string) (map[string]string, error) {
	return nil, errors.New("not asked")
}

func (l *lookup) RolesOf(*eval.User) (eval.Roles, error) {
	l.rolesRead++
	return l.roles, l.rolesErr
}

func (l *lookup) Values(eval.PolicyRef, string) eval.Object { return l.values }

func (l *lookup) Read(source eval.Source) (any, error) {
	l.asked = append(l.asked, source)
	var name string
	switch {
	case source.ConfigMap != nil:
		name = "configmap " + source.ConfigMap.Namespace + "/" + source.ConfigMap.Name
	case source.Call != nil && source.Call.URL != "":
		name = source.Call.Method + " " + source.Call.URL
	case source.Call != nil:
		name = source.Call.Method + " " + source.Call.Path
	case source.Image != nil:
		name = "image " + source.Image.Reference
	case source.Global != nil:
		name = "global " + source.Global.Name
	case source.Host != nil:
		name = "host " + source.Host.Name
	}
	if answer, ok := l.answers[name]; ok {
		return answer, nil
	}
	if l.notHere {
		return nil, &eval.Unavailable{What: name, Remedy: "give it in --values-file"}
	}
	return nil, fmt.Errorf("%s not found, only %v", name, slices.Sorted(maps.Keys(l.answers)))
}

func rawJSON(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

// variableEntry is a context entry that is a variable; empty texts are left out.
func variableEntry(name, value, query, otherwise string) v1.ContextEntry {
	v := &v1.Variable{JMESPath: query}
	if value != "" {
		v.Value = rawJSON(value)
	}
	if otherwise != "" {
		v.Default = rawJSON(otherwise)
	}
	return v1.ContextEntry{Name: name, Variable: v}
}

func mustContext(t testing.TB, policy eval.PolicyRef, entries ...v1.ContextEntry) *Context {
	t.Helper()
	c, errs := CompileContext(entries, policy, field.NewPath("context"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return c
}

func mustCompile(t testing.TB, v any) *Template {
	t.Helper()
	template, errs := Compile(v, field.NewPath("value"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return template
}
