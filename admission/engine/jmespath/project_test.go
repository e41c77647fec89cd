package jmespath

import (
	"math"
	"testing"
)

func TestProjections(t *testing.T) {
	for expression, want := range map[string]string{
		"objs[*].k": "[1,2]", "objs[].k": "[1,2]", "objs[?k].k": "[1,2]", "m.*": "[2,1]", "values(m)": "[2,1]", "keys(m)": `["y","z"]`,
		"objs[?k > `1`].v": `["q"]`, "objs[*].[k, v]": `[[1,null],[2,"q"],[null,1]]`, "[[l, l], l][]": "[[3,1,2],[3,1,2],3,1,2]", "l[*]": "[3,1,2]",
		"[l, `null`, l][]": "[3,1,2,3,1,2]", "m.*.type(@)": `["number","number"]`, "l[::-1]": "[2,1,3]", "l[1:]": "[1,2]", "l[:-1]": "[3,1]", "l[5:]": "[]",
		"b.{x: c, n: n}": `{"n":null,"x":"x"}`, "b.n.{x: c}": "null", "b.n.[c]": "null", "objs[*] | [0]": `{"k":1}`, "objs[*][0]": "[]", "s[*]": "null", "s.*": "null",
		"l.*": "null", "m[*]": "null", "m[]": "null", "m[?@]": "null", "s[0:1]": "null", "*.c": `["x"]`, "objs[?v].v | [0]": `"q"`, "e[*].x": "[]",
	} {
		if got, err := query(t, expression, object); err != nil || asJSON(got) != want {
			t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
		}
	}
}

// TestSliceBounds holds slices to staying within the list, whatever the bounds.
func TestSliceBounds(t *testing.T) {
	list := []any{"a", "b", "c", "d"}
	some := []int{math.MinInt, math.MinInt + 1, -5, -4, -1, 0, 1, 3, 4, 5, math.MaxInt - 1, math.MaxInt}
	for _, start := range some {
		for _, stop := range some {
			for _, step := range some {
				if step == 0 {
					continue
				}
				part := (&bounds{&start, &stop, step}).cut(list)
				// Walked the plain way, over the elements that there are.
				var want []any
				from, to := clampPlainly(start, step), clampPlainly(stop, step)
				for i := range list {
					at := i
					if step < 0 {
						at = len(list) - 1 - i
					}
					inside := step > 0 && at >= from && at < to || step < 0 && at <= from && at > to
					if inside && (distance(at, from) == 0 || distance(at, from)%magnitude(step) == 0) {
						want = append(want, list[at])
					}
				}
				if asJSON(part) != asJSON(append([]any{}, want...)) {
					t.Errorf("[%d:%d:%d] is %s, want %s", start, stop, step, asJSON(part), asJSON(want))
				}
			}
		}
	}
}

// clampPlainly is a bound within a list of four.
func clampPlainly(index, step int) int {
	if index < 0 {
		index += 4
	}
	if step > 0 {
		return max(0, min(index, 4))
	}
	return max(-1, min(index, 3))
}

func distance(a, b int) uint64 { return magnitude(a - b) }

func magnitude(n int) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
