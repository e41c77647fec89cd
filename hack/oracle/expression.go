package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// callable are the functions whose result is the same for both sides: not those that ask the clock, chance or the
// network.
var callable = slices.DeleteFunc(slices.Clone(jmespath.Functions()), func(f *jmespath.Function) bool {
	return slices.Contains([]string{"time_now", "time_now_utc", "random", "is_external_url"}, f.Name)
})

// expression is a JMESPath expression over the request.
func (g *generator) expression(depth int) string {
	if depth <= 0 {
		return g.simple()
	}
	sub := func() string { return g.expression(depth - 1) }
	switch g.IntN(20) {
	case 0:
		return sub() + " || " + sub()
	case 1:
		return sub() + " && " + sub()
	case 2:
		return sub() + " | " + pick(g, "@", "[0]", "length(@)", "to_string(@)", "a", "type(@)", "keys(@)", "[].a", "*", "[]", "[1:]", "[::-1]", "[?a]", "[*].a")
	case 3:
		return fmt.Sprintf("[%s, %s]", sub(), sub())
	case 4:
		return fmt.Sprintf("{x: %s, y: %s}", sub(), sub())
	case 5:
		return "request.object.data.l[?" + g.filterExpression() + "]" + pick(g, "", ".a", ".name | [0]", "[]", "[0]", ".[a, name]", ".{x: a}")
	case 6:
		return sub() + " " + pick(g, "==", "!=", "<", "<=", ">", ">=") + " " + sub()
	case 7:
		return "(" + sub() + ")" + pick(g, "", ".a", "[0]", "[*]", "[]", ".*", "[0:1]")
	case 8:
		return "!" + pick(g, "(", "") + g.simple() + pick(g, ")", "")
	case 9, 10, 11, 12, 13, 14, 15, 16, 17:
		return g.call(pick(g, callable...), depth)
	}
	return g.simple()
}

func (g *generator) filterExpression() string {
	return pick(g, "a == 'a'", "a", "!b", "name != 'b' && a", "to_string(a) == '1'", "contains(keys(@), 'a')", "a > `1`", "a <= `1`", "name || b", "@", "a == null", "a == `null`",
		"starts_with(name, 'a')", "@.a", "(a || b) && c", "length(@) > `1`", "type(a) == 'string'")
}

// call is a call of a function with arguments that mostly are what it takes.
func (g *generator) call(f *jmespath.Function, depth int) string {
	var args []string
	for i := range f.Arguments {
		a := &f.Arguments[i]
		args = append(args, g.argument(f.Name, a, depth))
		for a.Variadic && g.often(4) {
			args = append(args, g.argument(f.Name, a, depth))
		}
	}
	return f.Name + "(" + strings.Join(args, ", ") + ")"
}

// meant are arguments by their name, where the type alone says too little.
var meant = map[string][]string{
	"time":        times,
	"from":        times,
	"to":          append(slices.Clone(times), "''"),
	"duration":    {"'1h'", "'30m'", "'-2h'", "'x'", "'24h'", "'0s'", "'1m30s'", "''"},
	"layout":      {"''", "'2006-01-02'", "'epoch'", "'2006-01-02T15:04:05Z07:00'", "'Mon Jan _2 15:04:05 2006'", "'x'"},
	"expression":  {"'a'", "'(a)(b)'", "'['", "'.*'", "'^'", "'[a-z]+'", "'a|b'", "'(?i)A'", "'\\\\d'", "''"},
	"replacement": {"'x'", "'$1'", "'${1}y'", "''", "`1`"},
	"separator":   {"','", "''", "' '", "'-'", "'|'"},
	"pattern":     {"'a*'", "'*'", "'?'", "'ab?'", "''", "'a'"},
	"version":     {"'1.2.3'", "'v1.2.3'", "'1.2'", "'x'", "'1.2.3-rc.1'", "'1.10.0'"},
	"range":       {"'>=1.0.0'", "'1.2.x'", "'>1.0.0 <2.0.0'", "'1.2.3'", "'!1.2.3'", "'>1.0.0 || <0.1.0'"},
	"image":       {"'nginx'", "'nginx:1.2'", "'ghcr.io/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'", "'localhost:5000/a'", "'A'", "'a/b/c:v1'", "''"},
	"path":        {"'/a/../b'", "'a//b/'", "'.'", "'../a'", "''", "'/'"},
	"places":      {"`0`", "`1`", "`2`", "`-1`", "`0.5`"},
	"count":       {"`0`", "`1`", "`2`", "`-1`"},
	"length":      {"`2`", "`0`", "`-1`", "`100`", "`1.5`"},
	"keyName":     {"'k'", "''", "'v'"},
	"valueName":   {"'v'", "'k'"},
	"wanted":      {"request.object.metadata.labels", "`{\"app\":\"web\"}`", "`{}`"},
	"labels":      {"request.object.metadata.labels", "`{\"app\":\"web\"}`"},
}

var times = []string{
	"'2026-01-02T03:04:05Z'", "'2025-12-31T23:59:59+02:00'", "'2026-01-02T03:04:05.5Z'", "'x'", "'2024-02-29T00:00:00Z'", "'2026-01-02'", "'1735689600'", "'2026-01-02T03:04:05-11:30'",
}

