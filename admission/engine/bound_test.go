package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestScratch(t *testing.T) {
	long := func(n int, v any) []any {
		l := make([]any, n)
		for i := range l {
			l[i] = v
		}
		return l
	}
	req := func(data map[string]any) *eval.Request {
		data["apiVersion"], data["kind"], data["metadata"] = "v1", "ConfigMap", map[string]any{"name": "c", "namespace": "default"}
		return created(data)
	}
	big := strings.Repeat("a", 2_500_000)
	strs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"*b%d*c",`, i)
		}
		return b.String()
	}
	cases := map[string]struct {
		rule string
		data map[string]any
	}{
		"nested foreach": {`validate: {foreach: [{list: request.object.l, foreach: [{list: request.object.l, pattern: {x: z1}}]}]}`, map[string]any{"l": long(10000, map[string]any{"x": "z1"})}},
		"nested foreach deny": {`validate: {foreach: [{list: request.object.l, foreach: [{list: request.object.l, deny: {conditions: {any: [{key: "{{ element.x }}", operator: Equals, value: z}]}}}]}]}`, map[string]any{"l": long(10000, map[string]any{"x": "z1"})}},
		"wildcards on a long key": {`validate: {deny: {conditions: {any: [{key: "{{ request.object.big }}", operator: AnyIn, value: [` + strs(20000) + `]}]}}}`, map[string]any{"big": big}},
		"wildcards on a long key, both of the object": {`validate: {deny: {conditions: {any: [{key: "{{ request.object.keys }}", operator: AnyIn, value: "{{ request.object.l }}"}]}}}`, map[string]any{"keys": long(300, big[:10000]), "l": long(30000, "*a*b*aaaaaaaaaaaaab*")}},
		"equal lists": {`validate: {deny: {conditions: {any: [` + strings.Repeat(`{key: "{{ request.object.l }}", operator: NotEquals, value: "{{ request.object.l }}"},`, 990) + `]}}}`, map[string]any{"l": long(300000, "a")}},
		"existence":     {`validate: {pattern: {"^(l)": [` + strings.Repeat(`{x: z1},`, 9000) + `]}}`, map[string]any{"l": append(long(300000, map[string]any{"x": "z"}), map[string]any{"x": "z1"})}},
		"alternatives":  {`validate: {pattern: {l: ["` + strings.Repeat("*b*|", 200000) + `a*"]}}`, map[string]any{"l": long(300000, "aaaaaaa")}},
		"alternatives on a long text":  {`validate: {pattern: {l: "` + strings.Repeat("*b*|", 200000) + `a*"}}`, map[string]any{"l": big}},
		"anyPattern":    {`validate: {anyPattern: [` + strings.Repeat(`{l: [{x: z1}]},`, 4000) + `]}`, map[string]any{"l": append(long(300000, map[string]any{"x": "z1"}), "z")}},
		"pattern with variables in foreach": {`validate: {foreach: [{list: request.object.l, pattern: {x: "{{ element.x }}", "=(yy)": {` + strings.Repeat(`a: {b: {c: 1}},`, 1)[:0] + func() string {
			var b strings.Builder
			for i := range 9000 {
				fmt.Fprintf(&b, `"=(k%d)": "v%d",`, i, i)
			}
			return b.String()
		}() + `}}}]}`, map[string]any{"l": long(10000, map[string]any{"x": "z1"})}},
		"regex":  {`validate: {deny: {conditions: {any: [{key: "{{ request.object.l[].regex_match(@, 'x') }}", operator: AnyIn, value: [a]}]}}}`, map[string]any{"l": long(100000, "((a{1,30}){1,30}b)*")}},
		"labels": {`validate: {pattern: {metadata: {labels: {` + func() string {
			var b strings.Builder
			for i := range 9000 {
				fmt.Fprintf(&b, `"=(*k%d)": "v%d",`, i, i)
			}
			return b.String()
		}() + `}}}}`, nil},
		"text with variables": {`validate: {deny: {conditions: {any: [{key: "` + strings.Repeat("{{ request.object.big }}", 900) + `", operator: Equals, value: z}]}}}`, map[string]any{"big": big}},
		"map with variables": {`validate: {deny: {conditions: {any: [{key: [` + strings.Repeat(`"x{{ request.object.big }}",`, 9000) + `], operator: AnyIn, value: [z]}]}}}`, map[string]any{"big": big}},
		"ranges": {`validate: {deny: {conditions: {any: [` + strings.Repeat(`{key: "{{ request.object.l }}", operator: AnyNotIn, value: "1-5"},`, 990) + `]}}}`, map[string]any{"l": long(300000, "3")}},
		"GreaterThan": {`validate: {deny: {conditions: {any: [` + strings.Repeat(`{key: "{{ request.object.big }}", operator: GreaterThan, value: "{{ request.object.big }}"},`, 990) + `]}}}`, map[string]any{"big": big}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.data == nil {
				c.data = map[string]any{}
			}
			r := req(c.data)
			if name == "labels" {
				l := map[string]any{}
				for i := range 100000 {
					l[fmt.Sprint("x", i)] = "y"
				}
				r.Object["metadata"].(map[string]any)["labels"] = l
			}
			p := rules(t, `{name: r, `+onConfigMaps+`, `+c.rule+`}`)
			began := time.Now()
			done := make(chan []eval.Decision, 1)
			go func() { done <- evaluate(p, r) }()
			select {
			case got := <-done:
				t.Logf("%s: %d decisions, %s %.150s", time.Since(began), len(got), got[0].Result, got[0].Message)
			case <-time.After(15 * time.Second):
				t.Errorf("still going")
			}
		})
	}
}
