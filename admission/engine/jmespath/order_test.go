package jmespath

import "testing"

func TestOrder(t *testing.T) {
	for expression, want := range map[string]string{
		"sort(l)": "[1,2,3]", "sort(['b', 'a', 'B'])": `["B","a","b"]`, "sort(e)": "[]", "sort([`2`, `1.5`, `-1`])": "[-1,1.5,2]", "max(e)": "null", "min(e)": "null",
		"max(['a', 'c', 'b'])": `"c"`, "min(['b', 'a'])": `"a"`, "max_by(objs[:2], &k).k": "2", "min_by(objs[:2], &k).k": "1", "max_by(objs[:1], &zz)": `{"k":1}`, "sort_by(objs[:1], &zz)": `[{"k":1}]`,
		"sort_by(e, &k)": "[]", "min_by(e, &k)": "null", "reverse(e)": "[]", "reverse('')": `""`,
		"sort_by([{n: `1`, s: 'x'}, {n: `0`, s: 'y'}, {n: `1`, s: 'w'}, {n: `0`, s: 'z'}], &n)[].s": `["y","z","x","w"]`,
		"max_by([{n: `1`, s: 'x'}, {n: `1`, s: 'y'}], &n).s":                                        `"x"`,
		"min_by([{n: 'b', s: 'x'}, {n: 'a', s: 'y'}], &n).s":                                        `"y"`,
	} {
		if got, err := query(t, expression, object); err != nil || asJSON(got) != want {
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}
