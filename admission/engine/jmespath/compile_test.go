package jmespath

import (
	"errors"
	"reflect"
	"testing"
)

// TestMissingKeys holds the dialect to what the reference does with a key that is missing: what stands around it decides
// whether that is null or an error.
func TestMissingKeys(t *testing.T) {
	const missing = `Unknown key "zz" in path`
	for expression, want := range map[string]string{
		"zz": missing, "b.zz": missing, "b.zz.y": missing, "@.zz": missing, "zz.y": missing, "(zz)": missing, "zz[0]": missing,
		"t && zz": missing, "t && b.zz": missing, "zz.[a]": missing, "zz.{a: a}": missing, "objs[0].zz": missing,
		// A field of what is no object is null, and so is an index beyond the end.
		"b.n.zz": "null", "s.zz": "null", "a.zz": "null", "l.zz": "null", "l[9]": "null", "objs[5].zz": "null", "b[0]": "null",
		"zz || a": "1", "zz || yy": "null", "zz && a": "null", "!zz": "true", "zz | a": "null", "a | zz": "null", "zz | @": "null",
		"zz[]": "null", "zz[].x": "null", "zz[*]": "null", "zz[*].x": "null", "zz.*": "null", "zz.*.x": "null", "zz[?a]": "null",
		"b | zz": "null", "objs[*].v": `["q",1]`, "objs[].v": `["q",1]`, "m.*.zz": "[]", "objs[?zz]": "[]", "objs[?v=='q']": `[{"k":2,"v":"q"}]`,
		"[zz, a]": "[null,1]", "{q: zz, r: a}": `{"q":null,"r":1}`, "type(zz)": `"null"`, "not_null(zz, a)": "1", "map(&zz, objs)": "[null,null,null]",
		"zz == null": "true", "null == null": "true", "zz == `null`": "true", "zz != a": "true", "zz < a": "null", "a == false": "false",
		"!b.zz.y": "null", "!(b.zz.y)": "true", "objs[0:2].zz": "[]", "b.zz || 'none'": `"none"`, "(zz || b).c": `"x"`, "zz[0] || a": "1", "max_by(e, &zz)": "null",
	} {
		got, err := query(t, expression, object)
		var notFound *NotFoundError
		switch {
		case want == missing:
			if !errors.As(err, &notFound) || err.Error() != missing || notFound.Key != "zz" {
				t.Errorf("%s: %v %v, want the error %s", expression, got, err, want)
			}
		case err != nil || asJSON(got) != want:
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}

// TestNegationBindsToTheName shows that !a.b is (!a).b, as in the reference.
func TestNegationBindsToTheName(t *testing.T) {
	for expression, want := range map[string]string{"!m.z": "null", "!(m.z)": "false", "!m.z || 'x'": `"x"`} {
		if got, err := query(t, expression, object); err != nil || asJSON(got) != want {
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	data := map[string]any{"i": int64(1), "f": 1.0, "big": int64(9007199254740993), "half": 0.5, "min": int64(-9223372036854775808), "list": []any{int64(2), 1.5}}
	for expression, want := range map[string]any{
		"i == f": true, "i == `1`": true, "f == `1.0`": true, "i != f": false, "i < f": false, "i <= f": true, "half < i": true,
		"big": int64(9007199254740993), "big > `9007199254740991`": true, "i == 's'": false, "i < 's'": nil,
		"max(list)": int64(2), "min(list)": 1.5, "sort(list)": []any{1.5, int64(2)}, "contains(list, `2.0`)": true,
		"[i] == [f]": true, "{a: i} == {a: f}": true, "abs(min)": 9223372036854775808.0, "ceil(half)": int64(1), "to_number('9007199254740993')": int64(9007199254740993),
		"to_number('1e400')": nil, "to_number('NaN')": nil, "to_string(big)": "9007199254740993", "length('äöü')": int64(3), "type(f)": "number",
	} {
		expr, err := Compile(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := expr.Evaluate(data, nil); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %T %v %v, want %T %v", expression, got, got, err, want, want)
		}
	}
}
