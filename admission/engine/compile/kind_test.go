package compile

import "testing"

func TestKinds(t *testing.T) {
	for _, test := range []struct{ kinds, background, pattern, path string }{
		{"[Pod]", "true", "{spec: {a: b}}", ""},
		{"['*/*']", "true", "{spec: {a: b}}", ""},
		{"[Deployment, Deployment/scale]", "false", "{spec: {a: b}}", ""},
		{"[Deployment, Deployment/scale]", "true", "{spec: {a: b}}", ""},
		{"['*']", "true", "{metadata: {name: a}}", "spec.rules[0].match.any[0].resources.kinds[0]"},
		{"['*']", "false", "{metadata: {name: a}}", ""},
		{"['*']", "false", "{metadata: {name: a}, spec: {a: b}}", "spec.rules[0].match.any[0].resources.kinds[0]"},
		{"[Pod, '*']", "false", "{metadata: {name: a}}", "spec.rules[0].match.any[0].resources.kinds[1]"},
	} {
		_, errs := New(policy(t, `{metadata: {name: p}, spec: {background: `+test.background+`, rules: [{name: r, match: {any: [{resources: {kinds: `+test.kinds+`}}]}, validate: {pattern: `+test.pattern+`}}]}}`))
		if test.path == "" && len(errs) > 0 || test.path != "" && (len(errs) != 1 || errs[0].Field != test.path) {
			t.Errorf("%+v: %v", test, errs)
		}
	}
}
