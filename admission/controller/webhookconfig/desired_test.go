package webhookconfig

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// lines writes rules on a line each: group version scope operations resources.
func lines(rules []admissionregistrationv1.RuleWithOperations) []string {
	var out []string
	for _, r := range rules {
		var operations []string
		for _, o := range r.Operations {
			operations = append(operations, string(o))
		}
		out = append(out, strings.Join([]string{"[" + strings.Join(r.APIGroups, ",") + "]", strings.Join(r.APIVersions, ","), string(*r.Scope),
			strings.Join(operations, ","), strings.Join(r.Resources, ",")}, " "))
	}
	return out
}

const allOperations = "CONNECT,CREATE,DELETE,UPDATE"

func TestDesiredRules(t *testing.T) {
	tests := []struct {
		name     string
		policies []v1.Object
		fail     []string
		ignore   []string
		unknown  []string
	}{
		{name: "none"},
		{name: "Pod", policies: []v1.Object{clusterPolicy("a", on(t, "Pod"))},
			fail: []string{"[] v1 Namespaced " + allOperations + " pods,pods/ephemeralcontainers"}},
		{name: "one that fails open", policies: []v1.Object{failOpen(clusterPolicy("a", on(t, "Pod")))},
			ignore: []string{"[] v1 Namespaced " + allOperations + " pods,pods/ephemeralcontainers"}},
		{name: "both", policies: []v1.Object{clusterPolicy("a", on(t, "ConfigMap")), failOpen(clusterPolicy("b", on(t, "Namespace")))},
			fail:   []string{"[] v1 Namespaced " + allOperations + " configmaps"},
			ignore: []string{"[] v1 * " + allOperations + " namespaces"}},
		{name: "several kinds, in whatever order", policies: []v1.Object{clusterPolicy("a", on(t, "StatefulSet, ConfigMap")), clusterPolicy("b", on(t, "Deployment, CustomResourceDefinition"))},
			fail: []string{
				"[] v1 Namespaced " + allOperations + " configmaps",
				"[apiextensions.k8s.io] v1 * " + allOperations + " customresourcedefinitions",
				"[apps] v1 Namespaced " + allOperations + " deployments,statefulsets",
			}},
		{name: "operations", policies: []v1.Object{clusterPolicy("a", on(t, "Deployment", "operations: [CREATE]")), clusterPolicy("b", on(t, "Deployment", "operations: [UPDATE]")), clusterPolicy("c", on(t, "StatefulSet", "operations: [CREATE]"))},
			fail: []string{"[apps] v1 Namespaced CREATE,UPDATE deployments", "[apps] v1 Namespaced CREATE statefulsets"}},
		{name: "a subresource of any kind", policies: []v1.Object{clusterPolicy("a", on(t, "'*/scale'", "operations: [CREATE]"))},
			fail: []string{"[*] * * CREATE */scale"}},
		{name: "a subresource of one kind", policies: []v1.Object{clusterPolicy("a", on(t, "Pod/exec", "operations: [CONNECT]"))},
			fail: []string{"[] v1 Namespaced CONNECT pods/exec"}},
		{name: "all subresources of one kind", policies: []v1.Object{clusterPolicy("a", on(t, "'Pod/*'"))},
			fail: []string{"[] v1 Namespaced " + allOperations + " pods/ephemeralcontainers,pods/exec,pods/status"}},
		{name: "any kind", policies: []v1.Object{clusterPolicy("a", on(t, "'*'"))},
			fail: []string{"[*] * * " + allOperations + " *,pods/ephemeralcontainers"}},
		{name: "any kind in one namespace", policies: []v1.Object{policy("team", "a", on(t, "'*'"))},
			fail: []string{"[*] * Namespaced " + allOperations + " *,pods/ephemeralcontainers"}},
		{name: "any kind, twice", policies: []v1.Object{policy("team", "a", on(t, "'*'")), clusterPolicy("a", on(t, "'*'")), clusterPolicy("b", on(t, "Pod"))},
			fail: []string{"[*] * * " + allOperations + " *,pods/ephemeralcontainers"}},
		{name: "any kind with any subresource", policies: []v1.Object{clusterPolicy("a", on(t, "'*/*'")), clusterPolicy("b", on(t, "Pod"))},
			fail: []string{"[*] * * " + allOperations + " */*"}},
		{name: "a pattern of kinds", policies: []v1.Object{clusterPolicy("a", on(t, "'*Set'"))},
			fail: []string{"[apps] v1 Namespaced " + allOperations + " daemonsets,statefulsets"}},
		{name: "M08 preferred version unless one is named", policies: []v1.Object{clusterPolicy("a", on(t, "CronJob")), clusterPolicy("b", on(t, "Old"))},
			fail: []string{"[batch] v1 Namespaced " + allOperations + " cronjobs", "[batch] v1beta1 Namespaced " + allOperations + " old"}},
		{name: "M08 the version that is named", policies: []v1.Object{clusterPolicy("a", on(t, "batch/v1beta1/CronJob"))},
			fail: []string{"[batch] v1beta1 Namespaced " + allOperations + " cronjobs"}},
		{name: "a kind of two groups", policies: []v1.Object{clusterPolicy("a", on(t, "Event"))},
			fail: []string{"[] v1 Namespaced " + allOperations + " events", "[events.k8s.io] v1 Namespaced " + allOperations + " events"}},
		{name: "unknown kinds do not hinder the others", policies: []v1.Object{clusterPolicy("a", on(t, "Nothing, ConfigMap, example.com/v1/Widget, Pod/nothing"))},
			fail:    []string{"[] v1 Namespaced " + allOperations + " configmaps"},
			unknown: []string{"Nothing", "Pod/nothing", "example.com/v1/Widget"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policies, _ := newSet(t, test.policies...).All()
			webhooks, needs := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")})
			got := map[string][]string{}
			for _, w := range webhooks {
				got[w.Name] = lines(w.Rules)
			}
			want := map[string][]string{}
			if test.fail != nil {
				want[FailWebhook] = test.fail
			}
			if test.ignore != nil {
				want[IgnoreWebhook] = test.ignore
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			var unknown []string
			for _, need := range needs {
				unknown = append(unknown, need.unknown...)
			}
			if !slices.Equal(unknown, test.unknown) {
				t.Errorf("unknown: %v, want %v", unknown, test.unknown)
			}
			slices.Reverse(test.policies)
			policies, _ = newSet(t, test.policies...).All()
			again, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")})
			if diff := cmp.Diff(webhooks, again); diff != "" {
				t.Errorf("another order of policies, another configuration: %s", diff)
			}
		})
	}
}

func TestDesiredWebhook(t *testing.T) {
	timed := func(name string, seconds int32) *v1.ClusterPolicy {
		p := clusterPolicy(name, on(t, "Pod"))
		p.Spec.WebhookTimeoutSeconds = &seconds
		return p
	}
	tests := []struct {
		name     string
		policies []v1.Object
		timeout  int32
	}{
		{"default", []v1.Object{clusterPolicy("a", on(t, "Pod"))}, 10},
		{"shorter is not heeded: others share the webhook", []v1.Object{timed("a", 5)}, 10},
		{"the longest", []v1.Object{timed("a", 15), timed("b", 20), clusterPolicy("c", on(t, "Pod"))}, 20},
		{"30 at most", []v1.Object{timed("a", 30)}, 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policies, _ := newSet(t, test.policies...).All()
			webhooks, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")})
			if len(webhooks) != 1 {
				t.Fatalf("%d webhooks", len(webhooks))
			}
			w := webhooks[0]
			if *w.TimeoutSeconds != test.timeout {
				t.Errorf("timeout %d, want %d", *w.TimeoutSeconds, test.timeout)
			}
			if *w.FailurePolicy != admissionregistrationv1.Fail || *w.MatchPolicy != admissionregistrationv1.Equivalent || *w.SideEffects != admissionregistrationv1.SideEffectClassNone ||
				!slices.Equal(w.AdmissionReviewVersions, []string{"v1"}) || string(w.ClientConfig.CABundle) != "ca" || len(w.MatchConditions) == 0 {
				t.Errorf("%+v", w)
			}
			if len(w.NamespaceSelector.MatchLabels)+len(w.NamespaceSelector.MatchExpressions)+len(w.ObjectSelector.MatchLabels)+len(w.ObjectSelector.MatchExpressions) != 0 {
				t.Errorf("selectors narrow the webhook: %+v", w)
			}
		})
	}
}

