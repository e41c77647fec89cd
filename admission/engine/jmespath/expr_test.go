package jmespath

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
)

// decode reads JSON as the engine has it.
func decode(t testing.TB, text string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return literalValue(value)
}

// query evaluates an expression on JSON.
func query(t testing.TB, expression, data string) (any, error) {
	t.Helper()
	expr, err := Compile(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return expr.Evaluate(decode(t, data), nil)
}

const object = `{"a":1,"b":{"c":"x","n":null},"l":[3,1,2],"m":{"z":1,"y":2},"s":"str","t":true,"objs":[{"k":1},{"k":2,"v":"q"},{"v":1}],"e":[]}`

// lazy is a Lazy that notes what it is asked for.
type lazy struct {
	fields map[string]any
	asked  []string
	broken error
}

func (l *lazy) Field(name string) (any, bool, error) {
	l.asked = append(l.asked, name)
	value, ok := l.fields[name]
	return value, ok, l.broken
}

func (l *lazy) All() (map[string]any, error) {
	l.asked = append(l.asked, "*")
	all := map[string]any{}
	for key, value := range l.fields {
		if inner, ok := value.(*lazy); ok {
			value = inner.fields
		}
		all[key] = value
	}
	return all, l.broken
}

func TestLazy(t *testing.T) {
	for _, test := range []struct {
		expression string
		want       string
		// asked is what the root and the lazy value in it are asked for.
		asked, inner []string
	}{
		{"'x'", `"x"`, nil, nil},
		{"plain", "1", []string{"plain"}, nil},
		{"inner.a", "2", []string{"inner"}, []string{"a"}},
		{"inner.a || plain", "2", []string{"inner"}, []string{"a"}},
		{"inner.zz || plain", "1", []string{"inner", "plain"}, []string{"zz"}},
		{"zz || 'x'", `"x"`, []string{"zz"}, nil},
		{"plain && inner.a", "2", []string{"plain", "inner"}, []string{"a"}},
		{"inner", `{"a":2,"b":3}`, []string{"inner"}, []string{"*"}},
		{"inner | a", "2", []string{"inner"}, []string{"a"}},
		{"@.inner.a", "2", []string{"inner"}, []string{"a"}},
		{"(inner).a", "2", []string{"inner"}, []string{"a"}},
		{"keys(@)", `["inner","plain"]`, []string{"*"}, nil},
		{"@", `{"inner":{"a":2,"b":3},"plain":1}`, []string{"*"}, nil},
		{"[inner.a, plain]", "[2,1]", []string{"inner", "plain"}, []string{"a"}},
		{"[@][0].plain", "1", []string{"*"}, nil},
		{"*.a", "[2]", []string{"*"}, nil},
		{"inner.*", "[2,3]", []string{"inner"}, []string{"*"}},
		{"inner == `{\"a\":2,\"b\":3}`", "true", []string{"inner"}, []string{"*"}},
		{"!inner", "false", []string{"inner"}, []string{"*"}},
		{"{x: inner}", `{"x":{"a":2,"b":3}}`, []string{"inner"}, []string{"*"}},
		{"length(inner)", "2", []string{"inner"}, []string{"*"}},
		{"inner[0]", "null", []string{"inner"}, nil},
		{"inner[*]", "null", []string{"inner"}, nil},
	} {
		inner := &lazy{fields: map[string]any{"a": int64(2), "b": int64(3)}}
		root := &lazy{fields: map[string]any{"plain": int64(1), "inner": inner}}
		expr, err := Compile(test.expression)
		if err != nil {
			t.Errorf("%s: %v", test.expression, err)
			continue
		}
		got, err := expr.Evaluate(root, nil)
		if err != nil || asJSON(got) != test.want {
			t.Errorf("%s: %s %v, want %s", test.expression, asJSON(got), err, test.want)
		}
		if !slices.Equal(root.asked, test.asked) || !slices.Equal(inner.asked, test.inner) {
			t.Errorf("%s asked for %v and %v, want %v and %v", test.expression, root.asked, inner.asked, test.asked, test.inner)
		}
	}
}

// TestLazyErrors shows that data that cannot be read is never taken for data that is missing.
func TestLazyErrors(t *testing.T) {
	broken := errors.New("the API is down")
	for _, expression := range []string{
		"a", "a || 'x'", "a && 'x'", "!a", "a[]", "a[?b]", "a.*", "a[*]", "a | 'x'", "[a]", "{x: a}", "a == `null`", "type(a)", "@", "*", "keys(@)",
		"not_null(a, 'x')", "a.b.c", "[@]", "@ == `{}`", "!@", "a[0]", "a[0:1]", "[0] || a",
	} {
		expr, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := expr.Evaluate(&lazy{broken: broken}, nil); !errors.Is(err, broken) || got != nil {
			t.Errorf("%s: %v %v", expression, got, err)
		}
	}
}

// TestSharing shows that an expression serves many evaluations at a time, and that neither it nor what it yields changes
// the data or a literal. The race detector sees what this only may.
func TestSharing(t *testing.T) {
	data := decode(t, object)
	for _, expression := range []string{
		"sort(l)", "sort_by(objs[0:2], &k)", "reverse(l)", "merge(b, m)", "l[]", "l[::-1]", "[l, m]", "`[3,1,2]` | sort(@)", "to_array(l)", "values(m)",
		"max_by(objs[:2], &k)", "objs[*].{x: @}", "map(&@, l)", "reverse(`[3,1,2]`)", "!a", "a == b", "a < `2`", "zz || a", "t && a", "m.*", "objs[?k > `1`].v",
	} {
		share(t, expression, data)
	}
	for _, f := range Functions() {
		for _, example := range f.Examples {
			share(t, example.Expression, decode(t, cmp.Or(example.Data, "null")))
		}
	}
}

// share applies an expression to the same data in many goroutines.
func share(t *testing.T, expression string, data any) {
	t.Helper()
	before := asJSON(data)
	expr, err := Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	want, err := expr.Evaluate(data, exampleEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if got, err := expr.Evaluate(data, exampleEnvironment()); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %v %v, want %v", expression, got, err, want)
					return
				}
			}
		})
	}
	group.Wait()
	if after := asJSON(data); after != before {
		t.Errorf("%s: the data was %s and is %s", expression, before, after)
	}
}

