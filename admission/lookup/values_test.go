package lookup

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestValues(t *testing.T) {
	given := Values{
		Global: map[string]any{"request.operation": "UPDATE", "who": "global", "map": map[string]any{"a": int64(1), "b": int64(2)}},
		Policies: map[string]PolicyValues{
			"p": {
				Resources: map[string]map[string]any{"r": {"who": "resource", "map.b": int64(3), `labels."example.com/team"`: "x"}},
				Rules:     map[string]map[string]any{"rule": {"who": "rule"}, "autogen-own": {"who": "derived"}, "own": {"who": "author"}},
			},
		},
		Set: map[string]any{"set": "s", "map.a": "set"},
	}
	s, err := NewStatic(StaticConfig{Values: given})
	if err != nil {
		t.Fatal(err)
	}
	resource := eval.Object{
		"request": map[string]any{"operation": "UPDATE"}, "who": "resource", "set": "s",
		"map":    map[string]any{"a": "set", "b": int64(3)},
		"labels": map[string]any{"example.com/team": "x"},
	}
	with := func(who string) eval.Object {
		changed := eval.Object{}
		for key, value := range resource {
			changed[key] = value
		}
		changed["who"] = who
		return changed
	}
	elsewhere := eval.Object{
		"request": map[string]any{"operation": "UPDATE"}, "who": "global", "set": "s",
		"map": map[string]any{"a": "set", "b": int64(2)},
	}
	tests := []struct {
		name, policy, namespace, rule, resource string
		want                                    eval.Object
	}{
		{name: "no rule's", policy: "p", rule: "another", resource: "r", want: with("resource")},
		{name: "the rule's", policy: "p", rule: "rule", resource: "r", want: with("rule")},
		{name: "a namespaced policy's", policy: "p", namespace: "a", rule: "rule", resource: "r", want: with("rule")},
		{name: "a derived rule's", policy: "p", rule: "autogen-rule", resource: "r", want: with("rule")},
		{name: "of a CronJob", policy: "p", rule: "autogen-cronjob-rule", resource: "r", want: with("rule")},
		{name: "a derived rule's own", policy: "p", rule: "autogen-own", resource: "r", want: with("derived")},
		{name: "another resource", policy: "p", rule: "x", resource: "r2", want: elsewhere},
		{name: "another policy", policy: "q", rule: "rule", resource: "r", want: elsewhere},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := s.For(test.resource).Values(eval.PolicyRef{Namespace: test.namespace, Name: test.policy}, test.rule)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if given.Global["map"].(map[string]any)["a"] != int64(1) {
		t.Error("what was given was written to")
	}
}

func TestNoValues(t *testing.T) {
	s, err := NewStatic(StaticConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.For("r").Values(eval.PolicyRef{Name: "p"}, "rule"); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestKeysOfValues(t *testing.T) {
	for key, want := range map[string]string{"": "dotted path", "a..b": "empty", "a.": "empty", `a."b`: "dotted path", `a"b`: "dotted path"} {
		for where, values := range map[string]Values{
			"globalValues":                 {Global: map[string]any{key: 1}},
			"--set":                        {Set: map[string]any{key: 1}},
			"values of policy p, rule r":   {Policies: map[string]PolicyValues{"p": {Rules: map[string]map[string]any{"r": {key: 1}}}}},
			"values of policy p, resource": {Policies: map[string]PolicyValues{"p": {Resources: map[string]map[string]any{"r": {key: 1}}}}},
		} {
			_, err := NewStatic(StaticConfig{Values: values})
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), where) {
				t.Errorf("%q in %s: err = %v", key, where, err)
			}
		}
	}
}
