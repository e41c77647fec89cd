package cel

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

func TestCompileRefuses(t *testing.T) {
	one := func(expression string) string {
		return "{validate: {cel: {expressions: [{expression: '" + expression + "'}]}}}"
	}
	for _, test := range []struct {
		name, rule, field, detail string
	}{
		{"nothing", "{validate: {cel: {}}}", "rule.validate.cel.expressions", "give one or more expressions"},
		{"an empty expression", one(" "), "rule.validate.cel.expressions[0].expression", "write a CEL expression"},
		{"no expression", one("object.spec."), "rule.validate.cel.expressions[0].expression", "line 1, column 13: Syntax error"},
		{"a second line", "{validate: {cel: {expressions: [{expression: \"true &&\\n zork\"}]}}}", "rule.validate.cel.expressions[0].expression", "line 2, column 2: undeclared reference to 'zork'"},
		{"another type", one("1"), "rule.validate.cel.expressions[0].expression", "must evaluate to bool but got int"},
		{"no type", one("object.a"), "rule.validate.cel.expressions[0].expression", "must evaluate to bool but got dyn; write bool(…)"},
		{"params of no kind", one("params.a == 1"), "rule.validate.cel.expressions[0].expression", "undeclared reference to 'params'"},
		{"an unknown variable", "{validate: {cel: {variables: [{name: a, expression: '1'}], expressions: [{expression: 'variables.b == 1'}]}}}", "rule.validate.cel.expressions[0].expression", "undefined field 'b'"},
		{"a variable before it is there", "{validate: {cel: {variables: [{name: a, expression: variables.b}, {name: b, expression: 'true'}], expressions: [{expression: variables.a}]}}}", "rule.validate.cel.variables[0].expression", "undefined field 'b'"},
		{"a variable of the wrong type", "{validate: {cel: {variables: [{name: a, expression: '[1]'}], expressions: [{expression: 'variables.a[0] == \"x\"'}]}}}", "rule.validate.cel.expressions[0].expression", "no matching overload"},
		{"a variable twice", "{validate: {cel: {variables: [{name: a, expression: '1'}, {name: a, expression: '2'}], expressions: [{expression: 'true'}]}}}", "rule.validate.cel.variables[1].name", ""},
		{"a variable without a name", "{validate: {cel: {variables: [{expression: '1'}], expressions: [{expression: 'true'}]}}}", "rule.validate.cel.variables[0].name", "name the variable"},
		{"a name that is none", "{validate: {cel: {variables: [{name: a-b, expression: '1'}], expressions: [{expression: 'true'}]}}}", "rule.validate.cel.variables[0].name", "no name for a variable"},
		{"a reserved word", "{validate: {cel: {variables: [{name: namespace, expression: '1'}], expressions: [{expression: 'true'}]}}}", "rule.validate.cel.variables[0].name", "no name for a variable"},
		{"a message that is none", "{validate: {cel: {expressions: [{expression: 'true', messageExpression: '1'}]}}}", "rule.validate.cel.expressions[0].messageExpression", "must evaluate to string but got int"},
		{"a precondition", "{celPreconditions: [{name: a, expression: zork}], validate: {cel: {expressions: [{expression: 'true'}]}}}", "rule.celPreconditions[0].expression", "undeclared reference to 'zork'"},
		{"an audit annotation", "{validate: {cel: {expressions: [{expression: 'true'}], auditAnnotations: [{key: a, valueExpression: '1'}]}}}", "rule.validate.cel.auditAnnotations[0].valueExpression", "must evaluate to string or null_type but got int"},
		{"paramRef alone", "{validate: {cel: {paramRef: {name: a}, expressions: [{expression: 'true'}]}}}", "rule.validate.cel.paramKind", "of which kind"},
		{"paramKind alone", "{validate: {cel: {paramKind: {apiVersion: v1, kind: ConfigMap}, expressions: [{expression: 'true'}]}}}", "rule.validate.cel.paramRef", "which objects"},
		{"paramKind without version", "{validate: {cel: {paramKind: {apiVersion: '', kind: ConfigMap}, paramRef: {name: a}, expressions: [{expression: 'true'}]}}}", "rule.validate.cel.paramKind.apiVersion", "write group/version"},
		{"paramKind without kind", "{validate: {cel: {paramKind: {apiVersion: v1}, paramRef: {name: a}, expressions: [{expression: 'true'}]}}}", "rule.validate.cel.paramKind.kind", "of which kind"},
		{"neither name nor selector", "{validate: {cel: {paramKind: {apiVersion: v1, kind: ConfigMap}, paramRef: {}, expressions: [{expression: 'true'}]}}}", "rule.validate.cel.paramRef.name", "either name or selector"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, errs := Compile(config(t, test.rule))
			if len(errs) != 1 || errs[0].Field != test.field || !strings.Contains(errs[0].Detail, test.detail) {
				t.Errorf("%v\nwant %s: %s", errs, test.field, test.detail)
			}
		})
	}
}

