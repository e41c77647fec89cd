package table

import (
	"context"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

var columns = Columns[*corev1.Pod]{
	{Name: "Node", Type: String, Value: func(p *corev1.Pod) any { return p.Spec.NodeName }},
	{Name: "Phase", Type: String, Wide: true, Value: func(p *corev1.Pod) any { return string(p.Status.Phase) }},
	Age[*corev1.Pod](),
}

func pod(name string, age time.Duration) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: "n"}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	if age > 0 {
		p.CreationTimestamp = metav1.NewTime(time.Now().Add(-age))
	}
	return p
}

func TestConvertToTable(t *testing.T) {
	remaining := int64(7)
	list := &corev1.PodList{
		ListMeta: metav1.ListMeta{ResourceVersion: "3", Continue: "c", RemainingItemCount: &remaining},
		Items:    []corev1.Pod{pod("a", 3*time.Hour), pod("b", 0)},
	}
	got, err := columns.ConvertToTable(context.Background(), list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.ResourceVersion != "3" || got.Continue != "c" || got.RemainingItemCount == nil || *got.RemainingItemCount != 7 {
		t.Errorf("list metadata: %+v", got.ListMeta)
	}
	var names []string
	for _, definition := range got.ColumnDefinitions {
		names = append(names, definition.Name)
		if wide := definition.Name == "Phase"; (definition.Priority == 1) != wide {
			t.Errorf("%s has priority %d", definition.Name, definition.Priority)
		}
	}
	if want := []string{"Name", "Node", "Phase", "Age"}; !reflect.DeepEqual(names, want) {
		t.Errorf("columns %v, want %v", names, want)
	}
	if got.ColumnDefinitions[0].Format != "name" {
		t.Error("clients cannot tell which column is the name")
	}
	for i, want := range [][]any{{"a", "n", "Running", "3h"}, {"b", "n", "Running", "<unknown>"}} {
		if !reflect.DeepEqual(got.Rows[i].Cells, want) {
			t.Errorf("row %d: %v, want %v", i, got.Rows[i].Cells, want)
		}
		if object, ok := got.Rows[i].Object.Object.(*corev1.Pod); !ok || object.Name != want[0] {
			t.Errorf("row %d is of %v", i, got.Rows[i].Object.Object)
		}
	}
}

func TestConvertOneObject(t *testing.T) {
	p := pod("a", time.Minute)
	p.ResourceVersion = "9"
	got, err := columns.ConvertToTable(context.Background(), &p, &metav1.TableOptions{NoHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || len(got.ColumnDefinitions) != 0 || got.ResourceVersion != "9" {
		t.Errorf("got %+v", got)
	}
}

func TestForeignObject(t *testing.T) {
	for _, object := range []runtime.Object{&corev1.Service{}, &corev1.ServiceList{Items: make([]corev1.Service, 1)}} {
		if _, err := columns.ConvertToTable(context.Background(), object, nil); err == nil {
			t.Errorf("a table of Pods shows a %T", object)
		}
	}
}
