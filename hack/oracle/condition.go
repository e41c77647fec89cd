package main

var operators = []string{
	"Equals", "Equal", "NotEquals", "NotEqual", "AnyIn", "AllIn", "AnyNotIn", "AllNotIn", "In", "NotIn", "GreaterThan", "GreaterThanOrEquals",
	"LessThan", "LessThanOrEquals", "DurationGreaterThan", "DurationGreaterThanOrEquals", "DurationLessThan", "DurationLessThanOrEquals",
}

// operand is a key or a value of a condition.
func (g *generator) operand() any {
	switch g.IntN(10) {
	case 0, 1, 2:
		return g.operands()
	case 3:
		return "{{ request.object.data." + pick(g, fieldNames...) + " }}"
	case 4:
		return "{{ request.object.data.l[]." + pick(g, fieldNames...) + " }}"
	case 5:
		return "{{ " + g.expression(2) + " }}"
	}
	return g.scalar()
}

func (g *generator) operands() []any {
	list := make([]any, g.IntN(4))
	for i := range list {
		list[i] = g.text()
		if g.often(2) {
			list[i] = g.scalar()
		}
	}
	return list
}

func (g *generator) condition() map[string]any {
	c := map[string]any{"key": g.operand(), "operator": pick(g, operators...), "value": g.operand()}
	if g.often(4) {
		c["message"] = pick(g, "because", "on {{request.object.kind}}")
	}
	return c
}

func (g *generator) conditions() any {
	list := func() []any {
		out := make([]any, 1+g.IntN(2))
		for i := range out {
			out[i] = g.condition()
		}
		return out
	}
	switch g.IntN(4) {
	case 0:
		return list()
	case 1:
		return map[string]any{"any": list(), "all": list()}
	case 2:
		return map[string]any{"all": list()}
	}
	return map[string]any{"any": list()}
}

// conditionCase denies by conditions, and has preconditions at times.
func (g *generator) conditionCase() (rule, object map[string]any) {
	object = g.object()
	rule = map[string]any{"validate": map[string]any{"message": "m", "deny": map[string]any{"conditions": g.conditions()}}}
	if g.often(2) {
		rule["preconditions"] = g.conditions()
	}
	return rule, object
}

// operatorCase is one operator with a key and a value without variables.
func (g *generator) operatorCase() (rule, object map[string]any) {
	side := func() any { return pick[any](g, g.scalar(), g.scalar(), g.operands(), g.value(1)) }
	c := map[string]any{"key": side(), "operator": pick(g, operators...), "value": side()}
	if _, isList := c["key"].([]any); isList && (c["operator"] == "In" || c["operator"] == "NotIn") {
		// Anything but strings in such a list crashes the reference, which takes long to find.
		c["key"] = []any{g.text(), g.text()}
	}
	return deny(c), g.object()
}

func deny(condition map[string]any) map[string]any {
	return map[string]any{"validate": map[string]any{"message": "m", "deny": map[string]any{"conditions": map[string]any{"all": []any{condition}}}}}
}
