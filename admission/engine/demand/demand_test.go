package demand

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// compile compiles a rule r with what validate says.
func compile(t testing.TB, validate string) (Demand, field.ErrorList) {
	t.Helper()
	r := &v1.Rule{Name: "r", Validate: &v1.Validation{}}
	if err := yaml.UnmarshalStrict([]byte(validate), r.Validate); err != nil {
		t.Fatalf("%s: %v", validate, err)
	}
	return New(r, eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}, field.NewPath("r"))
}

func mustCompile(t testing.TB, validate string) Demand {
	t.Helper()
	d, errs := compile(t, validate)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return d
}

// about asks about an object that is created.
func about(t testing.TB, object string) Question {
	t.Helper()
	req := &eval.Request{Kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Operation: eval.Create}
	if err := kjson.Unmarshal([]byte(object), &req.Object); err != nil {
		t.Fatal(err)
	}
	scope := variable.NewScope(variable.Config{Request: req, Policy: eval.PolicyRef{Name: "p"}, Rule: "r"})
	return Question{Request: req, Scope: scope, Budget: scope.Budget()}
}

func judge(t *testing.T, validate, object string) string {
	t.Helper()
	v, ok := mustCompile(t, validate).Judge(about(t, object))
	if !ok {
		return "nothing to say"
	}
	return string(v.Result) + ": " + v.Message
}

func TestNewRefuses(t *testing.T) {
	for _, test := range []struct{ validate, field, detail string }{
		{`{}`, "r.validate", "one of pattern"},
		{`{pattern: {a: b}, deny: {}}`, "r.validate.deny", "pattern and deny"},
		{`{pattern: [a]}`, "r.validate.pattern", "must be an object"},
		{`{anyPattern: [{a: b}, x]}`, "r.validate.anyPattern[1]", "must be an object"},
		{`{foreach: [{list: a}]}`, "r.validate.foreach[0]", "one of pattern"},
		{`{foreach: [{list: a, deny: {}, pattern: {a: b}}]}`, "r.validate.foreach[0].deny", "only one"},
		{`{foreach: [{list: "a[", deny: {}}]}`, "r.validate.foreach[0].list", ""},
		{`{deny: {conditions: {any: [{key: "{{ a( }}", operator: Equals, value: b}]}}}`, "r.validate.deny.conditions.any[0].key", "column"},
		{`{message: "{{ no_such_function('x') }}", deny: {}}`, "r.validate.message", "no_such_function"},
	} {
		d, errs := compile(t, test.validate)
		if len(errs) == 0 || d != nil {
			t.Errorf("%s: accepted", test.validate)
			continue
		}
		if errs[0].Field != test.field || !strings.Contains(errs[0].Detail, test.detail) {
			t.Errorf("%s: %v; want %s about %q", test.validate, errs, test.field, test.detail)
		}
	}
}

func TestReferencesInMessages(t *testing.T) {
	got := judge(t, `{message: "at most $(./../pattern/data/k)", pattern: {data: {k: "<5"}}}`, `{"data":{"k":7}}`)
	if want := "fail: validation error: at most <5. rule r failed at path /data/k/"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What is not evaluated yet is an error that says so, never a pass.
func TestUnsupported(t *testing.T) {
	v, ok := Unsupported("mutate").Judge(about(t, `{}`))
	if !ok || v.Result != eval.Error || v.Unavailable == nil || !strings.Contains(v.Message, "mutate") {
		t.Errorf("%+v, %v", v, ok)
	}
}
