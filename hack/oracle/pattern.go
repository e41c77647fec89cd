package main

import (
	"fmt"
	"slices"
	"strings"
)

// patternCase compares an object of any shape with a pattern that was made from it.
func (g *generator) patternCase() (rule, object map[string]any) {
	object = g.object()
	demand := map[string]any{}
	if g.often(7) {
		demand["message"] = pick(g, "m", "m.", "see {{request.object.kind}}", "{{request.object.nothing}}")
	}
	whole := func() any {
		p := map[string]any{"data": g.patternOf(object["data"], 0)}
		if g.often(2) {
			p = map[string]any{g.anchor("data"): g.patternOf(object["data"], 0)}
		}
		if g.often(2) {
			p["metadata"] = map[string]any{g.anchor(pick(g, "labels", "annotations")): map[string]any{
				pick(g, "app", "a", "*", "a*", "(app)", "=(a*)", "X(app)", "<(env)", "a/b"): pick(g, "web", "*", "?*", "!a", "true"),
			}}
		}
		return p
	}
	if g.often(7) {
		demand["pattern"] = whole()
	} else {
		list := make([]any, 1+g.IntN(3))
		for i := range list {
			list[i] = whole()
		}
		demand["anyPattern"] = list
	}
	return map[string]any{"validate": demand}, object
}

// anchor is a key, often with an anchor around it.
func (g *generator) anchor(key string) string {
	if g.often(6) {
		return key
	}
	return pick(g, "("+key+")", "=("+key+")", "<("+key+")", "X("+key+")", "^("+key+")", "("+key+")", "=("+key+")")
}

// patternOf is a pattern that a value has something to do with: most of it would fit.
func (g *generator) patternOf(v any, depth int) any {
	switch v := v.(type) {
	case map[string]any:
		return g.patternOfMap(v, depth)
	case []any:
		switch {
		case len(v) == 0 || g.often(1):
			return []any{g.scalarPattern(g.scalar())}
		case g.often(1):
			return g.scalarPattern(v[0])
		case g.often(1):
			return []any{g.patternOf(pick(g, v...), depth+1), g.patternOf(pick(g, v...), depth+1)}
		}
		return []any{g.patternOf(pick(g, v...), depth+1)}
	}
	return g.scalarPattern(v)
}

func (g *generator) patternOfMap(v map[string]any, depth int) map[string]any {
	p := map[string]any{}
	for _, key := range slices.Sorted(keys(v)) {
		if g.often(3) {
			continue
		}
		written := g.anchor(key)
		p[written] = g.patternOf(v[key], depth+1)
		switch {
		case strings.HasPrefix(written, "X("):
			p[written] = pick[any](g, "null", nil)
		case strings.HasPrefix(written, "^("):
			p[written] = []any{g.existing(v[key])}
		}
	}
	if g.often(2) || len(p) == 0 {
		p[g.anchor(pick(g, fieldNames...))] = g.scalarPattern(g.scalar())
	}
	return p
}

// existing is a pattern of an element of a list.
func (g *generator) existing(list any) map[string]any {
	if elements, ok := list.([]any); ok && len(elements) > 0 && g.often(7) {
		if m, ok := pick(g, elements...).(map[string]any); ok {
			return g.patternOfMap(m, 1)
		}
	}
	return map[string]any{pick(g, fieldNames...): g.scalarPattern(g.scalar())}
}

func (g *generator) scalarPattern(v any) any {
	switch g.IntN(8) {
	case 0:
		return v
	case 1:
		return "*"
	case 2:
		return "?*"
	case 3:
		return fmt.Sprintf("%s%v", pick(g, "!", ">", "<", ">=", "<="), v)
	case 4:
		return g.text() + pick(g, "|", " | ", "&", " & ") + g.text()
	case 5:
		return fmt.Sprint(v)
	}
	return g.scalar()
}

// scalarCase compares one value with one pattern.
func (g *generator) scalarCase() (rule, object map[string]any) {
	object = g.object()
	v := g.scalar()
	object["data"] = map[string]any{"a": v}
	if g.often(1) {
		object["data"] = map[string]any{"a": g.value(1)}
	}
	return map[string]any{"validate": map[string]any{"message": "m", "pattern": map[string]any{"data": map[string]any{
		"a": pick(g, g.scalarPattern(v), g.scalarPattern(g.scalar()), g.scalarPattern(g.scalar())),
	}}}}, object
}
