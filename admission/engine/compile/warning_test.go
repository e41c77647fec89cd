package compile

import (
	"strings"
	"testing"
)

func TestAutogenWarning(t *testing.T) {
	rule := func(match, exclude string) string {
		if exclude != "" {
			exclude = `, exclude: ` + exclude
		}
		return `{name: r, match: ` + match + exclude + `, validate: {pattern: {spec: {hostPID: false}}}}`
	}
	const pods = `{any: [{resources: {kinds: [Pod]}}]}`
	for _, test := range []struct {
		name, annotation string
		rules            []string
		want             bool
	}{
		{"Pods", "", []string{rule(pods, "")}, true},
		{"version", "", []string{rule(`{resources: {kinds: [v1/Pod], namespaces: [a]}}`, "")}, true},
		{"some controllers", "Deployment", []string{rule(pods, "")}, true},
		{"none", "none", []string{rule(pods, "")}, false},
		{"other kinds", "", []string{rule(`{any: [{resources: {kinds: [Service]}}]}`, "")}, false},
		{"mixed kinds", "", []string{rule(`{any: [{resources: {kinds: [Pod, Deployment]}}]}`, "")}, false},
		{"kinds apart", "", []string{rule(`{any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Deployment]}}]}`, "")}, true},
		{"names", "", []string{rule(`{any: [{resources: {kinds: [Pod], names: [a]}}]}`, "")}, false},
		{"selector", "", []string{rule(`{any: [{resources: {kinds: [Pod], selector: {matchLabels: {a: b}}}}]}`, "")}, false},
		{"exclude by name", "", []string{rule(pods, `{any: [{resources: {kinds: [Pod], name: a}}]}`)}, false},
		{"exclude another kind", "", []string{rule(pods, `{any: [{resources: {kinds: [Service]}}]}`)}, false},
		{"exclude namespaces", "", []string{rule(pods, `{any: [{resources: {namespaces: [a]}}]}`)}, true},
		{"another rule prevents it", "", []string{rule(pods, ""), rule(`{any: [{resources: {kinds: [Service], name: a}}]}`, "")}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			annotations := ""
			if test.annotation != "" {
				annotations = `, annotations: {pod-policies.kyverno.io/autogen-controllers: ` + test.annotation + `}`
			}
			p, errs := New(policy(t, `{metadata: {name: p`+annotations+`}, spec: {rules: [`+strings.Join(test.rules, ", ")+`]}}`))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			got := len(p.Warnings) == 1 && strings.HasPrefix(p.Warnings[0], "Pod controllers are not judged yet, only Pods: ") && strings.Contains(p.Warnings[0], "rule r")
			if got != test.want || !test.want && len(p.Warnings) > 0 {
				t.Errorf("warnings %q", p.Warnings)
			}
		})
	}
}

func TestScaleWarning(t *testing.T) {
	for _, test := range []struct {
		kinds, pattern string
		want           bool
	}{
		{"[Deployment]", "{spec: {replicas: '<5'}}", true},
		{"[apps/v1/StatefulSet]", "{=(spec): {(replicas): '<5'}}", true},
		{"[Deployment, Deployment/scale]", "{spec: {replicas: '<5'}}", false},
		{"[Deployment, '*/scale']", "{spec: {replicas: '<5'}}", false},
		{"[Deployment]", "{spec: {paused: false}}", false},
		{"[CronJob]", "{spec: {replicas: '<5'}}", false},
	} {
		p, errs := New(policy(t, `{metadata: {name: p}, spec: {background: false, rules: [{name: r, match: {any: [{resources: {kinds: `+test.kinds+`}}]}, validate: {pattern: `+test.pattern+`}}]}}`))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		got := len(p.Warnings) == 1 && p.Warnings[0] == "You are matching on replicas but not including the scale subresource in the policy."
		if got != test.want {
			t.Errorf("%+v: warnings %q", test, p.Warnings)
		}
	}
}
