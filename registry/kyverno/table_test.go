package kyverno

import (
	"context"
	"reflect"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestColumns(t *testing.T) {
	no, ignore := false, kyvernov1.Ignore
	created := metav1.NewTime(time.Now().Add(-2 * time.Minute))
	silent := kyvernov1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: "silent", CreationTimestamp: created}}
	outspoken := kyvernov1.ClusterPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "outspoken", CreationTimestamp: created},
		Spec: kyvernov1.Spec{
			Admission: &no, Background: &no, WebhookConfiguration: &kyvernov1.WebhookConfiguration{FailurePolicy: &ignore},
			Rules: []kyvernov1.Rule{{Validate: &kyvernov1.Validation{}}, {Validate: &kyvernov1.Validation{}}, {Mutate: &kyvernov1.Mutation{}}},
		},
		Status: kyvernov1.PolicyStatus{Conditions: []metav1.Condition{
			{Type: "Other", Status: metav1.ConditionFalse, Message: "other"},
			{Type: kyvernov1.ConditionReady, Status: metav1.ConditionTrue, Message: "Ready"},
		}},
	}
	list := &kyvernov1.ClusterPolicyList{Items: []kyvernov1.ClusterPolicy{silent, outspoken}}
	table, err := columns.ConvertToTable(context.Background(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names, wide []string
	for _, column := range table.ColumnDefinitions {
		if column.Priority == 0 {
			names = append(names, column.Name)
		} else {
			wide = append(wide, column.Name)
		}
	}
	if want := []string{"Name", "Admission", "Background", "Ready", "Age", "Message"}; !reflect.DeepEqual(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	if want := []string{"Failure Policy", "Validate", "Mutate", "Generate", "Verify Images"}; !reflect.DeepEqual(wide, want) {
		t.Errorf("wide columns %v, want %v", wide, want)
	}
	for i, want := range [][]any{
		{"silent", true, true, "", "2m", "Fail", int64(0), int64(0), int64(0), int64(0), ""},
		{"outspoken", false, false, "True", "2m", "Ignore", int64(2), int64(1), int64(0), int64(0), "Ready"},
	} {
		if got := table.Rows[i].Cells; !reflect.DeepEqual(got, want) {
			t.Errorf("row %v\nwant %v", got, want)
		}
	}
}
