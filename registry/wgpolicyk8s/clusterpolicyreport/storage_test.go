package clusterpolicyreport

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// Seen as a PolicyReport, it has every field that it has.
func TestReport(t *testing.T) {
	report := &v1alpha2.ClusterPolicyReport{
		ObjectMeta: metav1.ObjectMeta{Name: "r"}, Scope: &corev1.ObjectReference{Kind: "Namespace"}, ScopeSelector: &metav1.LabelSelector{},
		Summary: v1alpha2.PolicyReportSummary{Pass: 1}, Results: []v1alpha2.PolicyReportResult{{Policy: "p"}},
	}
	seen := reflect.ValueOf(resource.Report(report)).Elem()
	for i := range seen.NumField() {
		name := seen.Type().Field(i).Name
		if name == "TypeMeta" {
			continue
		}
		want := reflect.ValueOf(report).Elem().FieldByName(name)
		if want.IsZero() || !reflect.DeepEqual(seen.Field(i).Interface(), want.Interface()) {
			t.Errorf("%s is %v, want %v", name, seen.Field(i), want)
		}
	}
}
