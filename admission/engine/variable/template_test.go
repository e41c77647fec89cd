package variable

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// What is wanted was confirmed with the reference, but where a comment says otherwise.
func TestSubstitute(t *testing.T) {
	for _, test := range []struct{ template, want string }{
		{`"x"`, `"x"`},
		{`"{{ request.object.metadata.name }}"`, `"p"`},
		{`"a{{ request.object.metadata.name }}b"`, `"apb"`},
		{`"{{request.object.spec.replicas}}"`, `3`},
		{`"n={{request.object.spec.replicas}}"`, `"n=3"`},
		{`"{{request.object.spec.f}} {{request.object.spec.t}} {{request.object.spec.n}}"`, `"1.5 true null"`},
		{`"{{request.object.spec.containers[].image}}"`, `["nginx:1","busybox"]`},
		{`"l={{request.object.spec.containers[].image}}"`, `"l=[\"nginx:1\",\"busybox\"]"`},
		{`"{{request.object.metadata.name}}{{request.object.metadata.name}}"`, `"pp"`},
		{`"{{\nrequest.operation\n}}"`, `"CREATE"`},
		{`"{{-request.operation}}"`, `"CREATE"`},
		{`"{{ - request.operation}}"`, `"CREATE"`},
		{`"a{{{a: request.operation}}}b"`, `"a{\"a\":\"CREATE\"}b"`},
		{`"{{ {a: ` + "`1`" + `, b: request.object.metadata.name} }}"`, `{"a":1,"b":"p"}`},
		{`"{{ [request.object.metadata.name, ` + "`1`" + `] }}"`, `["p",1]`},
		{`"{ {{request.operation}} }"`, `"{ CREATE }"`},
		{`"{{ a"`, `"{{ a"`},
		{`"a }}"`, `"a }}"`},
		{`"{{ {a: {b: ` + "`1`" + `}} }}"`, `"{{ {a: {b: ` + "`1`" + `}} }}"`},
		{`"x{{ request.object.spec.l }}"`, `"x[\"{{ request.object.metadata.name }}\",\"q\"]"`}, // R11: the reference evaluates the element
		{`{"a": ["{{request.object.spec.t}}", {"b": "x"}], "c": 1}`, `{"a":[true,{"b":"x"}],"c":1}`},

		// Keys
		{`{"{{ request.object.metadata.name }}": "v"}`, `{"p":"v"}`},
		{`{"k{{request.object.spec.replicas}}": "v"}`, `{"k3":"v"}`},
		{`{"{{request.object.spec.n}}": "v"}`, `{"{{request.object.spec.n}}":"v"}`},
		{`{"p": 2, "q{{request.object.metadata.name}}": 1, "{{request.object.metadata.name}}": 3}`, `{"p":3,"qp":1}`},
		{`{"\\{{x}}": 1}`, `{"{{x}}":1}`},

		// Escapes
		{`"\\{{ request.object.metadata.name }}"`, `"{{ request.object.metadata.name }}"`},
		{`"\\{{a}}{{request.object.metadata.name}}"`, `"{{a}}p"`},
		{`"\\\\{{request.object.metadata.name}}"`, `"\\{{request.object.metadata.name}}"`},

		// Variables in variables
		{`"{{ request.object.metadata.labels.{{ request.object.metadata.labels.inj }} || 'none' }}"`, `"none"`},
		{`"{{ request.object.spec.containers[{{ request.object.spec.m.z }}].name }}"`, `"b"`},
		{`"{{ request.object.metadata.labels.\"app.kubernetes.io/{{ 'name' }}\" }}"`, `"dotted"`},
		{`"{{ to_string(` + "`\\\"{{request.operation}}\\\"`" + `) }}"`, `"CREATE"`},
		{`"{{ request.object.spec.replicas > ` + "`{{ '2' }}`" + ` }}"`, `true`},
		{`"{{ join('-', ['{{ request.operation }}', '{{ request.object.metadata.{{ 'name' }} }}']) }}"`, `"CREATE-p"`},
		{`"{{ {a: '{{request.operation}}'} }}"`, `{"a":"CREATE"}`},
		{`"{{ '{{ request.object.spec.replicas }}' }}"`, `"3"`},

		// The value at the same place of the object
		{`{"a": {"b": {"metadata": {"name": "x{{ @ }}y{{@}}"}}}}`, `{"a":{"b":{"metadata":{"name":"xpyp"}}}}`},
		{`{"foreach": {"a": {"b": {"metadata": {"name": "{{@}}"}}}}}`, `{"foreach":{"a":{"b":{"metadata":{"name":"p"}}}}}`},
		{`{"a": {"b": {"spec": {"containers": [{"name": "{{@}}"}, {"name": "{{@}}"}]}}}}`, `{"a":{"b":{"spec":{"containers":[{"name":"a"},{"name":"b"}]}}}}`},
		{`{"spec": {"containers": [{"image": "{{@}}"}]}}`, `{"spec":{"containers":[{"image":null}]}}`},

		// References
		{`{"a":"x","b":"$(./../a)"}`, `{"a":"x","b":"x"}`},
		{`{"a":5,"b":"$(<=./../a)"}`, `{"a":5,"b":"\u003c=5.000000"}`},
		{`{"a":"x","b":{"c":"$(../../a)"}}`, `{"a":"x","b":{"c":"x"}}`},
		{`{"=(a)":{"^(c)":["z"]},"b":"$(/a/c/0)"}`, `{"=(a)":{"^(c)":["z"]},"b":"z"}`},
		{`{"a":"x","b":"pre\\$(/a) post"}`, `{"a":"x","b":"pre$(/a) post"}`},
		{`{"a":"{{request.object.metadata.name}}","b":"$(./../a)!"}`, `{"a":"p","b":"p!"}`},
		{`{"a b":"x","c":"$(/a b)"}`, `{"a b":"x","c":"$(/a b)"}`},
		{`"$()"`, `"$()"`},
	} {
		template, errs := Compile(decode(t, test.template), field.NewPath("value"))
		if len(errs) > 0 {
			t.Errorf("%s: %v", test.template, errs)
			continue
		}
		got, err := template.Substitute(podScope(t))
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
			continue
		}
		if encoded(t, got) != test.want {
			t.Errorf("%s: %s, want %s", test.template, encoded(t, got), test.want)
		}
	}
}

