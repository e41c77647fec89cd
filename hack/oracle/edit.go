package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// edit makes a case smaller: it removes what a path leads to, or puts something smaller there.
type edit struct {
	// path holds keys (string) and indices (int), from "policy" or "object" down.
	path []any
	// value replaces what is there; it counts only where remove is not set.
	value  any
	remove bool
}

// kept are parts of a case that stay: without them it is another one.
var kept = regexp.MustCompile(`^(policy/(apiVersion|kind|metadata)|policy/spec/(background|rules)$|policy/spec/rules/0(/name)?$|object/(apiVersion|kind|metadata)$|object/metadata/(name|namespace)$|policy/spec/rules/0/validate$|policy/spec/rules/0/validate/podSecurity/(level|version)$)`)

// edits are what can be tried on a case, the largest parts first.
func (s *shrinking) edits() []edit {
	var out []edit
	for _, root := range []struct {
		name  string
		value map[string]any
	}{{"policy", s.policy}, {"object", s.object}} {
		out = append(out, editsOf(root.value, []any{root.name})...)
	}
	out = slices.DeleteFunc(out, func(e edit) bool {
		where := pathText(e.path)
		return kept.MatchString(where) || s.family != "match" && strings.HasPrefix(where, "policy/spec/rules/0/match")
	})
	slices.SortStableFunc(out, func(a, b edit) int { return len(a.path) - len(b.path) })
	if len(out) > maxEdits {
		// Some of all depths: what cannot be taken away whole may go in parts.
		spread := make([]edit, maxEdits)
		for i := range spread {
			spread[i] = out[i*len(out)/maxEdits]
		}
		out = spread
	}
	return out
}

func pathText(path []any) string {
	parts := make([]string, len(path))
	for i := range path {
		parts[i] = fmt.Sprint(path[i])
	}
	return strings.Join(parts, "/")
}

// editsOf are the edits of a value and of what is in it.
func editsOf(v any, path []any) []edit {
	var out []edit
	below := func(key any) []any { return append(slices.Clone(path), key) }
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, edit{path: below(key), remove: true})
			out = append(out, editsOf(v[key], below(key))...)
		}
	case []any:
		for i := range v {
			out = append(out, edit{path: below(i), remove: true})
			out = append(out, editsOf(v[i], below(i))...)
		}
	case string:
		for _, shorter := range shorterTexts(v) {
			out = append(out, edit{path: path, value: shorter})
		}
	}
	return out
}

// call is an innermost call in an expression, or anything in parentheses or brackets.
var call = regexp.MustCompile(`[A-Za-z_]*\(([^()]*)\)|\[([^\[\]]*)\]`)

// shorterTexts are texts that say less: a call or list gives way to what is in it, and words are left out.
func shorterTexts(s string) []string {
	var out []string
	for _, m := range call.FindAllStringSubmatchIndex(s, -1) {
		inner := ""
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				inner = s[m[i]:m[i+1]]
			}
		}
		for part := range strings.SplitSeq(inner, ", ") {
			out = append(out, s[:m[0]]+part+s[m[1]:])
		}
		out = append(out, s[:m[0]]+"a"+s[m[1]:])
	}
	for _, separator := range []string{" || ", " && ", " | ", ", ", " "} {
		parts := strings.Split(s, separator)
		for i := range parts {
			if len(parts) > 1 && len(parts) < 12 {
				out = append(out, strings.Join(slices.Delete(slices.Clone(parts), i, i+1), separator))
			}
		}
	}
	return out
}

// inOrder puts edits so that each finds its place: deeper before what is around, and later elements before earlier.
func inOrder(edits []edit) []edit {
	out := slices.Clone(edits)
	slices.SortStableFunc(out, func(a, b edit) int {
		for i := range min(len(a.path), len(b.path)) {
			x, isIndex := a.path[i].(int)
			y, both := b.path[i].(int)
			switch {
			case isIndex && both && x != y:
				return y - x
			case a.path[i] != b.path[i]:
				return strings.Compare(fmt.Sprint(a.path[i]), fmt.Sprint(b.path[i]))
			}
		}
		return len(b.path) - len(a.path)
	})
	return out
}

// apply edits what roots hold. An edit whose place is gone does nothing.
func (e edit) apply(roots map[string]any) {
	edited(roots, e.path, e)
}

// edited is a value with the edit applied to it.
func edited(v any, path []any, e edit) any {
	if len(path) == 0 {
		return e.value
	}
	switch v := v.(type) {
	case map[string]any:
		key, _ := path[0].(string)
		inner, ok := v[key]
		switch {
		case !ok:
		case len(path) == 1 && e.remove:
			delete(v, key)
		default:
			v[key] = edited(inner, path[1:], e)
		}
		return v
	case []any:
		i, ok := path[0].(int)
		switch {
		case !ok || i >= len(v):
		case len(path) == 1 && e.remove:
			return slices.Delete(v, i, i+1)
		default:
			v[i] = edited(v[i], path[1:], e)
		}
		return v
	}
	return v
}
