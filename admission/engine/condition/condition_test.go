package condition

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

const pod = `{"metadata": {"name": "p", "labels": {"app": "web"}}, "spec": {"n": null, "containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "busybox"}]}}`

func mustCompile(t testing.TB, text string) *Conditions {
	t.Helper()
	c, errs := Compile(&apiextensionsv1.JSON{Raw: []byte(text)}, field.NewPath("conditions"))
	if len(errs) > 0 {
		t.Fatalf("%s: %v", text, errs)
	}
	return c
}

// one is a condition that holds or does not, with a message.
func one(holds bool, message string) string {
	value := "b"
	if holds {
		value = "a"
	}
	return fmt.Sprintf(`{"key": "a", "operator": "Equals", "value": %q, "message": %q}`, value, message)
}

const unresolved = `{"key": "{{ request.object.nosuch }}", "operator": "Equals", "value": "x"}`

// What is wanted was confirmed with the reference.
func TestEvaluate(t *testing.T) {
	list := func(conditions ...string) string { return "[" + strings.Join(conditions, ",") + "]" }
	anyOf := func(conditions ...string) string { return `{"any": ` + list(conditions...) + `}` }
	allOf := func(conditions ...string) string { return `{"all": ` + list(conditions...) + `}` }
	both := func(any, all []string) string { return `{"any": ` + list(any...) + `, "all": ` + list(all...) + `}` }
	for _, test := range []struct {
		conditions string
		met        bool
		messages   []string
		err        bool
	}{
		{anyOf(one(true, "1"), one(true, "2")), true, []string{"1"}, false},
		{anyOf(one(false, "1"), one(true, "2")), true, []string{"2"}, false},
		{anyOf(one(false, "1"), one(false, "2")), false, []string{"1", "2"}, false},
		{allOf(one(true, "1"), one(true, "2")), true, []string{"1", "2"}, false},
		{allOf(one(true, "1"), one(false, "2"), one(false, "3")), false, []string{"2"}, false},
		{allOf(one(true, ""), one(true, "2")), true, []string{"2"}, false},
		{both([]string{one(true, "a1")}, []string{one(true, "b1"), one(true, "b2")}), true, []string{"a1", "b1", "b2"}, false},
		{both([]string{one(false, "a1")}, []string{one(true, "b1")}), false, []string{"a1"}, false},
		{both([]string{one(true, "a1")}, []string{one(false, "b1"), one(true, "b2")}), false, []string{"b1"}, false},
		{both([]string{one(false, "a1")}, []string{one(false, "b1")}), false, []string{"a1", "b1"}, false},
		{list(one(true, "1"), one(true, "2")), true, []string{"1;2"}, false},
		{list(one(true, "1"), one(false, "2")), false, []string{"2"}, false},
		{list(one(false, "1"), one(false, "2")), false, []string{"1"}, false},
		{`{"any": []}`, false, nil, false},
		{`{"any": [], "all": [` + one(true, "1") + `]}`, false, nil, false},
		{`{"all": []}`, true, nil, false},
		{`{}`, true, nil, false},
		{`[]`, true, nil, false},
		{anyOf(one(true, "1"), unresolved), true, []string{"1"}, false},
		{anyOf(unresolved, one(true, "1")), false, nil, true},
		{allOf(one(false, "1"), unresolved), false, []string{"1"}, false},
		{both([]string{one(true, "1")}, []string{unresolved}), false, nil, true},
		{both([]string{one(false, "1")}, []string{unresolved}), false, nil, true},
		{anyOf(one(true, "{{request.object.metadata.name}} x")), true, []string{"p x"}, false},
		{anyOf(one(true, "{{request.object.metadata.nosuch}} x")), true, []string{"{{request.object.metadata.nosuch}} x"}, false},
	} {
		s := newScope(decode(t, pod).(eval.Object))
		met, messages, err := mustCompile(t, test.conditions).Evaluate(s)
		if met != test.met || !slices.Equal(messages, test.messages) || (err != nil) != test.err {
			t.Errorf("%s: %v, %q, %v", test.conditions, met, messages, err)
		}
	}
	if met, messages, err := (*Conditions)(nil).Evaluate(nil); !met || messages != nil || err != nil {
		t.Error("no conditions are not met")
	}
}

