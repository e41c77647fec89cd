package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBypassWarnings(t *testing.T) {
	const (
		byName    = ": whoever writes the Pod chooses the names of its containers, and is exempt by this one: exempt by image, best with its digest, or by who signed it."
		byElement = ": whoever writes the resource chooses this name, and is exempt by it: exempt by image, best with its digest, or by who signed it."
		good      = ": good.io* also fits good.io.evil.com, which anybody may register: write good.io/*."
		port      = ": good.io:5000* also fits good.io:5000.evil.com, which anybody may register: write good.io:5000/*."
	)
	for name, test := range map[string]ruleCase{
		"M10 exempt by the name of a container": {
			rule: matchPods + "validate: {pattern: {spec: {containers: [{(name): '!istio-proxy', image: '?*'}], =(initContainers): [{<(name): init, image: '?*'}]}}}",
			want: []string{
				"spec.rules[0].validate.pattern.spec.=(initContainers)[0].<(name)" + byName,
				"spec.rules[0].validate.pattern.spec.containers[0].(name)" + byName,
			},
		},
		"M10 in one pattern of several": {
			rule: matchPods + "validate: {anyPattern: [{spec: {containers: [{(name): a}]}}]}",
			want: []string{"spec.rules[0].validate.anyPattern[0].spec.containers[0].(name)" + byName},
		},
		"M10 exempt by the name of an element": {
			rule: matchPods + "validate: {foreach: [{list: request.object.spec.containers, preconditions: {all: [{key: '{{ element.name }}', operator: NotEquals, value: istio-proxy}]}, deny: {}}]}",
			want: []string{"spec.rules[0].validate.foreach[0].preconditions.all[0].key" + byElement},
		},
		"M10 every container, other names and by image": {
			rule: matchPods + `
validate:
  pattern:
    metadata: {(name): a}
    spec: {containers: [{(name): '*', (image): registry.test/proxy@sha256:*}], volumes: [{(name): a}]}`,
		},
		"M09 a registry without its end": {
			rule: matchPods + "validate: {pattern: {spec: {containers: [{image: 'good.io* | good.io/* | !good.io:5000*'}]}}}",
			want: []string{
				"spec.rules[0].validate.pattern.spec.containers[0].image" + good,
				"spec.rules[0].validate.pattern.spec.containers[0].image" + port,
			},
		},
		"M09 in conditions": {
			rule: matchPods + `
validate:
  deny:
    conditions:
      any:
      - {key: '{{ images.containers.*.registry }}', operator: AnyNotIn, value: [good.io*, ghcr.io]}
      - {key: '{{ element.image }}', operator: NotEquals, value: good.io*}
      - {key: '{{ request.object.metadata.labels.app }}', operator: Equals, value: good.io*}`,
			want: []string{
				"spec.rules[0].validate.deny.conditions.any[0].value[0]" + good,
				"spec.rules[0].validate.deny.conditions.any[1].value" + good,
			},
		},
		"M09 in exclusions": {
			rule: matchPods + "validate: {podSecurity: {level: baseline, exclude: [{controlName: Capabilities, images: [good.io*]}]}}",
			want: []string{"spec.rules[0].validate.podSecurity.exclude[0].images[0]" + good},
		},
		"M09 nothing that names a registry": {
			rule: matchPods + "validate: {pattern: {spec: {containers: [{image: '*:v1 | nginx* | */nginx* | good.io/nginx* | !*:latest'}]}}}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := test.clusterPolicy(t)
			expect(t, nil, ValidateClusterPolicy(policy))
			if diff := cmp.Diff(test.want, Warnings(policy)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestStatusWarning(t *testing.T) {
	for name, test := range map[string]struct {
		rule string
		want bool
	}{
		"a pattern":                {matchPods + "validate: {pattern: {status: {phase: Running}}}", true},
		"an anchor":                {matchPods + "validate: {pattern: {(status): {phase: Running}}}", true},
		"one of several":           {matchPods + "validate: {anyPattern: [{spec: {a: b}}, {status: {phase: Running}}]}", true},
		"the subresource is there": {"match: {any: [{resources: {kinds: [Pod, Pod/status]}}]}\nvalidate: {pattern: {status: {phase: Running}}}", false},
		"every subresource":        {"match: {any: [{resources: {kinds: ['*/*']}}]}\nvalidate: {pattern: {status: {phase: Running}}}", false},
		"another status":           {matchPods + "validate: {pattern: {metadata: {labels: {status: ok}}}}", false},
	} {
		t.Run(name, func(t *testing.T) {
			warnings := Warnings(ruleCase{rule: test.rule}.clusterPolicy(t))
			want := []string(nil)
			if test.want {
				want = []string{"You are matching on status but not including the status subresource in the policy."}
			}
			if diff := cmp.Diff(want, warnings); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
