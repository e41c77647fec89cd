package main

import "fmt"

// expressionCase shows in its message what an expression yields, and compares with what another does.
func (g *generator) expressionCase() (rule, object map[string]any) {
	rule = deny(map[string]any{"key": "{{ " + g.expression(3) + " }}", "operator": pick(g, "Equals", "NotEquals", "AnyIn"), "value": g.operand()})
	if g.often(6) {
		// Something that always holds, so that the message is seen.
		rule = deny(map[string]any{"key": "a", "operator": "Equals", "value": "a"})
	}
	at(rule, "validate").(map[string]any)["message"] = "<{{ to_string(" + g.expression(3) + ") }}>"
	return rule, g.object()
}

// withVariable is a text with variables in it.
func (g *generator) withVariable() string {
	field := pick(g, fieldNames...)
	other := pick(g, fieldNames...)
	return pick(g,
		"{{ request.object.data."+field+" }}", "x-{{request.object.data."+field+"}}-y", "{{request.object.data."+field+"}}{{request.object.data."+other+"}}",
		"\\{{ not.a.variable }}", "{{ request.object.data."+field+" || 'none' }}", "{{ request.object.data.\"{{request.object.data."+field+"}}\" || `null` }}",
		"{{ @ }}", "{{request.operation}}", "{{ request.namespace }}", "{{- request.object.data."+field+" }}", "{{ "+g.expression(2)+" }}",
		"$(./../"+field+")", "$(<=./../"+field+")", "$(/data/"+field+")", "\\$(./../"+field+")", "{{request.object.data.l[0]."+field+"}}", "{{ to_upper('{{request.object.data."+field+"}}') }}",
		"{{ request.object.metadata.labels.app }}", "a {{ request.object.data }} b", "{{request.object.data.l[?a=='{{request.object.data."+field+"}}']}}",
		"{{request.object.data."+field+"}} ", "{{ images }}", "{{ {a: 'b'}.a }}", "{{", "}}", "{{ }}")
}

// variableCase puts variables into messages, patterns, keys and conditions.
func (g *generator) variableCase() (rule, object map[string]any) {
	object = g.object()
	if g.often(5) {
		data := map[string]any{g.anchor(pick(g, fieldNames...)): g.withVariable(), pick(g, fieldNames...): pick[any](g, "*", "?*", g.withVariable(), []any{g.withVariable()})}
		if g.often(2) {
			data["{{request.object.data."+pick(g, fieldNames...)+"}}"] = pick(g, "*", g.withVariable())
		}
		return map[string]any{"validate": map[string]any{"message": "m " + g.withVariable(), "pattern": map[string]any{"data": data}}}, object
	}
	rule = deny(map[string]any{"key": g.withVariable(), "operator": pick(g, "Equals", "NotEquals", "AnyIn"), "value": pick[any](g, g.withVariable(), []any{g.withVariable(), "a"})})
	at(rule, "validate").(map[string]any)["message"] = g.withVariable() + " " + g.withVariable()
	return rule, object
}

// forEachCase judges elements.
func (g *generator) forEachCase() (rule, object map[string]any) {
	object = g.object()
	loops := []any{g.loop(0)}
	if g.often(2) {
		loops = append(loops, g.loop(0))
	}
	return map[string]any{"validate": map[string]any{"message": pick(g, "m", "m {{request.object.kind}}", "{{ element }}", ""), "foreach": loops}}, object
}

func (g *generator) loop(depth int) map[string]any {
	from := "request.object.data"
	if depth > 0 {
		from = "element"
	}
	l := map[string]any{"list": from + pick(g, "", ".l", ".l", ".l", ".a", ".b", ".l[].a", ".nothing", ".l[*]", " | [@]", " | keys(@)")}
	element := func() string {
		return pick(g, "{{ element }}", "{{ element.a }}", "{{ element.name }}", "{{ elementIndex }}", "{{ element.b || 'none' }}", "{{ element0.a }}", "{{ elementIndex0 }}", "{{ element1 || 'x' }}", "{{ v0 || 'x' }}")
	}
	condition := func() map[string]any {
		return map[string]any{"key": element(), "operator": pick(g, operators...), "value": g.operand()}
	}
	if g.often(3) {
		l["preconditions"] = map[string]any{pick(g, "any", "all"): []any{condition()}}
	}
	if g.often(1) {
		l["elementScope"] = pick(g, true, false)
	}
	if g.often(2) {
		l["context"] = []any{map[string]any{"name": "v0", "variable": map[string]any{"jmesPath": pick(g, "element", "element.a", "elementIndex", "request.object.data.a"), "default": g.scalar()}}}
	}
	pattern := func() any {
		return map[string]any{g.anchor(pick(g, fieldNames...)): pick(g, g.scalarPattern(g.scalar()), any(element()))}
	}
	switch {
	case depth < 2 && g.often(2):
		l["foreach"] = []any{g.loop(depth + 1)}
	case g.often(4):
		l["pattern"] = pattern()
	case g.often(2):
		l["anyPattern"] = []any{pattern(), map[string]any{pick(g, fieldNames...): "*"}}
	default:
		l["deny"] = map[string]any{"conditions": map[string]any{pick(g, "any", "all"): []any{condition()}}}
	}
	return l
}

// contextCase has entries that build on each other.
func (g *generator) contextCase() (rule, object map[string]any) {
	var entries []any
	for i := range 1 + g.IntN(3) {
		v := map[string]any{}
		if g.often(6) {
			v["value"] = pick(g, g.value(2), any("{{ request.object.data."+pick(g, fieldNames...)+" }}"), any("{{ v0 }}"), any(map[string]any{"a": "{{ " + g.expression(1) + " }}"}))
		}
		if g.often(5) || len(v) == 0 {
			v["jmesPath"] = pick(g, "a", "l[0]", "request.object.data."+pick(g, fieldNames...), "request.object.metadata.labels.app", "length(@)", "nothing", "v0", "v0.a", g.expression(1))
			if g.often(4) {
				v["default"] = pick(g, g.scalar(), g.value(1), any("{{ request.object.kind }}"))
			}
		}
		if v["value"] != nil && g.often(1) {
			v["jmesPath"] = "@"
		}
		entries = append(entries, map[string]any{"name": fmt.Sprintf("v%d", pick(g, i, i, i, 0)), "variable": v})
	}
	rule = deny(map[string]any{"key": "{{ v0 }}", "operator": pick(g, operators...), "value": pick(g, any("{{ v1 }}"), g.operand())})
	at(rule, "validate").(map[string]any)["message"] = "<{{ v0 }}>"
	rule["context"] = entries
	if g.often(2) {
		rule["preconditions"] = map[string]any{"all": []any{map[string]any{"key": "{{ v0 }}", "operator": pick(g, operators...), "value": g.operand()}}}
	}
	return rule, g.object()
}
