package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

func TestValidateReports(t *testing.T) {
	for name, test := range map[string]struct {
		report string
		want   []string
	}{
		"of our own": {report: `
metadata: {name: 0c2a1f0e-6a0f-4e39-b2a6-1b1d3a5e2f11, namespace: default}
scope: {kind: Pod, name: p, namespace: default}
summary: {pass: 1}
results: [{source: kyverno, policy: require-limits, rule: limits, result: pass, severity: medium, category: Pods, scored: true, timestamp: {seconds: 1, nanos: 2}}]`},
		"of another tool, with nothing but a policy": {report: `
metadata: {name: replicaset-nginx-7d9, namespace: default}
results: [{policy: KSV001}]`},
		"of another tool, about several resources": {report: `
metadata: {name: scan, namespace: default}
scopeSelector: {matchLabels: {app: a}}
results: [{policy: CVE-2024-1, source: Trivy Vulnerability, result: fail, severity: critical, resources: [{kind: Pod, name: a}], resourceSelector: {matchLabels: {a: b}}, properties: {score: "9.8"}}]`},
		"with unknown words": {
			report: `
metadata: {name: a, namespace: default}
results: [{policy: p, result: failed}, {result: pass, severity: urgent}]`,
			want: []string{
				`results[0].result: Unsupported value: "failed": supported values: "pass", "fail", "warn", "error", "skip"`,
				`results[1].policy: Required value: name the policy that the result is about`,
				`results[1].severity: Unsupported value: "urgent": supported values: "critical", "high", "medium", "low", "info"`,
			},
		},
		"without a name": {
			report: `metadata: {namespace: default}`,
			want:   []string{`metadata.name: Required value: name or generateName is required`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var namespaced v1alpha2.PolicyReport
			if err := yaml.UnmarshalStrict([]byte(test.report), &namespaced); err != nil {
				t.Fatal(err)
			}
			cluster := v1alpha2.ClusterPolicyReport{ObjectMeta: *namespaced.ObjectMeta.DeepCopy(), Results: namespaced.Results}
			cluster.Namespace = ""
			expect(t, "PolicyReport", test.want, ValidatePolicyReport(&namespaced))
			expect(t, "ClusterPolicyReport", test.want, ValidateClusterPolicyReport(&cluster))
		})
	}
}

func TestValidateReportUpdates(t *testing.T) {
	old := v1alpha2.PolicyReport{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "default", ResourceVersion: "1"}}
	renamed := old.DeepCopy()
	renamed.Name = "b"
	renamed.Results = []v1alpha2.PolicyReportResult{{Policy: "p", Result: "odd"}}
	want := []string{
		`metadata.name: Invalid value: "b": field is immutable`,
		`results[0].result: Unsupported value: "odd": supported values: "pass", "fail", "warn", "error", "skip"`,
	}
	expect(t, "PolicyReport", want, ValidatePolicyReportUpdate(renamed, &old))

	oldCluster := v1alpha2.ClusterPolicyReport{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}}
	cluster := oldCluster.DeepCopy()
	cluster.Name, cluster.Results = "b", renamed.Results
	expect(t, "ClusterPolicyReport", want, ValidateClusterPolicyReportUpdate(cluster, &oldCluster))
}

func expect(t *testing.T, kind string, want []string, got field.ErrorList) {
	t.Helper()
	var texts []string
	for _, err := range got {
		texts = append(texts, err.Error())
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("%s (-want +got)\n%s", kind, diff)
	}
}