func TestEvaluateVariables(t *testing.T) {
	for conditions, want := range map[string]bool{
		`[{"key": "{{ request.object.metadata.labels.app }}", "operator": "Equals", "value": "w*"}]`:                 true,
		`[{"key": "{{ request.object.spec.containers[].image }}", "operator": "AnyIn", "value": ["busy*"]}]`:         true,
		`[{"key": "busybox", "operator": "AnyIn", "value": "{{ request.object.spec.containers[].image }}"}]`:         true,
		`[{"key": "busybox", "operator": "AnyIn", "value": ["{{ request.object.spec.containers[1].image }}", "x"]}]`: true,
		`[{"key": "{{ length(request.object.spec.containers) }}", "operator": "GreaterThan", "value": 1}]`:           true,
		`[{"key": "{{ request.object.spec.n }}", "operator": "Equals", "value": "{{ request.object.spec.n }}"}]`:     false,
		`[{"key": "{{ request.object.spec.n }}", "operator": "NotEquals", "value": "x"}]`:                            false,
		`[{"key": "{{ request.operation || 'x' }}", "operator": "NotEquals", "value": "DELETE"}]`:                    true,
		`[{"key": "a", "operator": "equals", "value": "a"}]`:                                                         true,
		`[{"key": 5, "operator": "greaterthan", "value": 3}]`:                                                        false,
		`[{"key": {"a": "{{ request.operation }}"}, "operator": "Equals", "value": {"a": "CREATE"}}]`:                true,
		`[{"key": "{{ compare('b', 'a') }}", "operator": "Equals", "value": 1}]`:                                     true,
	} {
		met, _, err := mustCompile(t, conditions).Evaluate(newScope(decode(t, pod).(eval.Object)))
		if err != nil || met != want {
			t.Errorf("%s: %v, %v, want %v", conditions, met, err, want)
		}
	}
}

// The texts were confirmed with the reference.
func TestEvaluateErrors(t *testing.T) {
	for conditions, want := range map[string]string{
		`[` + unresolved + `]`: `failed to substitute variables in condition key: failed to resolve request.object.nosuch at path : JMESPath query failed: Unknown key "nosuch" in path`,
		`[{"key": "a", "operator": "Equals", "value": ["{{ request.object.nosuch }}"]}]`:         `failed to substitute variables in condition value: failed to resolve request.object.nosuch at path /0: JMESPath query failed: Unknown key "nosuch" in path`,
		`[{"key": {"{{request.object.spec.containers}}": 1}, "operator": "Equals", "value": 1}]`: `failed to substitute variables in condition key: expected string after substituting variables in key "{{request.object.spec.containers}}"`,
	} {
		met, _, err := mustCompile(t, conditions).Evaluate(newScope(decode(t, pod).(eval.Object)))
		if met || err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", conditions, err, want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for conditions, want := range map[string]string{
		`{"any": [{"key": "a", "operator": "Is", "value": "b"}]}`:                                                                                       `conditions.any[0].operator: Unsupported value: "Is": supported values: "AllIn", "AllNotIn"`,
		`[{"key": "{{ a == }}", "operator": "Equals", "value": "b"}]`:                                                                                   "conditions[0].key: Invalid value",
		`{"all": [{"key": "a", "operator": "In", "value": ["{{ no(a) }}"]}]}`:                                                                           "conditions.all[0].value[0]: Invalid value",
		`{"all": [{"key": "a", "operator": "In", "value": "b", "message": "{{"}, {"key": "a", "operator": "In", "value": "b", "message": "{{ == }}"}]}`: "conditions.all[1].message: Invalid value",
		`{"none": []}`: "conditions: Invalid value",
		`"x"`:          "conditions: Invalid value",
		`{"all": [{"key": "a", "operator": "Equals", "value": "*a` + strings.Repeat("?", 64) + `b*"}]}`: "conditions.all[0].value: Invalid value",
		`[` + strings.Repeat(one(true, "")+",", maxConditions) + one(true, "") + `]`:                    "conditions: Too many",
		`[{"key": "` + strings.Repeat("x", maxJSON) + `", "operator": "Equals", "value": "b"}]`:         "conditions[0].key: Too long",
	} {
		c, errs := Compile(&apiextensionsv1.JSON{Raw: []byte(conditions)}, field.NewPath("conditions"))
		if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), want) {
			t.Errorf("%.100s: %v, %.300v\nwant %s", conditions, c, errs, want)
		}
	}
	for _, raw := range []*apiextensionsv1.JSON{nil, {}} {
		if c, errs := Compile(raw, field.NewPath("conditions")); c != nil || errs != nil {
			t.Errorf("%v: %v, %v", raw, c, errs)
		}
	}
}

func TestExpressions(t *testing.T) {
	c := mustCompile(t, `{"any": [{"key": "{{ a }}", "operator": "Equals", "value": "{{ b }}", "message": "{{ c }}"}], "all": [{"key": "{{ d.{{ e }} }}", "operator": "Equals", "value": "x"}]}`)
	if got := len(c.Expressions()); got != 5 {
		t.Errorf("%d expressions", got)
	}
	if (*Conditions)(nil).Expressions() != nil {
		t.Error("no conditions have expressions")
	}
}

