package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// generator makes cases up. Everything it makes follows from its seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) *generator { return &generator{rand.New(rand.NewPCG(seed, 0))} }

// made are the kinds of cases, by name. Each makes a rule, without a name, and the object that it judges.
var made = map[string]func(*generator) (rule, object map[string]any){
	"pattern":   (*generator).patternCase,
	"condition": (*generator).conditionCase,
	"operator":  (*generator).operatorCase,
	"jmespath":  (*generator).expressionCase,
	"variable":  (*generator).variableCase,
	"foreach":   (*generator).forEachCase,
	"match":     (*generator).matchCase,
	"autogen":   (*generator).autogenCase,
	"context":   (*generator).contextCase,
	"scalar":    (*generator).scalarCase,
}

func families() []string { return slices.Sorted(keys(made)) }

// testCase makes the i-th case, of the family only or of any.
func (g *generator) testCase(i int, only string) testCase {
	family := pick(g, families()...)
	if only != "" {
		family = only
	}
	rule, object := made[family](g)
	// A namespace of its own keeps each policy to its object.
	namespace := fmt.Sprintf("ns%d", i)
	meta := object["metadata"].(map[string]any)
	if object["kind"] != "Namespace" && object["kind"] != "ClusterRole" {
		meta["namespace"] = namespace
	}
	rule["name"] = "r"
	if rule["match"] == nil {
		kind := object["kind"]
		if family == "autogen" {
			kind = "Pod"
		}
		rule["match"] = anyOf(map[string]any{"resources": map[string]any{"kinds": []any{kind}, "namespaces": []any{namespace}}})
	}
	policy := map[string]any{"name": ""}
	if annotations, ok := rule["annotations"]; ok {
		policy["annotations"] = annotations
		delete(rule, "annotations")
	}
	c := testCase{family: family, object: object, policy: map[string]any{
		"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": policy,
		"spec": map[string]any{"background": false, "rules": []any{rule}},
	}}
	c.rename(fmt.Sprintf("c%d", i))
	return c
}

func anyOf(filters ...any) map[string]any { return map[string]any{"any": filters} }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// often is true in n of ten cases.
func (g *generator) often(n int) bool { return g.IntN(10) < n }

// texts are what fields of objects, patterns and conditions hold: words, wildcards, numbers, quantities, durations,
// ranges, versions, operators, and what looks like one of these.
var texts = []string{
	"", "a", "b", "ab", "abc", "*", "?", "a*", "*b", "?*", "a?c", "-", "true", "false", "null", "0", "1", "-1", "10", "1.5", "007", "1e3",
	"100m", "1", "1000m", "1Gi", "1024Mi", "0.5", "500Mi", "2k", "10s", "1h", "60m", "1h30m", "3600s", "0s", "24h", "1.5Gi", "1Ki", "1E", "-10s", "5m", "+5", "1_000", "0x10",
	"1-5", "10-20", "1Gi-4Gi", "1!-5", "v1.2.3", "1.2.3", "1.10.0", "latest", "nginx:1.2", "ghcr.io/a/b:1", "a|b", "a & b", "x y", "é", "A", "AB", " a ", "1 - 5", "10s-1m", "-5--1",
	">5", "<10", ">=1Gi", "<=100m", "!a", "!", ">1h", "a|!b", ">0 & <10", "!*b", ">=1-5", "*-*", "10 - 20", "[\"a\",\"b\"]", "[1]", "{}", "5", "a,b", "1.0", "5.0", "!true", "<=1h", ">", "<=", "=", "!!a", "100m-1", "1.2-1.5", "|", "a|", "&", "a&",
}

func (g *generator) text() string { return pick(g, texts...) }

func (g *generator) scalar() any {
	switch g.IntN(12) {
	case 0:
		return pick(g, true, false)
	case 1, 2, 3:
		return pick(g, 0, 1, 2, 3, 5, 10, -1, 100, 1000, 1048576, 3600)
	case 4:
		return pick(g, 0.5, 1.5, -2.25, 1e3, 0.1)
	case 5:
		return nil
	}
	return g.text()
}

var fieldNames = []string{"a", "b", "c", "d", "name"}

// value is any JSON, no deeper than depth.
func (g *generator) value(depth int) any {
	switch {
	case depth <= 0 || g.often(4):
		return g.scalar()
	case g.often(5):
		list := make([]any, g.IntN(4))
		for i := range list {
			list[i] = g.value(depth - 1)
		}
		return list
	}
	return g.mapping(depth)
}

func (g *generator) mapping(depth int) map[string]any {
	m := map[string]any{}
	for range 1 + g.IntN(4) {
		m[pick(g, fieldNames...)] = g.value(depth - 1)
	}
	return m
}

// object has data of any shape, which neither side compares with a schema.
func (g *generator) object() map[string]any {
	meta := map[string]any{}
	if g.often(6) {
		meta["labels"] = map[string]any{pick(g, "app", "a", "env"): pick(g, "web", "a", "prod", "")}
	}
	if g.often(3) {
		meta["annotations"] = map[string]any{pick(g, "note", "a/b", "c"): pick(g, "x", "true", "")}
	}
	data := g.mapping(3)
	if g.often(5) {
		// Lists of maps are what most policies are about.
		list := make([]any, 1+g.IntN(3))
		for i := range list {
			list[i] = g.mapping(1)
		}
		data["l"] = list
	}
	return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}
}
