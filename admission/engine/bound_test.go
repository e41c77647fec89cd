package engine_test

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// many are n values.
func many(n int, v any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// numbered writes format with the numbers below n.
func numbered(n int, format string) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, format, i)
	}
	return out.String()
}

// holding is a ConfigMap with more at its top.
func holding(more map[string]any) *eval.Request {
	object := eval.Object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c", "namespace": "default"}}
	for key, value := range more {
		object[key] = value
	}
	return created(object)
}

// D05, D06, D08, U17, K15: what is built to blow up ends in an error of its rule, within bounded time and memory, and
// the rule beside it is judged.
func TestD05D06D08U17K15Bounds(t *testing.T) {
	long := strings.Repeat("a", 2_500_000)
	deny := func(key, operator, value string) string {
		return `{key: ` + key + `, operator: ` + operator + `, value: ` + value + `},`
	}
	conditions := func(list string) string { return `validate: {deny: {conditions: {any: [` + list + `]}}}` }
	const l, big = `"{{ request.object.l }}"`, `"{{ request.object.big }}"`
	for name, test := range map[string]struct {
		rule string
		data map[string]any
	}{
		"foreach in foreach": {`validate: {foreach: [{list: request.object.l, foreach: [{list: request.object.l, pattern: {x: z}}]}]}`,
			map[string]any{"l": many(10_000, map[string]any{"x": "z"})}},
		"conditions in foreach in foreach": {`validate: {foreach: [{list: request.object.l, foreach: [{list: request.object.l, deny: {conditions: {any: [` + deny(`"{{ element.x }}"`, "Equals", "z") + `]}}}]}]}`,
			map[string]any{"l": many(10_000, map[string]any{"x": "x"})}},
		"preconditions in foreach in foreach": {`validate: {foreach: [{list: request.object.l, foreach: [{list: request.object.l, preconditions: {any: [` + deny(`"{{ element.x }}"`, "Equals", "z") + `]}, deny: {}}]}]}`,
			map[string]any{"l": many(10_000, map[string]any{"x": "x"})}},
		"a pattern that is built for each element": {`validate: {foreach: [{list: request.object.l, pattern: {x: "{{ element.x }}", "=(z)": {` + numbered(9000, `"=(k%d)": v,`) + `}}}]}`,
			map[string]any{"l": many(10_000, map[string]any{"x": "x"})}},
		"more elements than are judged": {`validate: {foreach: [{list: request.object.l, pattern: {x: z}}]}`, map[string]any{"l": many(10_001, map[string]any{"x": "z"})}},
		"wildcards on a long key":       {conditions(deny(big, "AnyIn", `[`+numbered(9000, `"*b%d*c",`)+`]`)), map[string]any{"big": long}},
		"wildcards of the object":       {conditions(deny(`"{{ request.object.keys }}"`, "AnyIn", l)), map[string]any{"keys": many(300, long[:10_000]), "l": many(30_000, "*a*b*aaaaaab*")}},
		"wildcards in keys":             {conditions(deny(l, "AllIn", `[`+numbered(9000, `"x%d",`)+`]`)), map[string]any{"l": many(30_000, "*a*b*aaaaaab*")}},
		"large lists that are equal":    {conditions(strings.Repeat(deny(l, "NotEquals", l), 990)), map[string]any{"l": many(300_000, "a")}},
		"large lists and ranges":        {conditions(strings.Repeat(deny(l, "AnyNotIn", "1-5"), 990)), map[string]any{"l": many(300_000, "3")}},
		"many elements that must exist": {`validate: {pattern: {"^(l)": [` + strings.Repeat(`{x: z},`, 9000) + `]}}`, map[string]any{"l": append(many(300_000, map[string]any{"x": "x"}), map[string]any{"x": "z"})}},
		"many alternatives":             {`validate: {pattern: {l: ["` + strings.Repeat("*b*|", 200_000) + `a"]}}`, map[string]any{"l": many(300_000, "aaaaaaa")}},
		"many patterns":                 {`validate: {anyPattern: [` + strings.Repeat(`{l: [{x: z}]},`, 4000) + `]}`, map[string]any{"l": append(many(300_000, map[string]any{"x": "z"}), "z")}},
		"many keys with wildcards": {`validate: {pattern: {metadata: {labels: {` + numbered(9000, `"=(*k%d)": v,`) + `}}}}`, map[string]any{"metadata": map[string]any{
			"name": "c", "namespace": "default", "labels": labelled(100_000)}}},
		"expressions of the object":                     {conditions(deny(`"{{ request.object.l[].regex_match(@, 'x') }}"`, "AnyIn", "[a]")), map[string]any{"l": many(100_000, "((a{1,30}){1,30}b)*")}},
		"a text of long texts":                          {conditions(deny(`"`+strings.Repeat("{{ request.object.big }}", 900)+`"`, "Equals", "z")), map[string]any{"big": long}},
		"many texts with long texts":                    {conditions(deny(`[`+strings.Repeat(`"x{{ request.object.text }}",`, 9000)+`]`, "AnyIn", "[z]")), map[string]any{"text": long[:1_000_000]}},
		"variables that each join the one before twice": {`context: [{name: v0, variable: {value: "` + long[:1024] + `"}},` + numbered(40, `{name: v%d, variable: {jmesPath: "join('', [x, x])"}},`) + `], ` + conditions(deny(`"{{ v }}"`, "Equals", "z")), nil},
		"a variable of itself":                          {`context: [{name: v, variable: {value: "{{ v }}{{ v }}"}}], ` + conditions(deny(`"{{ v }}"`, "Equals", "z")), nil},
		"repetition":                                    {conditions(deny(`"{{ random('((((a*)*)*)*)*b') }}"`, "Equals", "z")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := rules(t, `{name: r, `+onConfigMaps+`, `+chained(test.rule)+`}, {name: beside, `+onConfigMaps+`, validate: {pattern: {kind: ConfigMap}}}`)
			req := holding(test.data)
			peak := watchMemory()
			began := time.Now()
			got := evaluate(p, req)
			took := time.Since(began)
			used := peak()
			if len(got) != 2 || got[0].Result != eval.Error || strings.Contains(got[0].Message, "cannot be evaluated") || got[1].Result != eval.Pass {
				t.Errorf("%.500v", got)
			}
			if took > 20*time.Second {
				t.Errorf("took %s", took)
			}
			if used > 512<<20 {
				t.Errorf("used %d MiB more than before", used>>20)
			}
		})
	}
}

