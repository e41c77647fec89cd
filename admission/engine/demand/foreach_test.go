package demand

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestForEach(t *testing.T) {
	const object = `{"l":[{"k":"a"},{"k":"b","x":1},null],"names":["a","b"],"m":{"k":"b"}}`
	const denyB = `deny: {conditions: {any: [{key: "{{ element.k }}", operator: Equals, value: b}]}}`
	for _, test := range []struct{ loop, want string }{
		{`{list: request.object.l, ` + denyB + `}`, "fail: validation failure: m"},
		{`{list: "request.object.l[?k == 'a']", ` + denyB + `}`, "pass: rule passed"},
		{`{list: request.object.m, ` + denyB + `}`, "fail: validation failure: m"},
		{`{list: request.object.nothing, ` + denyB + `}`, "nothing to say"},
		{`{list: "request.object.l[?k == 'z']", ` + denyB + `}`, "nothing to say"},
		{`{list: request.object.l, preconditions: {all: [{key: "{{ element.x }}", operator: Equals, value: 2}]}, ` + denyB + `}`, "nothing to say"},
		{`{list: request.object.l, pattern: {k: a}}`, "fail: validation failure: validation error: m. rule r failed at path /k/"},
		{`{list: request.object.l, pattern: {(k): z, x: 1}}`, "nothing to say"},
		{`{list: request.object.l, elementScope: false, pattern: {m: {k: "{{ element.k }}"}}}`, "fail: validation failure: validation error: m. rule r failed at path /m/k/"},
		{`{list: request.object.names, pattern: {m: {k: b}}}`, "pass: rule passed"},
		{`{list: request.object.names, elementScope: true, pattern: {k: b}}`,
			"error: failed to process foreach: cannot use elementScope=true foreach rules for elements that are not maps, expected type=map got type=string"},
		// An element that cannot be judged is an error, whatever the others are, unless one fails.
		{`{list: request.object.l, deny: {conditions: {all: [{key: "{{ element.x }}", operator: Equals, value: 2}]}}}`,
			`error: validation failure: failed to check deny conditions: failed to substitute variables in condition key: failed to resolve element.x at path : JMESPath query failed: Unknown key "x" in path`},
		{`{list: request.object.l, deny: {conditions: {all: [{key: "{{ element.x }}", operator: Equals, value: 1}]}}}`, "fail: validation failure: m"},
		{`{list: request.object.l, foreach: [{list: "values(element)", deny: {conditions: {any: [{key: "{{ element }}", operator: Equals, value: b}]}}}]}`,
			"fail: validation failure: validation failure: m"},
		{`{list: request.object.l, context: [{name: v, variable: {value: "{{ element.k }}{{ elementIndex }}"}}], deny: {conditions: {any: [{key: "{{ v }}", operator: Equals, value: b1}]}}}`,
			"fail: validation failure: m"},
	} {
		if got := judge(t, `{message: m, foreach: [`+test.loop+`]}`, object); got != test.want {
			t.Errorf("%s: %q, want %q", test.loop, got, test.want)
		}
	}
}

func TestForEachViolations(t *testing.T) {
	d := mustCompile(t, `{foreach: [{list: request.object.l, pattern: {k: a, m: a}}, {list: request.object.l, deny: {conditions: {any: [{key: "{{ element.k }}", operator: Equals, value: b}]}}}]}`)
	got, complete := d.Violations(about(t, `{"l":[{"k":"a","m":"a"},{"k":"b","m":"b"}]}`))
	if want := []string{"0/1/k/", "0/1/m/", "1/1/any/0"}; !complete || !slices.Equal(got, want) {
		t.Errorf("%q, complete: %v, want %q", got, complete, want)
	}
}

func TestForEachIsBounded(t *testing.T) {
	list, err := json.Marshal(map[string]any{"l": make([]int, maxElements+1)})
	if err != nil {
		t.Fatal(err)
	}
	if got := judge(t, `{foreach: [{list: request.object.l, deny: {}}]}`, string(list)); !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "10001 elements") {
		t.Errorf("%q", got)
	}
	loop := `{list: element, deny: {}}`
	for range maxNesting {
		loop = `{list: element, foreach: [` + loop + `]}`
	}
	if _, errs := compile(t, `{foreach: [`+loop+`]}`); len(errs) == 0 || !strings.Contains(errs[0].Detail, "nested deeper") {
		t.Errorf("%v", errs)
	}
}
