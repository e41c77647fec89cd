package jmespath

import (
	"errors"
	"strings"
	"testing"
)

// TestStandardFunctions goes beyond the examples and the compliance suite.
func TestStandardFunctions(t *testing.T) {
	for expression, want := range map[string]string{
		"contains(objs, `{\"k\":1.0}`)": "true", "contains(objs, `{\"k\":3}`)": "false", "contains([l], l)": "true", "contains('a1', `1`)": "false",
		"contains(l, zz)": "false", "contains([zz], `null`)": "true", "length('')": "0", "reverse('äb')": `"bä"`, "to_string(`\"<&>\"`)": `"\u003c\u0026\u003e"`,
		"to_string(['<'])": `"[\"\\u003c\"]"`, "to_string(zz)": `"null"`, "to_string(`1.0`)": `"1"`, "to_string(`1e21`)": `"1e+21"`, "to_number('')": "null",
		"to_number(l)": "null", "to_number(t)": "null", "to_number('-1.50')": "-1.5", "to_number('1e3')": "1000", "to_array(zz)": "[null]", "merge(m, b, `{}`)": `{"c":"x","n":null,"y":2,"z":1}`,
		"map(&@, e)": "[]", "avg(l)": "2", "avg([`1`, `2`])": "1.5", "join('', e)": `""`, "not_null(zz, e)": "[]", "not_null(zz)": "null", "type(@)": `"object"`, "type(t)": `"boolean"`,
		"ceil(`-1.5`)": "-1", "floor(`-1.5`)": "-2", "floor(a)": "1", "abs(`-9007199254740993`)": "9007199254740992", "starts_with(s, '')": "true",
	} {
		if got, err := query(t, expression, object); err != nil || asJSON(got) != want {
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}

func TestStandardFunctionsRefuse(t *testing.T) {
	for expression, want := range map[string]string{
		"length(a)":              "'length': argument 1 (value) must be string or array or object, but is number",
		"join(',', l)":           "'join': argument 2 (texts) must be array[string], but is array of number",
		"join(',', [s, zz, a])":  "but is array of string and null and number",
		"avg([a, s])":            "but is array of number and string",
		"max([a, s])":            "must be array[number] or array[string], but is array of number and string",
		"keys(l)":                "must be object, but is array of number",
		"merge(m, s)":            "'merge': argument 2 (objects) must be object, but is string",
		"starts_with(zz, 'a')":   "must be string, but is null",
		"max_by(objs, &k)":       "'max_by': the expression must yield numbers or strings for all items, but for item 2 it yields null",
		"sort_by(objs, &v)":      "for item 0 it yields null",
		"sort_by([`1`,'a'], &@)": "for item 1 it yields string",
		"min_by([t, t], &@)":     "for item 0 it yields boolean",
		"map(&length(@), l)":     "'length': argument 1",
	} {
		got, err := query(t, expression, object)
		var call *CallError
		if !errors.As(err, &call) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v, want the error %s", expression, got, err, want)
		}
	}
}

func TestAverageOfWhatIsTooLarge(t *testing.T) {
	if got, err := query(t, "avg(@)", "[1e308, 1e308]"); err == nil {
		t.Errorf("%v", got)
	}
}