// TestR12 R12: what is not given cannot be reached, neither by name nor by macro, alias or nesting, and what is typed
// has no fields but those that are declared.
func TestR12(t *testing.T) {
	for _, expression := range []string{
		"authorizer.group('').resource('pods').check('get').allowed()",
		"authorizer.requestResource.check('get').allowed()",
		"[authorizer].exists(a, a.group('').resource('pods').check('get').allowed())",
		"cel.bind(a, authorizer, true)",
		"dyn(authorizer) != null",
		"type(authorizer) == int",
		"has(authorizer.requestResource)",
		"true ? true : authorizer.path('/').check('get').allowed()",
		"request.object != null",
		"request.uid != ''",
		"request.userInfo.Username != ''",
		"namespaceObject.metadata.managedFields != null",
		"@orValue(1, 2) == 1",
		"jsonpatch.escapeKey('a') == 'a'",
		"Object{} != null",
		"lookup('a') == 1",
	} {
		_, errs := Compile(Config{Validation: &v1.Validation{CEL: &v1.CEL{Expressions: []admissionregistrationv1.Validation{{Expression: expression}}}}, Path: field.NewPath("rule")})
		if len(errs) != 1 {
			t.Errorf("R12: %s: %v", expression, errs)
		}
	}
	_, errs := Compile(config(t, "{validate: {cel: {variables: [{name: a, expression: authorizer}], expressions: [{expression: 'variables.a.path(\"/\").check(\"get\").allowed()'}]}}}"))
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, "leave the authorizer out") {
		t.Errorf("R12: %v", errs)
	}
}

func TestCompileBounds(t *testing.T) {
	long := strings.Repeat("true && ", maxExpression/8) + "true"
	var half []string
	for range maxTotal/(maxExpression/2) + 1 {
		half = append(half, "'"+strings.Repeat("x", maxExpression/2)+"' != ''")
	}
	nested := strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500)
	many := make([]string, maxConditions+1)
	for i := range many {
		many[i] = "true"
	}
	for name, expressions := range map[string][]string{"long": {long}, "together": half, "nested": {nested}, "many": many} {
		cfg := Config{Validation: &v1.Validation{CEL: &v1.CEL{}}, Path: field.NewPath("rule")}
		for _, e := range expressions {
			cfg.Validation.CEL.Expressions = append(cfg.Validation.CEL.Expressions, admissionregistrationv1.Validation{Expression: e})
		}
		if _, errs := Compile(cfg); len(errs) == 0 {
			t.Errorf("%s is not refused", name)
		}
	}
	cfg := config(t, "{validate: {cel: {expressions: [{expression: 'true'}]}}}")
	for i := range maxVariables + 1 {
		cfg.Validation.CEL.Variables = append(cfg.Validation.CEL.Variables, admissionregistrationv1.Variable{Name: fmt.Sprint("v", i), Expression: "1"})
	}
	if _, errs := Compile(cfg); len(errs) != 1 || errs[0].Field != "rule.validate.cel.variables" {
		t.Error(errs)
	}
}

func TestVariableTypes(t *testing.T) {
	// Values that are neither scalars nor lists or maps lose their type, so that these compile.
	for variable, expression := range map[string]string{
		"request.userInfo":       "variables.a.?zork.orValue('x') == 'x'",
		"object.?spec":           "variables.a == 1 || true",
		"quantity('1')":          "variables.a.isGreaterThan(quantity('0'))",
		"object.spec.containers": "variables.a.all(c, c.name != '')",
		"{'a': [1]}":             "variables.a.a[0] == 1",
	} {
		cfg := Config{Rule: "r", Validation: &v1.Validation{CEL: &v1.CEL{
			Variables:   []admissionregistrationv1.Variable{{Name: "a", Expression: variable}},
			Expressions: []admissionregistrationv1.Validation{{Expression: expression}},
		}}}
		if v := compile(t, cfg).Evaluate(pod(), &cluster{}); v.Result != "pass" {
			t.Errorf("%s, %s: %v", variable, expression, v)
		}
	}
}

// FuzzCompile compiles an expression as condition, message and variable, and evaluates what compiles.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"object.metadata.name == 'a'", "object.spec.?a.orValue([]).all(x, x.b > 1)", "variables.a", "[1, 2].map(x, x * 2).sum() == 6",
		"request.userInfo.groups.exists(g, g == 'a')", "quantity('1Gi').isLessThan(quantity('2Gi'))", "'a'.matches('(a*)*b')",
		"cel.bind(a, 1, a == 1)", "object.spec.", "{'a': 1}.a == 1", "optional.of(1).or(optional.none()).hasValue()", "\"\\u0000\" == 'x'",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := Config{Rule: "r", Path: field.NewPath("rule"), Validation: &v1.Validation{CEL: &v1.CEL{
			Variables:   []admissionregistrationv1.Variable{{Name: "a", Expression: text}},
			Expressions: []admissionregistrationv1.Validation{{Expression: text, MessageExpression: text}, {Expression: "string(variables.a) != ''", MessageExpression: "string(variables.a)"}},
		}}}
		if check, errs := Compile(c); len(errs) == 0 {
			check.Evaluate(pod(), &cluster{})
		}
		c.Validation.CEL.Expressions[0].MessageExpression = ""
		c.Validation.CEL.Variables = nil
		c.Validation.CEL.Expressions = c.Validation.CEL.Expressions[:1]
		if check, errs := Compile(c); len(errs) == 0 {
			if v := check.Evaluate(pod(), &cluster{namespaces: map[string]any{"ns1": map[string]any{}}}); v.Message == "" {
				t.Errorf("%q: no message", text)
			}
		}
	})
}