// watchMemory returns a function that tells by how much the heap has grown at most since then.
func watchMemory() func() int64 {
	heap := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before, stop, peak := heap(), make(chan struct{}), make(chan int64)
	go func() {
		most := int64(0)
		for {
			select {
			case <-stop:
				peak <- max(most, heap()-before)
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, heap()-before)
			}
		}
	}()
	return func() int64 {
		close(stop)
		return <-peak
	}
}

// chained makes each of the variables v1, v2 and so on one of the variable before it, and the last be called v.
func chained(rule string) string {
	for i := range 40 {
		rule = strings.Replace(rule, fmt.Sprintf(`{name: v%d, variable: {jmesPath: "join('', [x, x])"}}`, i), fmt.Sprintf(`{name: v%d, variable: {jmesPath: "join('', [v%d, v%d])"}}`, i+1, i, i), 1)
	}
	return strings.Replace(rule, "{name: v40,", "{name: v,", 1)
}

func labelled(n int) map[string]any {
	labels := make(map[string]any, n)
	for i := range n {
		labels[fmt.Sprint("x", i)] = "v"
	}
	return labels
}

// A 10 MB object is judged like any other.
func TestLargeObject(t *testing.T) {
	p := rules(t, `{name: r, `+onConfigMaps+`, validate: {pattern: {data: {"=(k5)": "?*", last: z}}}}, {name: d, `+onConfigMaps+`, validate: {deny: {conditions: {any: [{key: "{{ length(request.object.data) }}", operator: LessThan, value: 10}]}}}}`)
	data := map[string]any{"last": "z"}
	for i := range 10_000 {
		data[fmt.Sprint("k", i)] = strings.Repeat("a", 1000)
	}
	if got := evaluate(p, configMapOf(data)); len(got) != 2 || got[0].Result != eval.Pass || got[1].Result != eval.Pass {
		t.Errorf("%.500v", got)
	}
}