// The texts were confirmed with the reference.
func TestSubstituteErrors(t *testing.T) {
	for _, test := range []struct{ template, want string }{
		{`"{{ request.object.metadata.nosuch }}"`, `failed to resolve request.object.metadata.nosuch at path : JMESPath query failed: Unknown key "nosuch" in path`},
		{`"x{{ request.object.metadata.nosuch }}"`, `failed to resolve request.object.metadata.nosuch at path : JMESPath query failed: Unknown key "nosuch" in path`},
		{`{"a": ["{{ request.object.metadata.nosuch }}"]}`, `failed to resolve request.object.metadata.nosuch at path /a/0: JMESPath query failed: Unknown key "nosuch" in path`},
		{`{"a/b": {"c": "{{ request.object.metadata.nosuch }}"}}`, `failed to resolve request.object.metadata.nosuch at path /a\/b/c: JMESPath query failed: Unknown key "nosuch" in path`},
		{`"{{ request.object.metadata.{{ request.object.metadata.labels.inj }} }}"`, `failed to resolve request.object.metadata.x at path : JMESPath query failed: Unknown key "x" in path`},
		{`{"{{request.object.spec.replicas}}": "v"}`, `expected string after substituting variables in key "{{request.object.spec.replicas}}"`},
		{`{"{{request.object.spec.containers}}": "v"}`, `expected string after substituting variables in key "{{request.object.spec.containers}}"`},
		{`{"spec": {"m": {"z": "{{@}}"}}}`, `failed to resolve request.object.z at path /spec/m/z: JMESPath query failed: Unknown key "z" in path`},
		{`{"spec": {"m": {"spec": {"foo-bar": {"b.c": "{{@}}"}}}}}`, `failed to resolve request.object.spec."foo-bar"."b.c" at path /spec/m/spec/foo-bar/b.c: JMESPath query failed: Unknown key "foo-bar" in path`},
		{`"{{ request.userInfo.username }}"`, `failed to resolve request.userInfo.username at path : JMESPath query failed: Unknown key "userInfo" in path`},
		{`"{{ serviceAccountName }}"`, `failed to resolve serviceAccountName at path : JMESPath query failed: Unknown key "serviceAccountName" in path`},
		{`"{{ request.oldObject.metadata }}"`, `failed to resolve request.oldObject.metadata at path : JMESPath query failed: Unknown key "oldObject" in path`},
	} {
		got, err := mustCompile(t, decode(t, test.template)).Substitute(podScope(t))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, %v\nwant %s", test.template, got, err, test.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	deep := any("x")
	for range maxDepth + 1 {
		deep = []any{deep}
	}
	for _, test := range []struct {
		template any
		want     string
	}{
		{"{{ }}", "value: Invalid value: \"{{ }}\": variable {{  }}: there is nothing between the braces"},
		{"{{ request.object.metadata.name == }}", "column 35"},
		{"ä {{ !! }}", "column 8"},
		{"{{ nosuch(@) }}", "nosuch"},
		{"{{ {{ request.operation }}(@) }}", "is not known beforehand"},
		{"{{ abs('{{ request.operation }}', @) }}", "abs"},
		{"{{ request.operation | {{ nosuch(@) }} }}", "nosuch"},
		{strings.Repeat("{{ x.", 12) + "a" + strings.Repeat(" }}", 12), "nested deeper than 8 levels"},
		{strings.Repeat("{{ a }}", 1001), "more than 1000 variables"},
		{deep, "nested deeper than 100 levels"},
		{make([]any, maxNodes+1), "more than 20000 keys and values"},
		{map[string]any{"a": "x", "b": "$(/nosuch)"}, `value[b]: Invalid value: "$(/nosuch)": failed to resolve $(/nosuch) at path /b: there is no value at /nosuch`},
		{map[string]any{"a": nil, "b": "$(/a)"}, "there is no value at /a"},
		{map[string]any{"a": int64(5), "b": "$(/a)"}, "the value at /a is no string"},
		{map[string]any{"a": true, "b": "$(>/a)"}, "operator > does not go with the value true"},
		{"$(>)x)", "there is no value"},
	} {
		template, errs := Compile(test.template, field.NewPath("value"))
		if len(errs) == 0 {
			t.Errorf("%.80v compiles to %v", test.template, template)
		} else if !strings.Contains(errs.ToAggregate().Error(), test.want) {
			t.Errorf("%.80v: %.300v\nwant %s", test.template, errs, test.want)
		}
	}
}

// K11: whatever a variable yields, in whatever string position, gives a value or an error, and never a panic.
func TestK11AnyValueInAnyPosition(t *testing.T) {
	values := []string{"request.object.spec.n", "request.object.spec.replicas", "request.object.spec.f", "request.object.spec.l", "request.object.spec.m", "request.object.spec.t", "'text'", "request.object.metadata.annotations.quote", "''"}
	positions := []string{
		"{{ %s }}", "x{{ %s }}", "{{ to_upper({{ %s }}) }}", "{{ to_upper('{{ %s }}') }}", "{{ request.object.{{ %s }} }}", "{{ request.object.\"{{ %s }}\" }}",
		"{{ request.object.spec.l[{{ %s }}] }}", "{{ request.object.spec.l[{{ %s }}:] }}", "{{ `{{ %s }}` }}", "{{ `\"{{ %s }}\"` }}", "{{ to_upper(%s) }}", "{{ regex_match(%[1]s, %[1]s) }}",
		"{{ {{ %s }} }}", "{{ request.object.spec.containers[?name == '{{ %s }}'] }}", "{{ base64_decode(%s) }}", "{{ time_since('', %[1]s, %[1]s) }}",
	}
	for _, position := range positions {
		for _, v := range values {
			text := fmt.Sprintf(position, v)
			for _, template := range []any{text, map[string]any{text: "x"}, []any{text}} {
				compiled, errs := Compile(template, field.NewPath("value"))
				if len(errs) > 0 {
					continue
				}
				_, err := compiled.Substitute(podScope(t))
				if err != nil && strings.Contains(err.Error(), "panic") {
					t.Errorf("%v: %v", template, err)
				}
			}
		}
	}
	for _, template := range []string{"{{ @ | no_such_fn(@) }}", "{{ no_such_fn(@) }}", "{{ request.object | {{ no_such_fn(@) }} }}", "{{ '{{ no_such_fn(@) }}' }}"} {
		compiled, errs := Compile(template, field.NewPath("value"))
		if len(errs) > 0 {
			continue
		}
		if got, err := compiled.Substitute(podScope(t)); err == nil {
			t.Errorf("%s: %v", template, got)
		}
	}
}

// K15: a chain of variables, each of which doubles the one before, ends in an error while it is small.
func TestK15DoublingEndsInABudgetError(t *testing.T) {
	for name, double := range map[string]string{
		"join": `"{{ join('', [v%[1]d, v%[1]d]) }}"`, "text": `"{{ v%[1]d }}{{ v%[1]d }}"`, "list": `["{{ v%[1]d }}", "{{ v%[1]d }}"]`, "to_string": `"{{ to_string([v%[1]d, v%[1]d]) }}"`,
	} {
		entries := []v1.ContextEntry{variableEntry("v0", `"`+strings.Repeat("x", 1024)+`"`, "", "")}
		for i := range 40 {
			entries = append(entries, variableEntry(fmt.Sprintf("v%d", i+1), fmt.Sprintf(double, i), "", ""))
		}
		s := NewScope(Config{Request: podRequest(t), Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, entries...)})
		template := mustCompile(t, "{{ v40 }}")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := template.Substitute(s)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "larger than") && !strings.Contains(err.Error(), "longer than") {
			t.Errorf("%s: %.300v", name, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 100<<20 {
			t.Errorf("%s allocates %d bytes", name, grown)
		}
	}
}

func TestStatic(t *testing.T) {
	for _, test := range []struct{ template, want string }{
		{`"a \\{{ b }}"`, `"a {{ b }}"`}, {`{"a": [1, "x", null]}`, `{"a":[1,"x",null]}`}, {`5`, `5`}, {`null`, `null`}, {`{}`, `{}`},
	} {
		template := mustCompile(t, decode(t, test.template))
		if !template.Static() {
			t.Errorf("%s is not static", test.template)
		}
		if got := encoded(t, template.Value()); got != test.want {
			t.Errorf("%s: %s, want %s", test.template, got, test.want)
		}
	}
	template := mustCompile(t, "{{ request.operation }}")
	if template.Static() || template.Value() != nil {
		t.Error("a variable is static")
	}
}

func TestText(t *testing.T) {
	for template, want := range map[string]string{
		"{{ request.operation }}": "CREATE", "{{ request.object.spec.replicas }}": "3", "{{ request.object.spec.l[1:] }}": `["q"]`, "{{ request.object.spec.n }}": "null", "x": "x",
	} {
		if got, err := mustCompile(t, template).Text(podScope(t)); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", template, got, err, want)
		}
	}
}