// documents are texts that are parsed.
var documents = []string{
	"'{\"a\": 1}'", "'[1, \"b\"]'", "'a: 1'", "'- a'", "'x'", "'1.50'", "'007'", "'{'", "'null'", "'a: {b: [1, 2]}'", "'yes'", "'1e3'", "'\"x\"'", "''", "'a: 2026-01-02'",
}

func (g *generator) argument(function string, a *jmespath.Argument, depth int) string {
	switch function {
	case "add", "subtract", "multiply", "divide", "modulo":
		return pick(g, g.quantity(), g.quantity(), g.quantity(), g.expression(depth-1))
	case "sum":
		return "[" + g.quantity() + ", " + g.quantity() + pick(g, "", ", "+g.quantity()) + "]"
	case "parse_json", "parse_yaml":
		return pick(g, append(slices.Clone(documents), g.expression(depth-1))...)
	case "base64_decode":
		return pick(g, "'YWJj'", "'YQ=='", "'x'", "''", "'e30='", g.expression(depth-1))
	case "to_boolean":
		return pick(g, "'true'", "'FALSE'", "'True'", "'x'", "''", g.expression(depth-1))
	}
	if g.often(1) {
		return g.expression(depth - 1)
	}
	if texts := meant[a.Name]; texts != nil && !slices.Contains(a.Types, jmespath.Expression) && !g.often(2) {
		return pick(g, texts...)
	}
	return g.typed(pick(g, a.Types...), depth)
}

// typed is an expression that mostly has a value of a type.
func (g *generator) typed(t jmespath.Type, depth int) string {
	switch t {
	case jmespath.Number:
		return pick(g, "`1`", "`1.5`", "`0`", "`-1`", "`-2.5`", "`1000000`", "length(request.object.data)", "`1.0`", "`1e3`", "`0.1`", "`9007199254740993`")
	case jmespath.String:
		return pick(g, g.quotedText(), g.quotedText(), "request.object.metadata.labels.app", "request.object.kind", "to_string("+g.expression(depth-1)+")")
	case jmespath.Boolean:
		return pick(g, "`true`", "`false`")
	case jmespath.Array:
		return pick(g, "request.object.data.l", "`[1,2]`", "`[\"a\",\"b\"]`", "`[]`", "request.object.data.l[].a", "[request.object.kind, 'x']", "keys(request.object)", "`[3,\"a\",null]`", "values(request.object.data)")
	case jmespath.Object:
		return pick(g, "request.object.data", "request.object.metadata.labels", "`{\"a\":1}`", "`{}`", "request.object.data.l[0]")
	case jmespath.Null:
		return "`null`"
	case jmespath.Strings:
		return pick(g, "`[\"b\",\"a\"]`", "['a', 'x y']", "request.object.data.l[].name", "keys(request.object)", "`[]`", "split('b,a', ',')")
	case jmespath.Numbers:
		return pick(g, "`[1,2,3]`", "`[1.5,-2]`", "`[]`", "request.object.data.l[].a", "`[0.1,0.2]`", "`[5]`")
	case jmespath.Expression:
		return "&" + pick(g, "a", "@", "to_string(@)", "nothing", "name", "to_string(a)", "length(to_string(@))", "b.c")
	}
	return g.expression(depth - 1)
}

// simple is an expression without parts.
func (g *generator) simple() string {
	field := pick(g, fieldNames...)
	return pick(g,
		"request.object.data."+field, "request.object.data", "request.object.data.l", "request.object.data.l[0]."+field, "request.object.data.l[*]."+field,
		"request.object.data.l[]."+field, "request.object.metadata.labels.app", "request.object.metadata.labels", "request.operation", "request.object.kind",
		"request.object.nothing", "request.object.data.l[-1]", "request.object.data.l[0:2]", "request.object.data.*", "request.object.data."+field+"."+field,
		"request.object.data.\""+field+"\"", "request.object.data.["+field+", b]", "request.object.data.l[9]", g.literal(), g.literal())
}

func (g *generator) literal() string {
	if g.often(3) {
		return pick(g, "`1`", "`1.5`", "`0`", "`-1`", "`true`", "`null`", "`\"x\"`", "`[1,2]`", "`[\"a\"]`", "`{\"a\":1}`", "`[]`", "`{}`", "`\"\"`", "`false`")
	}
	return g.quotedText()
}

// quotedText is a text in single quotes.
func (g *generator) quotedText() string {
	return "'" + strings.NewReplacer("'", "", "\\", "").Replace(g.text()) + "'"
}

func (g *generator) quantity() string {
	return pick(g, "'1Gi'", "'512Mi'", "'100m'", "'1'", "'0'", "'1h'", "'30m'", "'90s'", "'1h10m'", "`1`", "`2.5`", "`-3`", "'10'", "'x'", "'-1Gi'", "`10`", "'2k'", "'1.5'", "'0.5Gi'", "'0s'", "'10s'", "'1e3'", "'3'")
}