func configMapOf(data map[string]any) *eval.Request { return holding(map[string]any{"data": data}) }

// Rules whose turn comes when nobody waits any more are errors, and what does not concern the request is not.
func TestOver(t *testing.T) {
	p := rules(t, `{name: r, `+onConfigMaps+`, validate: {pattern: {kind: ConfigMap}}}, {name: s, `+onConfigMaps+`, validate: {pattern: {kind: ConfigMap}}}, {name: elsewhere, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {deny: {}}}`)
	asked := 0
	got := engine.Evaluate(engine.Input{Programs: []*engine.Program{p}, Request: holding(nil), Lookup: nothing, Over: func() bool { asked++; return asked > 1 }})
	if len(got) != 2 || got[0].Result != eval.Pass || got[1].Result != eval.Error || got[1].Action != eval.Enforce || !strings.Contains(got[1].Message, "the time for an answer was over") {
		t.Errorf("%+v", got)
	}
}

// What a policy may say is bounded where it is compiled: it is refused with the field that is too much.
func TestWhatAPolicySaysIsBounded(t *testing.T) {
	repeat := strings.Repeat
	const deny = `validate: {deny: {conditions: {any: [{key: %s, operator: Equals, value: a}]}}}`
	foreach := func(levels int) string {
		return `validate: {foreach: [` + repeat(`{list: request.object.l, foreach: [`, levels-1) + `{list: request.object.l, deny: {}}` + repeat(`]}`, levels-1) + `]}`
	}
	for name, test := range map[string]struct{ fits, exceeds, field, detail string }{
		"depth of a pattern":          {`validate: {pattern: ` + repeat(`{a: `, 100) + `b` + repeat(`}`, 100) + `}`, `validate: {pattern: ` + repeat(`{a: `, 102) + `b` + repeat(`}`, 102) + `}`, "validate.pattern", "deeper than 100"},
		"keys of a pattern":           {`validate: {pattern: {` + numbered(9_000, `k%d: v,`) + `}}`, `validate: {pattern: {` + numbered(20_001, `k%d: v,`) + `}}`, "validate.pattern", "more than 20000"},
		"depth of a value":            {fmt.Sprintf(deny, repeat(`[`, 100)+`a`+repeat(`]`, 100)), fmt.Sprintf(deny, repeat(`[`, 102)+`a`+repeat(`]`, 102)), "conditions.any[0].key", "deeper than 100"},
		"variables in variables":      {fmt.Sprintf(deny, `"`+repeat(`{{ request.object.`, 8)+`b`+repeat(` }}`, 8)+`"`), fmt.Sprintf(deny, `"`+repeat(`{{ request.object.`, 9)+`b`+repeat(` }}`, 9)+`"`), "conditions.any[0].key", "deeper than 8"},
		"variables of a text":         {fmt.Sprintf(deny, `"`+repeat(`{{ request.name }}`, 1000)+`"`), fmt.Sprintf(deny, `"`+repeat(`{{ request.name }}`, 1001)+`"`), "conditions.any[0].key", "more than 1000"},
		"parts of an expression":      {fmt.Sprintf(deny, `"{{ request`+repeat(`.a`, 1000)+` }}"`), fmt.Sprintf(deny, `"{{ request`+repeat(`.a`, 5000)+` }}"`), "conditions.any[0].key", "4096"},
		"depth of an expression":      {fmt.Sprintf(deny, `"{{ `+repeat(`not_null(`, 20)+`request.object`+repeat(`)`, 20)+` }}"`), fmt.Sprintf(deny, `"{{ `+repeat(`not_null(`, 200)+`request`+repeat(`)`, 200)+` }}"`), "conditions.any[0].key", "100"},
		"length of an expression":     {fmt.Sprintf(deny, `"{{ '`+repeat(`a`, 500_000)+`' }}"`), fmt.Sprintf(deny, `"{{ '`+repeat(`a`, 1_048_000)+`' }}{{ '`+repeat(`a`, 1_048_600)+`' }}"`), "conditions.any[0].key", ""},
		"a regular expression":        {fmt.Sprintf(deny, `"{{ regex_match('`+repeat(`a`, 1000)+`', 'a') }}"`), fmt.Sprintf(deny, `"{{ regex_match('`+repeat(`(a|b){1000}`, 30)+`', 'a') }}"`), "conditions.any[0].key", "too large"},
		"foreach in foreach":          {foreach(8), foreach(9), "validate.foreach[0]", "deeper than 8"},
		"conditions":                  {`validate: {deny: {conditions: {any: [` + repeat(`{key: a, operator: Equals, value: a},`, 1000) + `]}}}`, `validate: {deny: {conditions: {any: [` + repeat(`{key: a, operator: Equals, value: a},`, 1001) + `]}}}`, "deny.conditions", "1000"},
		"entries of a context":        {`context: [` + numbered(1000, `{name: v%d, variable: {value: a}},`) + `], validate: {deny: {}}`, `context: [` + numbered(1001, `{name: v%d, variable: {value: a}},`) + `], validate: {deny: {}}`, "context", "1000"},
		"expressions of CEL":          {`validate: {cel: {expressions: [` + repeat(`{expression: "true"},`, 200) + `]}}`, `validate: {cel: {expressions: [` + repeat(`{expression: "true"},`, 201) + `]}}`, "cel.expressions", "200"},
		"length of expression of CEL": {`validate: {cel: {expressions: [{expression: "'` + repeat(`a`, 60_000) + `' != ''"}]}}`, `validate: {cel: {expressions: [{expression: "'` + repeat(`a`, 1<<16) + `' != ''"}]}}`, "cel.expressions[0].expression", ""},
		"estimated cost of CEL":       {`validate: {cel: {variables: [{name: v, expression: "[1]"}], expressions: [{expression: "variables.v.all(a, a == 1)"}]}}`, `validate: {cel: {expressions: [{expression: "object.all(a, true)` + repeat(` && true`, 20_000) + `"}]}}`, "cel.expressions[0].expression", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for rule, refused := range map[string]bool{test.fits: false, test.exceeds: true} {
				policy := &v1.ClusterPolicy{}
				if err := yaml.UnmarshalStrict([]byte(`{metadata: {name: p}, spec: {rules: [{name: r, `+onConfigMaps+`, `+rule+`}]}}`), policy); err != nil {
					t.Fatal(err)
				}
				_, errs := engine.Compile(policy)
				switch {
				case !refused && len(errs) > 0:
					t.Errorf("refused: %.300v", errs)
				case refused && (len(errs) == 0 || !strings.HasPrefix(errs[0].Field, "spec.rules[0]."+test.field) && !strings.Contains(errs[0].Field, test.field) || !strings.Contains(errs[0].Error(), test.detail)):
					t.Errorf("%.300v", errs)
				}
			}
		})
	}
	policy := &v1.ClusterPolicy{}
	policy.Spec.Rules = make([]v1.Rule, 1001)
	if _, errs := engine.Compile(policy); !strings.Contains(errs.ToAggregate().Error(), "spec.rules: Too many") {
		t.Errorf("1001 rules: %.300v", errs)
	}
}
