package autogen

import (
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	const good = `{name: r, ` + onPods + `, ` + demand + `}`
	for _, test := range []struct {
		name, annotation, rules string
		want                    []string
	}{
		{"nothing to say", "-", good, nil},
		{"no rule on Pods", "-", `{name: r, match: {any: [{resources: {kinds: [ConfigMap], names: [a]}}]}, ` + demand + `}`, nil},
		{"not wanted", "none", `{name: r, match: {any: [{resources: {kinds: [Pod, ConfigMap]}}]}, ` + demand + `}`, nil},
		{"mixed kinds", "-", good + `, {name: s, match: {any: [{resources: {kinds: [Secret]}}, {resources: {kinds: [Pod, ConfigMap]}}]}, ` + demand + `}`, []string{"spec.rules[1].match.any[1].resources.kinds: "}},
		{"mixed kinds, older form", "-", `{name: s, match: {resources: {kinds: [Pod, ConfigMap]}}, ` + demand + `}`, []string{"spec.rules[0].match.resources.kinds: "}},
		{"a selector in exclude", "-", `{name: r, ` + onPods + `, exclude: {all: [{resources: {selector: {matchLabels: {a: b}}}}]}, ` + demand + `}`, []string{"spec.rules[0].exclude.all[0].resources.selector: "}},
		{"generate", "-", good + `, {name: g, match: {any: [{resources: {kinds: [Namespace]}}]}, generate: {}}`, []string{"spec.rules[1].generate: "}},
		{"JSON patch", "-", `{name: m, ` + onPods + `, mutate: {patchesJson6902: "[]"}}`, []string{"spec.rules[0].mutate.patchesJson6902: "}},
		{"JSON patch in foreach", "-", `{name: m, ` + onPods + `, mutate: {foreach: [{list: a}, {list: a, patchesJson6902: "[]"}]}}`, []string{"spec.rules[0].mutate.foreach[1].patchesJson6902: "}},
		{"the usual ones", "CronJob,DaemonSet,Deployment,Job,StatefulSet", good, nil},
		{"some left out", "Deployment,Job", good, []string{"CronJob, DaemonSet, StatefulSet are left out"}},
		{"spaces and case", "CronJob, DaemonSet,deployment,Deployment,Job,StatefulSet,DaemonSet", good, []string{`" DaemonSet" is no kind`, `"deployment" is no kind`}},
		{"Pod", "Pod,CronJob,DaemonSet,Deployment,Job,StatefulSet", good, []string{`"Pod" is no kind`}},
	} {
		got := Warnings(annotated(t, test.annotation, test.rules))
		if len(got) != len(test.want) {
			t.Errorf("%s: %q", test.name, got)
			continue
		}
		for i := range got {
			if !strings.Contains(got[i], test.want[i]) {
				t.Errorf("%s: %q does not say %q", test.name, got[i], test.want[i])
			}
		}
	}
}
