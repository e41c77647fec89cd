package compile

import (
	"testing"
)

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
