package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

var (
	pod = corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: "team", Name: "web", UID: "u-1", ResourceVersion: "17",
	}
	noon = time.Unix(1_800_000_000, 123)
)

func decided(policy, rule string, result eval.Result) eval.Decision {
	return eval.Decision{
		Policy:     eval.PolicyRef{Kind: "ClusterPolicy", Name: policy},
		Rule:       rule,
		Result:     result,
		Message:    policy + " says " + string(result),
		Background: true,
		Scored:     true,
	}
}

func TestExceptionsAreNamedWithoutTheirNamespaces(t *testing.T) {
	skipped := decided("a", "r", eval.Skip)
	skipped.Exceptions = []string{"security/one", "two", "team/three"}
	plain := decided("b", "r", eval.Pass)
	got := New(pod, []eval.Decision{skipped, plain}, noon)
	if names := got.Results[0].Properties["exceptions"]; names != "one,two,three" {
		t.Errorf("exceptions: %q", names)
	}
	if _, said := got.Results[1].Properties["exceptions"]; said || skipped.Properties != nil {
		t.Error("exceptions where there are none")
	}
}

func TestNewWritesWhatPeopleRead(t *testing.T) {
	failed := decided("require-limits", "limits", eval.Fail)
	failed.Severity, failed.Category = "high", "Best Practices"
	failed.Properties = map[string]string{"team": "payments", "process": "mine"}
	namespaced := decided("b", "z", eval.Pass)
	namespaced.Policy = eval.PolicyRef{Kind: "Policy", Namespace: "team", Name: "b"}
	namespaced.Background = false

	got := New(pod, []eval.Decision{namespaced, failed}, noon)

	timestamp := &metav1.Timestamp{Seconds: 1_800_000_000}
	want := &v1alpha2.PolicyReport{
		TypeMeta: metav1.TypeMeta{APIVersion: "wgpolicyk8s.io/v1alpha2", Kind: "PolicyReport"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "u-1",
			Labels:          map[string]string{"app.kubernetes.io/managed-by": "kyverno"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "web", UID: "u-1"}},
		},
		Scope:   &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "team", Name: "web", UID: "u-1"},
		Summary: v1alpha2.PolicyReportSummary{Pass: 1, Fail: 1},
		Results: []v1alpha2.PolicyReportResult{{
			Source: "kyverno", Policy: "require-limits", Rule: "limits", Message: "require-limits says fail",
			Result: "fail", Scored: ptr.To(true), Severity: "high", Category: "Best Practices", Timestamp: timestamp,
			Properties: map[string]string{"team": "payments", "process": "background scan"},
		}, {
			Source: "kyverno", Policy: "team/b", Rule: "z", Message: "b says pass",
			Result: "pass", Scored: ptr.To(true), Timestamp: timestamp,
			Properties: map[string]string{"process": "admission review"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if failed.Properties["process"] != "mine" {
		t.Error("New changed the properties of the decision that it was given")
	}
}

func TestNewOfNothingIsNoReport(t *testing.T) {
	if got := New(pod, nil, noon); got != nil {
		t.Errorf("got %v, want no report", got)
	}
}

func TestNewCountsEveryResult(t *testing.T) {
	unscored := decided("p", "6", eval.Fail)
	unscored.Scored = false
	got := New(pod, []eval.Decision{
		decided("p", "1", eval.Pass), decided("p", "2", eval.Fail), decided("p", "3", eval.Warn),
		decided("p", "4", eval.Error), decided("p", "5", eval.Skip), unscored,
	}, noon)

	want := v1alpha2.PolicyReportSummary{Pass: 1, Fail: 1, Warn: 2, Error: 1, Skip: 1}
	if got.Summary != want {
		t.Errorf("summary %+v, want %+v", got.Summary, want)
	}
	last := got.Results[5]
	if last.Result != v1alpha2.Warn || last.Scored != nil {
		t.Errorf("an unscored failure is reported as %s, scored %v; want warn, without the field", last.Result, last.Scored)
	}
}

func TestNewOrdersByPolicyAndRule(t *testing.T) {
	got := New(pod, []eval.Decision{
		decided("b", "1", eval.Pass), decided("a", "2", eval.Pass), decided("b", "0", eval.Fail), decided("a", "1", eval.Fail),
	}, noon)
	var order []string
	for _, result := range got.Results {
		order = append(order, result.Policy+result.Rule)
	}
	if diff := cmp.Diff([]string{"a1", "a2", "b0", "b1"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestPropertiesReplaceTheMessage(t *testing.T) {
	for _, test := range []struct {
		name       string
		result     eval.Result
		properties map[string]string
		want       string
	}{
		{"none", eval.Fail, nil, "p says fail"},
		{"of the verdict", eval.Fail, map[string]string{"failMessage": "custom"}, "custom"},
		{"of another verdict", eval.Pass, map[string]string{"failMessage": "custom"}, "p says pass"},
		{"general before the verdict's", eval.Fail, map[string]string{"failMessage": "custom", "message": "general"}, "general"},
	} {
		t.Run(test.name, func(t *testing.T) {
			decision := decided("p", "r", test.result)
			decision.Properties = test.properties
			if got := New(pod, []eval.Decision{decision}, noon).Results[0].Message; got != test.want {
				t.Errorf("message %q, want %q", got, test.want)
			}
		})
	}
}

func TestUnscoredFailureKeepsItsFailMessage(t *testing.T) {
	decision := decided("p", "r", eval.Fail)
	decision.Scored = false
	decision.Properties = map[string]string{"failMessage": "custom"}
	if got := New(pod, []eval.Decision{decision}, noon).Results[0].Message; got != "custom" {
		t.Errorf("message %q, want %q", got, "custom")
	}
}

func TestSeverityThatIsNoneIsLeftOut(t *testing.T) {
	for severity, want := range map[string]v1alpha2.PolicyResultSeverity{
		"critical": "critical", "info": "info", "High": "", "whatever": "", "": "",
	} {
		decision := decided("p", "r", eval.Fail)
		decision.Severity = severity
		if got := New(pod, []eval.Decision{decision}, noon).Results[0].Severity; got != want {
			t.Errorf("severity of %q is %q, want %q", severity, got, want)
		}
	}
}

func TestOurs(t *testing.T) {
	ours := New(pod, []eval.Decision{decided("p", "r", eval.Pass)}, noon)
	if !Ours(ours) {
		t.Error("a report of New is not ours")
	}
	for name, change := range map[string]func(*v1alpha2.PolicyReport){
		"label of another":      func(r *v1alpha2.PolicyReport) { r.Labels[ManagedByLabel] = "trivy-operator" },
		"no label":              func(r *v1alpha2.PolicyReport) { r.Labels = nil },
		"one result of another": func(r *v1alpha2.PolicyReport) { r.Results[0].Source = "Trivy" },
		"no scope":              func(r *v1alpha2.PolicyReport) { r.Scope = nil },
		"name of its own":       func(r *v1alpha2.PolicyReport) { r.Name = "sample" },
	} {
		foreign := ours.DeepCopy()
		change(foreign)
		if Ours(foreign) {
			t.Errorf("%s: taken for ours", name)
		}
	}
}

func TestClusterAndBack(t *testing.T) {
	namespace := corev1.ObjectReference{APIVersion: "v1", Kind: "Namespace", Name: "team", UID: "u-2"}
	report := New(namespace, []eval.Decision{decided("p", "r", eval.Pass)}, noon)
	cluster := Cluster(report)
	if cluster.Kind != "ClusterPolicyReport" || cluster.Namespace != "" || cluster.Name != "u-2" {
		t.Errorf("got kind %q, namespace %q, name %q", cluster.Kind, cluster.Namespace, cluster.Name)
	}
	if diff := cmp.Diff(report, FromCluster(cluster)); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}

func BenchmarkNew19Results(b *testing.B) {
	decisions := make([]eval.Decision, 19)
	for i := range decisions {
		decisions[i] = decided(fmt.Sprintf("policy-%d", 19-i), "rule", eval.Pass)
		decisions[i].Severity, decisions[i].Category = "medium", "Pod Security Standards (Restricted)"
	}
	b.ReportAllocs()
	for b.Loop() {
		New(pod, decisions, noon)
	}
}

func BenchmarkDigest19Results(b *testing.B) {
	decisions := make([]eval.Decision, 19)
	for i := range decisions {
		decisions[i] = decided(fmt.Sprintf("policy-%d", i), "rule", eval.Pass)
	}
	report := New(pod, decisions, noon)
	b.ReportAllocs()
	for b.Loop() {
		DigestOf(report)
	}
}