// TestErrorsStayApart shows that an evaluation that fails and one that does not, of one expression at the same time, do
// not get hold of each other's outcome. It takes the race detector to see that they could.
func TestErrorsStayApart(t *testing.T) {
	for _, expression := range []string{
		"[split(s, ',')]", "{x: split(s, ',')}", "split(s, ',')[*]", "split(s, ',') | @", "!split(s, ',')", "split(s, ',') == l", "split(s, ',') > l",
		"to_array(split(s, ','))", "split(s, ',') || l", "split(s, ',') && l", "[@][?split(s, ',')]", "[@][].[split(s, ',')]", "split(s, ',')[0]",
	} {
		expr, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for _, data := range []string{`{"s":"a,b","l":[1]}`, `{"s":1,"l":[1]}`} {
			value := decode(t, data)
			_, want := expr.Evaluate(value, nil)
			for range 2 {
				group.Go(func() {
					for range 500 {
						if _, err := expr.Evaluate(value, nil); (err == nil) != (want == nil) {
							t.Errorf("%s of %s: %v, want %v", expression, data, err, want)
							return
						}
					}
				})
			}
		}
		group.Wait()
	}
}

func TestEnvironmentStaysAsItIs(t *testing.T) {
	expr, err := Compile("join('', [@, @])")
	if err != nil {
		t.Fatal(err)
	}
	env := &Environment{}
	if _, err := expr.Evaluate("x", env); err != nil || env.Budget != nil {
		t.Errorf("%v, budget %v", err, env.Budget)
	}
	env.Budget = NewBudget(1000, 1000)
	if _, err := expr.Evaluate("x", env); err != nil || *env.Budget == *NewBudget(1000, 1000) {
		t.Errorf("%v, nothing was taken from the budget", err)
	}
}