func TestCompileIn(t *testing.T) {
	rule := map[string]any{"pattern": map[string]any{"(spec)": map[string]any{"replicas": "<=5"}}, "message": "at most $(./../pattern/spec/replicas)"}
	template, errs := CompileIn(rule, "/message", rule["message"], field.NewPath("message"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := template.Value(); got != "at most <=5" {
		t.Errorf("message is %v", got)
	}
}

func BenchmarkSubstitute(b *testing.B) {
	template := mustCompile(b, "{{request.object.spec.containers[].image}}")
	c := Config{Request: podRequest(b), Lookup: &lookup{}, Policy: clusterPolicy, Rule: "r"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Substitute(NewScope(c)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewScope(b *testing.B) {
	c := Config{Request: podRequest(b), Lookup: &lookup{}, Policy: clusterPolicy, Rule: "r"}
	b.ReportAllocs()
	for b.Loop() {
		NewScope(c)
	}
}

func BenchmarkSubstituteNested(b *testing.B) {
	template := mustCompile(b, "{{ regex_match('^nginx', '{{ request.object.spec.containers[0].image }}') }}")
	c := Config{Request: podRequest(b), Lookup: &lookup{}, Policy: clusterPolicy, Rule: "r"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := template.Substitute(NewScope(c)); err != nil {
			b.Fatal(err)
		}
	}
}
