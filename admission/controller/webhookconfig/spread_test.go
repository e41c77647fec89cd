package webhookconfig

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// desiredRules are the rules of what is desired, by webhook.
func desiredRules(t *testing.T, policies ...v1.Object) map[string][]string {
	t.Helper()
	all, _ := newSet(t, policies...).All()
	webhooks, _ := Desired(Input{Policies: all, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")})
	got := map[string][]string{}
	for _, w := range webhooks {
		got[w.Name] = lines(w.Rules)
		want := map[string]string{"Fail": FailPath, "Ignore": IgnorePath}[string(*w.FailurePolicy)]
		if *w.ClientConfig.Service.Path != want || !strings.HasPrefix(w.Name, "validate.kyverno.svc-"+strings.TrimPrefix(want, "/validate/")) {
			t.Errorf("%s with %s is served on %s", w.Name, *w.FailurePolicy, *w.ClientConfig.Service.Path)
		}
	}
	return got
}

// M08 kube-apiserver sends a request to a webhook in one version. A policy that names another must not miss it.
func TestM08EachVersionThatIsNamedIsAskedForApart(t *testing.T) {
	cronJobs := func(version string) []string {
		return []string{"[batch] " + version + " Namespaced " + allOperations + " cronjobs"}
	}
	pods := "[] v1 Namespaced " + allOperations + " pods,pods/ephemeralcontainers"
	everything := []string{"[*] * * " + allOperations + " *,pods/ephemeralcontainers"}
	tests := []struct {
		name     string
		policies []v1.Object
		want     map[string][]string
	}{
		{"two versions", []v1.Object{clusterPolicy("a", on(t, "batch/v1/CronJob, Pod")), clusterPolicy("b", on(t, "batch/v1beta1/CronJob"))},
			map[string][]string{FailWebhook: {pods}, FailWebhook + "-v1": cronJobs("v1"), FailWebhook + "-v1beta1": cronJobs("v1beta1")}},
		{"any version and one", []v1.Object{clusterPolicy("a", on(t, "CronJob")), clusterPolicy("b", on(t, "batch/v1beta1/CronJob"))},
			map[string][]string{FailWebhook + "-v1": cronJobs("v1"), FailWebhook + "-v1beta1": cronJobs("v1beta1")}},
		{"any kind and one version; what has one version alone needs nothing more", []v1.Object{clusterPolicy("a", on(t, "'*'")), clusterPolicy("b", on(t, "CronJob, Pod, Deployment"))},
			map[string][]string{FailWebhook: everything, FailWebhook + "-v1": cronJobs("v1")}},
		{"one version", []v1.Object{clusterPolicy("a", on(t, "batch/v1/CronJob")), clusterPolicy("b", on(t, "CronJob"))},
			map[string][]string{FailWebhook: cronJobs("v1")}},
		{"two versions, one failing open", []v1.Object{clusterPolicy("a", on(t, "batch/v1/CronJob")), failOpen(clusterPolicy("b", on(t, "batch/v1beta1/CronJob")))},
			map[string][]string{FailWebhook: cronJobs("v1"), IgnoreWebhook: cronJobs("v1beta1")}},
		{"any kind failing closed does not do for one version failing open", []v1.Object{clusterPolicy("a", on(t, "'*'")), failOpen(clusterPolicy("b", on(t, "CronJob, Pod")))},
			map[string][]string{FailWebhook: everything, IgnoreWebhook: cronJobs("v1")}},
		{"W06 a version that there is not names no webhook", []v1.Object{clusterPolicy("a", on(t, "'*'")), clusterPolicy("b", on(t, "'batch/A_;/*'"))},
			map[string][]string{FailWebhook: everything}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, desiredRules(t, test.policies...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every policy is evaluated on every path, so that what is asked for once is enough.
func TestFailingOpenAsksForTheRest(t *testing.T) {
	pods := "[] v1 Namespaced " + allOperations + " pods,pods/ephemeralcontainers"
	tests := []struct {
		name         string
		closed, open string
		ignore       []string
	}{
		{"the same", "Pod", "Pod", nil},
		{"more", "Pod", "Pod, ConfigMap", []string{"[] v1 Namespaced " + allOperations + " configmaps"}},
		{"less", "Pod, ConfigMap", "Pod", nil},
		{"any kind closed", "'*'", "Pod", nil},
		{"any kind open", "Pod", "'*'", []string{"[*] * * " + allOperations + " *,pods/ephemeralcontainers"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := desiredRules(t, clusterPolicy("a", on(t, test.closed)), failOpen(clusterPolicy("b", on(t, test.open))))
			if diff := cmp.Diff(test.ignore, got[IgnoreWebhook]); diff != "" {
				t.Error(diff)
			}
			if test.closed == "Pod" && !cmp.Equal(got[FailWebhook], []string{pods}) {
				t.Errorf("failing closed: %v", got[FailWebhook])
			}
		})
	}
	t.Run("other operations", func(t *testing.T) {
		got := desiredRules(t, clusterPolicy("a", on(t, "Pod", "operations: [CREATE]")), failOpen(clusterPolicy("b", on(t, "Pod", "operations: [CREATE, UPDATE]"))))
		if want := []string{"[] v1 Namespaced UPDATE pods,pods/ephemeralcontainers"}; !cmp.Equal(got[IgnoreWebhook], want) {
			t.Errorf("failing open: %v", got[IgnoreWebhook])
		}
	})
	t.Run("the longest timeout of all where all are served", func(t *testing.T) {
		slow := failOpen(clusterPolicy("b", on(t, "Pod")))
		seconds := int32(20)
		slow.Spec.WebhookTimeoutSeconds = &seconds
		all, _ := newSet(t, clusterPolicy("a", on(t, "Pod")), slow).All()
		webhooks, _ := Desired(Input{Policies: all, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint})
		if len(webhooks) != 1 || *webhooks[0].TimeoutSeconds != seconds {
			t.Errorf("%+v", webhooks)
		}
	})
}
