package autogen

import (
	"strings"
	"testing"
)

func TestRules(t *testing.T) {
	const both = "autogen-r autogen-cronjob-r"
	for _, test := range []struct{ name, rules, want string }{
		{"pattern", `{name: r, ` + onPods + `, ` + demand + `}`, both},
		{"older form of match", `{name: r, match: {resources: {kinds: [Pod]}}, ` + demand + `}`, both},
		{"every filter of all", `{name: r, match: {all: [{resources: {kinds: [Pod]}}, {resources: {kinds: ["*/*"], namespaces: [a]}}]}, ` + demand + `}`, both},
		{"order of the policy", `{name: r, ` + onPods + `, ` + demand + `}, {name: s, ` + onPods + `, ` + demand + `}`, both + " autogen-s autogen-cronjob-s"},
		{"other kinds in another filter", `{name: r, match: {any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [ConfigMap]}}]}, ` + demand + `}`, both},
		{"other kinds beside Pod", `{name: r, match: {any: [{resources: {kinds: [Pod, ConfigMap]}}]}, ` + demand + `}`, ""},
		{"one such rule is enough", `{name: r, ` + onPods + `, ` + demand + `}, {name: s, match: {any: [{resources: {kinds: [v1/Pod, ConfigMap]}}]}, ` + demand + `}`, ""},
		{"other kinds without Pod", `{name: r, ` + onPods + `, ` + demand + `}, {name: s, match: {any: [{resources: {kinds: [Secret, ConfigMap]}}]}, ` + demand + `}`, both},
		{"Pod in full alone", `{name: r, match: {any: [{resources: {kinds: [v1/Pod]}}]}, ` + demand + `}`, ""},
		{"Pod in full beside a bare controller", `{name: r, match: {any: [{resources: {kinds: [v1/Pod]}}]}, ` + demand + `}, {name: s, match: {any: [{resources: {kinds: [Job]}}]}, ` + demand + `}`, both},
		{"name", `{name: r, match: {any: [{resources: {kinds: [Pod], name: a}}]}, ` + demand + `}`, ""},
		{"names", `{name: r, match: {any: [{resources: {kinds: [Pod], names: [a]}}]}, ` + demand + `}`, ""},
		{"annotations", `{name: r, match: {any: [{resources: {kinds: [Pod], annotations: {}}}]}, ` + demand + `}`, ""},
		{"selector", `{name: r, match: {all: [{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}]}, ` + demand + `}`, ""},
		{"namespaces, operations and users", `{name: r, match: {any: [{resources: {kinds: [Pod], namespaces: [a], operations: [CREATE]}, subjects: [{kind: User, name: a}]}]}, ` + demand + `}`, both},
		{"exclude with a name", `{name: r, ` + onPods + `, exclude: {any: [{resources: {names: [a]}}]}, ` + demand + `}`, ""},
		{"exclude of other kinds", `{name: r, ` + onPods + `, exclude: {any: [{resources: {kinds: [ConfigMap]}}]}, ` + demand + `}`, ""},
		{"exclude of Pods too", `{name: r, ` + onPods + `, exclude: {any: [{resources: {kinds: [ConfigMap]}}, {resources: {kinds: [Pod], namespaces: [a]}}]}, ` + demand + `}`, both},
		{"exclude without kinds", `{name: r, ` + onPods + `, exclude: {any: [{resources: {namespaces: [a]}}]}, ` + demand + `}`, both},
		{"deny", `{name: r, ` + onPods + `, validate: {deny: {}}}`, both},
		{"anyPattern", `{name: r, ` + onPods + `, validate: {anyPattern: [{spec: {a: b}}]}}`, both},
		{"foreach", `{name: r, ` + onPods + `, validate: {foreach: [{list: a, pattern: {}}]}}`, both},
		{"podSecurity", `{name: r, ` + onPods + `, validate: {podSecurity: {level: baseline}}}`, both},
		{"cel", `{name: r, ` + onPods + `, validate: {cel: {expressions: [{expression: "true"}]}}}`, both},
		{"manifests", `{name: r, ` + onPods + `, validate: {manifests: {}}}`, ""},
		{"nothing demanded", `{name: r, ` + onPods + `, validate: {message: a}}`, ""},
		{"no type", `{name: r, ` + onPods + `}`, ""},
		{"generate", `{name: r, ` + onPods + `, ` + demand + `}, {name: g, match: {any: [{resources: {kinds: [Namespace]}}]}, generate: {kind: ConfigMap}}`, ""},
		{"patchesJson6902", `{name: r, ` + onPods + `, ` + demand + `}, {name: m, ` + onPods + `, mutate: {patchesJson6902: "[]"}}`, ""},
		{"patchesJson6902 of a foreach", `{name: m, ` + onPods + `, mutate: {foreach: [{list: a, patchesJson6902: "[]"}]}}`, ""},
		{"patchStrategicMerge", `{name: r, ` + onPods + `, mutate: {patchStrategicMerge: {spec: {}}}}`, both},
		{"mutate foreach", `{name: r, ` + onPods + `, mutate: {foreach: [{list: a, patchStrategicMerge: {spec: {}}}]}}`, both},
		{"nested mutate foreach", `{name: r, ` + onPods + `, mutate: {foreach: [{list: a, foreach: [{list: b, patchStrategicMerge: {spec: {}}}]}]}}`, ""},
		{"verifyImages", `{name: r, ` + onPods + `, verifyImages: [{imageReferences: ["*"]}]}`, both},
		{"a name that is derived already", `{name: autogen-s, ` + onPods + `, ` + demand + `}`, ""},
		{"long names", `{name: ` + strings.Repeat("n", 63) + `, ` + onPods + `, ` + demand + `}`,
			"autogen-" + strings.Repeat("n", 55) + " autogen-cronjob-" + strings.Repeat("n", 47)},
	} {
		if got := names(Rules(annotated(t, "-", test.rules))); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestU22Labels: who selects by labels selects Pods, not their controllers, so no rule is derived that would judge, or
// spare, a controller by labels that its Pods do not have.
func TestU22Labels(t *testing.T) {
	const labelled = `{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}`
	for _, block := range []string{
		`match: {any: [` + labelled + `]}`,
		onPods + `, exclude: {any: [` + labelled + `]}`,
		onPods + `, exclude: {all: [` + labelled + `]}`,
		onPods + `, exclude: {resources: {selector: {matchLabels: {a: b}}}}`,
	} {
		if got := names(Rules(annotated(t, "-", `{name: r, `+block+`, `+demand+`}`))); got != "" {
			t.Errorf("%s: %s", block, got)
		}
	}
	rule := Rules(annotated(t, "Deployment", `{name: r, `+onPods+`, preconditions: {all: [{key: "{{request.object.metadata.labels.a}}", operator: Equals, value: b}]}, `+demand+`}`))[0]
	if !strings.Contains(string(rule.Preconditions.Raw), "{{request.object.spec.template.metadata.labels.a}}") {
		t.Errorf("a condition on labels reads %s", rule.Preconditions.Raw)
	}
}