func TestString(t *testing.T) {
	const text = " a . b  ||'x' "
	if expr, err := Compile(text); err != nil || expr.String() != text {
		t.Errorf("%v %v", expr, err)
	}
}

// FuzzEvaluate compiles whatever comes and applies it to whatever comes. Whatever the two are, there is a result that
// can be written as JSON or an error, and the data is as before.
func FuzzEvaluate(f *testing.F) {
	for _, expression := range []string{
		"a.b[0].\"c d\" || 'x'", "objs[?k > `1`].v | [0]", "{a: l[::-1], b: [m.*, !t]}", "sort_by(objs, &k)", "l[]", "\u0080", "a\u0080(b)",
		"[99999999999999999999]", "[0:1:-9223372036854775808]", "to_string(@)", "`{\"a\":1e999}`", "((((((((((a))))))))))", "!!!!a", "*.*.*[*][*]", "@(a)",
		"'x'(a)", "foo(x)(y)", "[?a==`1`]", "&a", "'\\\\'", "replace_all(s, 's', 'tt')", "items(m, 'k', 'v')", "random('[a-z]{5}')", "parse_yaml('a: [1]')",
	} {
		f.Add(expression, object)
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		expr, err := Compile(expression)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(expression)+1 || syntax.Message == "" {
				t.Fatalf("%q: %#v", expression, err)
			}
			return
		}
		expr.Reads()
		var data any
		if json.Unmarshal([]byte(text), &data) != nil {
			return
		}
		data = literalValue(data)
		before := asJSON(data)
		result, err := expr.Evaluate(data, &Environment{Budget: NewBudget(1<<20, 1<<16)})
		if err == nil {
			if _, err := json.Marshal(result); err != nil {
				t.Fatalf("%q of %s: %v", expression, text, err)
			}
		}
		if after := asJSON(data); after != before {
			t.Fatalf("%q changes %s to %s", expression, before, after)
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	pod := decode(b, `{"request":{"operation":"CREATE","object":{"metadata":{"name":"web","labels":{"app":"web","team":"a"}},
		"spec":{"containers":[{"name":"a","image":"nginx:1","securityContext":{"privileged":false},"resources":{"limits":{"memory":"1Gi"}}},
		{"name":"b","image":"redis:7","resources":{"limits":{"memory":"2Gi"}}}],"initContainers":[{"name":"i","image":"busybox:1"}]}}}}`)
	expressions := map[string]string{
		"field":      "request.object.metadata.name",
		"default":    "request.object.metadata.labels.\"app.kubernetes.io/name\" || 'none'",
		"comparison": "request.operation == 'CREATE'",
		"projection": "request.object.spec.[containers, initContainers, ephemeralContainers][].image",
		"filter":     "request.object.spec.containers[?securityContext.privileged == `true`].name",
		"length":     "request.object.spec.containers[?!contains(keys(resources.limits), 'memory')] | length(@)",
		"text":       "to_upper(request.object.metadata.name)",
		"regex":      "regex_match('^[a-z0-9-]+$', request.object.metadata.name)",
	}
	for _, name := range slices.Sorted(maps.Keys(expressions)) {
		expr, err := Compile(expressions[name])
		if err != nil {
			b.Fatal(err)
		}
		env := &Environment{Budget: NewBudget(1<<60, 1<<60)}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := expr.Evaluate(pod, env); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile("request.object.spec.containers[?!contains(keys(resources.limits), 'memory')] | length(@)"); err != nil {
			b.Fatal(err)
		}
	}
}
