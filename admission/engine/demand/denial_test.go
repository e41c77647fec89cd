package demand

import "testing"

func TestDenial(t *testing.T) {
	const holds, does = `{key: a, operator: Equals, value: a, message: because}`, `{key: a, operator: Equals, value: b}`
	for _, test := range []struct{ validate, want string }{
		{`{deny: {}}`, "fail: validation error: rule r failed"},
		{`{message: m, deny: {}}`, "fail: m"},
		{`{message: m, deny: {conditions: {any: [` + holds + `]}}}`, "fail: m; because"},
		{`{deny: {conditions: {any: [` + holds + `]}}}`, "fail: because"},
		{`{message: m, deny: {conditions: {all: [` + holds + `, ` + does + `]}}}`, "pass: validation rule 'r' passed."},
		{`{message: "m {{ request.object.x }}", deny: {}}`, "fail: m 1"},
		// The message says what it can: it never hides that the object is denied.
		{`{message: "m {{ request.object.nothing }}", deny: {}}`, "fail: m {{ request.object.nothing }}"},
		{`{message: m, deny: {conditions: {any: [{key: "{{ request.object.nothing }}", operator: Equals, value: a}]}}}`,
			`error: failed to check deny conditions: failed to substitute variables in condition key: failed to resolve request.object.nothing at path : JMESPath query failed: Unknown key "nothing" in path`},
	} {
		if got := judge(t, test.validate, `{"x":1}`); got != test.want {
			t.Errorf("%s: %q, want %q", test.validate, got, test.want)
		}
	}
}
