package webhookconfig

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// when gives a policy match conditions.
func when[P v1.Object](p P, conditions ...string) P {
	w := &v1.WebhookConfiguration{}
	for i, expression := range conditions {
		w.MatchConditions = append(w.MatchConditions, admissionregistrationv1.MatchCondition{Name: fmt.Sprint("own-", i), Expression: expression})
	}
	p.PolicySpec().WebhookConfiguration = w
	return p
}

func TestWebhooksOfTheirOwn(t *testing.T) {
	const condition = `request.userInfo.username != "x"`
	many := make([]string, maxConditions)
	for i := range many {
		many[i] = condition
	}
	clashing := when(clusterPolicy("a", on(t, "Pod")), condition)
	clashing.Spec.WebhookConfiguration.MatchConditions[0].Name = "not-events"
	timed := when(clusterPolicy("a", on(t, "Pod")), condition)
	seconds := int32(7)
	timed.Spec.WebhookConfiguration.TimeoutSeconds = &seconds
	const own = "validate.kyverno.svc-fail-finegrained-a"
	tests := []struct {
		name     string
		policies []v1.Object
		want     map[string]string // path by name of the webhook
	}{
		{"fails closed", []v1.Object{when(clusterPolicy("a", on(t, "Pod")), condition)}, map[string]string{own: "/validate/fail/finegrained/a"}},
		{"fails open", []v1.Object{when(failOpen(clusterPolicy("a", on(t, "Pod"))), condition)},
			map[string]string{"validate.kyverno.svc-ignore-finegrained-a": "/validate/ignore/finegrained/a"}},
		{"of a namespace", []v1.Object{when(policy("team", "a", on(t, "Pod")), condition)},
			map[string]string{"validate.kyverno.svc-fail-finegrained-team-a": "/validate/fail/finegrained/team/a"}},
		{"beside others", []v1.Object{when(clusterPolicy("a", on(t, "Pod")), condition), clusterPolicy("b", on(t, "ConfigMap"))},
			map[string]string{own: "/validate/fail/finegrained/a", FailWebhook: FailPath}},
		{"others ask for it already", []v1.Object{when(clusterPolicy("a", on(t, "Pod")), condition), clusterPolicy("b", on(t, "Pod"))}, map[string]string{FailWebhook: FailPath}},
		{"others that fail open ask for it", []v1.Object{when(clusterPolicy("a", on(t, "Pod")), condition), failOpen(clusterPolicy("b", on(t, "Pod")))},
			map[string]string{own: "/validate/fail/finegrained/a", IgnoreWebhook: IgnorePath}},
		{"it fails open and so do others", []v1.Object{when(failOpen(clusterPolicy("a", on(t, "Pod"))), condition), failOpen(clusterPolicy("b", on(t, "Pod")))},
			map[string]string{IgnoreWebhook: IgnorePath}},
		{"too many conditions", []v1.Object{when(clusterPolicy("a", on(t, "Pod")), many...)}, map[string]string{FailWebhook: FailPath}},
		{"a condition by the name of one of ours", []v1.Object{clashing}, map[string]string{FailWebhook: FailPath}},
		{"two that come to the same name", []v1.Object{when(clusterPolicy("team-a", on(t, "Pod")), condition), when(policy("team", "a", on(t, "ConfigMap")), condition)},
			map[string]string{"validate.kyverno.svc-fail-finegrained-team-a": "/validate/fail/finegrained/team-a", FailWebhook: FailPath}},
		{"a name that is too long", []v1.Object{when(clusterPolicy(strings.Repeat("a.", 120)+"a", on(t, "Pod")), condition)}, map[string]string{FailWebhook: FailPath}},
		{"W06 a name that is none", []v1.Object{when(clusterPolicy("../ignore", on(t, "Pod")), condition)}, map[string]string{FailWebhook: FailPath}},
		{"with a timeout", []v1.Object{timed, clusterPolicy("b", on(t, "ConfigMap"))}, map[string]string{own: "/validate/fail/finegrained/a", FailWebhook: FailPath}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			policies, _ := newSet(t, test.policies...).All()
			input := Input{Policies: policies, Resources: resourcesOf(t, cluster(), nil), Endpoint: endpoint, CABundle: []byte("ca")}
			webhooks, needs := Desired(input)
			got := map[string]string{}
			for _, w := range webhooks {
				got[w.Name] = *w.ClientConfig.Service.Path
				isOwn := strings.Contains(w.Name, finegrained)
				own := slices.ContainsFunc(w.MatchConditions, func(c admissionregistrationv1.MatchCondition) bool { return c.Expression == condition })
				exempt := slices.ContainsFunc(w.MatchConditions, func(c admissionregistrationv1.MatchCondition) bool { return c.Name == "not-kube-system" })
				if own != isOwn || !exempt {
					t.Errorf("%s has the conditions %+v", w.Name, w.MatchConditions)
				}
				wantTimeout := int32(defaultTimeout)
				if isOwn && test.name == "with a timeout" {
					wantTimeout = seconds
				}
				if *w.TimeoutSeconds != wantTimeout {
					t.Errorf("%s waits %d seconds", w.Name, *w.TimeoutSeconds)
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			input.Refused = map[*engine.Program]bool{}
			for program := range needs {
				input.Refused[program] = true
			}
			webhooks, _ = Desired(input)
			for _, w := range webhooks {
				if strings.Contains(w.Name, finegrained) {
					t.Errorf("%s, though the API server refuses it", w.Name)
				}
			}
			for program, need := range needs {
				for _, a := range need.atoms {
					if !slices.ContainsFunc(webhooks, func(w admissionregistrationv1.ValidatingWebhook) bool {
						return slices.ContainsFunc(atomsIn(w.Rules), func(b atom) bool { return b.covers(a) })
					}) {
						t.Errorf("%s is not asked about %+v", program.Ref(), a)
					}
				}
			}
		})
	}
}
