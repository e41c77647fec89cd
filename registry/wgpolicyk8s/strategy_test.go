package wgpolicyk8s

import (
	"context"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

var resource = Resource{Report: func(obj runtime.Object) *v1alpha2.PolicyReport { return obj.(*v1alpha2.PolicyReport) }}

func TestGeneration(t *testing.T) {
	stored := &v1alpha2.PolicyReport{ObjectMeta: metav1.ObjectMeta{Generation: 4}}
	for name, c := range map[string]struct {
		change func(*v1alpha2.PolicyReport)
		want   int64
	}{
		"nothing":  {func(*v1alpha2.PolicyReport) {}, 4},
		"labels":   {func(r *v1alpha2.PolicyReport) { r.Labels = map[string]string{"a": "b"} }, 4},
		"scope":    {func(r *v1alpha2.PolicyReport) { r.Scope = &corev1.ObjectReference{Name: "a"} }, 5},
		"selector": {func(r *v1alpha2.PolicyReport) { r.ScopeSelector = &metav1.LabelSelector{} }, 5},
		"summary":  {func(r *v1alpha2.PolicyReport) { r.Summary.Fail = 1 }, 5},
		"results":  {func(r *v1alpha2.PolicyReport) { r.Results = make([]v1alpha2.PolicyReportResult, 1) }, 5},
	} {
		changed := stored.DeepCopy()
		c.change(changed)
		strategy{resource: resource}.PrepareForUpdate(context.Background(), changed, stored)
		if changed.Generation != c.want {
			t.Errorf("%s: generation %d, want %d", name, changed.Generation, c.want)
		}
	}
}

func TestColumns(t *testing.T) {
	list := &v1alpha2.PolicyReportList{Items: []v1alpha2.PolicyReport{
		{
			ObjectMeta: metav1.ObjectMeta{Name: "scoped"}, Scope: &corev1.ObjectReference{Kind: "Pod", Name: "web"},
			Summary: v1alpha2.PolicyReportSummary{Pass: 1, Fail: 2, Warn: 3, Error: 4, Skip: 5},
		},
		{ObjectMeta: metav1.ObjectMeta{Name: "unscoped"}},
	}}
	table, err := columns(resource).ConvertToTable(context.Background(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, column := range table.ColumnDefinitions {
		names = append(names, column.Name)
	}
	if want := []string{"Name", "Kind", "Name", "Pass", "Fail", "Warn", "Error", "Skip", "Age"}; !reflect.DeepEqual(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	for i, want := range [][]any{
		{"scoped", "Pod", "web", int64(1), int64(2), int64(3), int64(4), int64(5), "<unknown>"},
		{"unscoped", "", "", int64(0), int64(0), int64(0), int64(0), int64(0), "<unknown>"},
	} {
		if got := table.Rows[i].Cells; !reflect.DeepEqual(got, want) {
			t.Errorf("row %v\nwant %v", got, want)
		}
	}
}
