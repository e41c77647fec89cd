package autogen

import (
	"strings"
	"testing"
)

func TestControllers(t *testing.T) {
	const all = "apps/v1/DaemonSet apps/v1/Deployment batch/v1/Job apps/v1/ReplicaSet v1/ReplicationController apps/v1/StatefulSet|batch/v1/CronJob"
	for _, test := range []struct{ annotation, want string }{
		{"-", all},
		{"none", ""},
		{"", ""},
		{"all", ""},
		{"Job,Deployment,Job", "apps/v1/Deployment batch/v1/Job"},
		{"CronJob", "batch/v1/CronJob"},
		{"CronJob,Deployment", "apps/v1/Deployment|batch/v1/CronJob"},
		{"Deployment, StatefulSet", "apps/v1/Deployment"},
		{"Deployment,Rollout", "apps/v1/Deployment Rollout"},
		{"Rollout", "Rollout"},
		{"Pod,Deployment", "apps/v1/Deployment"},
		{"*,deployment,a/b/c/d/e", ""},
	} {
		var got []string
		for _, rule := range Rules(annotated(t, test.annotation, `{name: r, `+onPods+`, `+demand+`}`)) {
			got = append(got, strings.Join(rule.Match.Any[0].Resources.Kinds, " "))
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%q: %q, want %q", test.annotation, strings.Join(got, "|"), test.want)
		}
	}
}