func TestW06NoPolicyTextReachesTheClientConfig(t *testing.T) {
	hostile := []string{"../../evil", "https://evil.example", "evil.example:443/x", "a/validate/ignore", "*?[", "$NAMESPACE", `"]) || true`}
	for _, text := range hostile {
		p := clusterPolicy(text, on(t, "Pod"))
		p.Namespace = ""
		p.Annotations["url"] = text
		p.Spec.Rules[0].Name = text
		p.Spec.Rules[0].Validate.Message = text
		q := policy(text, text, on(t, "ConfigMap"))
		policies, _ := newSet(t, p, q).All()
		webhooks, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")})
		if len(webhooks) != 1 {
			t.Fatalf("%q: %d webhooks", text, len(webhooks))
		}
		for _, w := range webhooks {
			c := w.ClientConfig
			if c.URL != nil || c.Service == nil || c.Service.Name != "kyverno-svc" || c.Service.Namespace != "kyverno" || *c.Service.Port != 443 || *c.Service.Path != FailPath || string(c.CABundle) != "ca" {
				t.Errorf("%q: %+v", text, c)
			}
			for _, m := range w.MatchConditions {
				if strings.Contains(m.Expression, text) && text != "$NAMESPACE" {
					t.Errorf("%q is in condition %s", text, m.Name)
				}
			}
		}
	}
}

func TestScanOnlyPoliciesNeedNothing(t *testing.T) {
	no := false
	p := clusterPolicy("a", on(t, "Pod"))
	p.Spec.Admission = &no
	policies, _ := newSet(t, p).All()
	webhooks, needs := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint})
	if len(webhooks) != 0 || len(needs) != 0 {
		t.Errorf("%v %v", webhooks, needs)
	}
}

func TestUnsent(t *testing.T) {
	for kinds, want := range map[string]bool{"Event": true, "ClusterPolicy": true, "Event, Pod": false, "Pod": false, "'*'": false, "Nothing": false} {
		policies, _ := newSet(t, clusterPolicy("a", on(t, kinds))).All()
		_, needs := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint})
		for _, need := range needs {
			if need.unsent != want {
				t.Errorf("%s: %v", kinds, need.unsent)
			}
		}
	}
	policies, _ := newSet(t, policy("kube-system", "a", on(t, "Pod"))).All()
	_, needs := Desired(Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint})
	for _, need := range needs {
		if !need.unsent {
			t.Error("a Policy in kube-system is said to be evaluated")
		}
	}
}