// A list of an object against a list of an object costs what the evaluation may spend, and no more.
func TestLongListsEndInABudgetError(t *testing.T) {
	long := make([]any, 20_000)
	for i := range long {
		long[i] = fmt.Sprintf("%d*", i)
	}
	s := newScope(eval.Object{"key": long, "value": long[1:]})
	c := mustCompile(t, `[{"key": "{{ request.object.key }}", "operator": "AllNotIn", "value": "{{ request.object.value }}"}]`)
	start := time.Now()
	met, _, err := c.Evaluate(s)
	if met || !errors.Is(err, jmespath.ErrBudget) {
		t.Errorf("%v, %v", met, err)
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

// A pattern of an object that could not be matched in linear time is an error, not a condition that does not hold.
func TestHostilePatterns(t *testing.T) {
	s := newScope(eval.Object{"pattern": "*a" + strings.Repeat("?", 64) + "b*"})
	for _, conditions := range []string{
		`[{"key": "a", "operator": "NotEquals", "value": "{{ request.object.pattern }}"}]`,
		`[{"key": "{{ request.object.pattern }}", "operator": "AnyNotIn", "value": ["a"]}]`,
	} {
		if met, _, err := mustCompile(t, conditions).Evaluate(s); met || err == nil {
			t.Errorf("%s: %v, %v", conditions, met, err)
		}
	}
}

// D05: numbers with huge exponents are no numbers, and durations do not overflow.
func TestD05HugeNumbers(t *testing.T) {
	for _, test := range []struct {
		key, operator, value string
		want                 bool
	}{
		{`"1e2000000000"`, "GreaterThan", `"1Gi"`, false},
		{`1e300`, "GreaterThan", `"1h"`, true},
		{`-1e300`, "LessThan", `"1h"`, true},
		{`1e300`, "DurationGreaterThan", `"1h"`, true},
		{`9007199254740993`, "GreaterThan", `9007199254740992`, true},
		{`9007199254740993`, "Equals", `9007199254740992`, false},
		{`9223372036854775807`, "GreaterThan", `"1h"`, true},
	} {
		met, _, err := mustCompile(t, fmt.Sprintf(`[{"key": %s, "operator": %q, "value": %s}]`, test.key, test.operator, test.value)).Evaluate(newScope(nil))
		if err != nil || met != test.want {
			t.Errorf("%v: %v, %v", test, met, err)
		}
	}
}

func FuzzConditions(f *testing.F) {
	for _, key := range []string{`null`, `"a"`, `"1h"`, `"1Gi"`, `5`, `1.5`, `["a", 1]`, `{"a": [1]}`, `"{{ request.object.spec.n }}"`, `"{{ request.object.spec.containers[].image }}"`, `true`} {
		for _, value := range []string{`"1-5"`, `"[\"a\"]"`, `["*"]`, `"{{ request.object }}"`} {
			f.Add("AnyIn", key, value)
			f.Add("Equals", key, value)
			f.Add("NotIn", key, value)
			f.Add("GreaterThan", key, value)
		}
	}
	object := decode(f, pod).(eval.Object)
	f.Fuzz(func(t *testing.T, operator, key, value string) {
		c, errs := Compile(&apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"any": [{"key": %s, "operator": %q, "value": %s}]}`, key, operator, value)}, field.NewPath("conditions"))
		if len(errs) > 0 {
			return
		}
		s := newScope(object)
		met, _, err := c.Evaluate(s)
		if met && err != nil {
			t.Errorf("%s %s %s is met with an error: %v", key, operator, value, err)
		}
		// What is asked twice is answered alike.
		again, _, againErr := c.Evaluate(newScope(object))
		if again != met || (err == nil) != (againErr == nil) {
			t.Errorf("%s %s %s: %v, %v, then %v, %v", key, operator, value, met, err, again, againErr)
		}
	})
}

func BenchmarkDeny(b *testing.B) {
	c := mustCompile(b, `{"any": [{"key": "{{ request.object.spec.containers[].image }}", "operator": "AnyIn", "value": ["evil*", "bad:*"]}, {"key": "{{ request.object.metadata.labels.app }}", "operator": "Equals", "value": "x*"}]}`)
	object := decode(b, pod).(eval.Object)
	b.ReportAllocs()
	for b.Loop() {
		if met, _, err := c.Evaluate(newScope(object)); met || err != nil {
			b.Fatal(met, err)
		}
	}
}
