// Package table turns objects into the rows that `kubectl get` prints. Resources declare their columns; the name, which
// every kind has, comes first. It reads objects and nothing else, and only registries call it.
package table

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Types of columns, as OpenAPI names them.
const (
	String  = "string"
	Integer = "integer"
	Boolean = "boolean"
)

// Column is one column of the table of a kind, whose objects are all T.
type Column[T metav1.Object] struct {
	Name        string
	Type        string
	Description string
	// Wide columns are shown only when asked for.
	Wide  bool
	Value func(object T) any
}

// Columns are the columns of a kind, without the name.
type Columns[T metav1.Object] []Column[T]

var _ rest.TableConvertor = Columns[metav1.Object]{}

// Age is the column with the time since an object was created.
func Age[T metav1.Object]() Column[T] {
	return Column[T]{
		Name: "Age", Type: String, Description: "The time since the object was created.",
		Value: func(object T) any {
			created := object.GetCreationTimestamp()
			if created.IsZero() {
				return "<unknown>"
			}
			return duration.HumanDuration(time.Since(created.Time))
		},
	}
}

// ConvertToTable implements rest.TableConvertor.
func (c Columns[T]) ConvertToTable(_ context.Context, object, options runtime.Object) (*metav1.Table, error) {
	result := &metav1.Table{}
	if list, err := meta.ListAccessor(object); err == nil {
		result.ResourceVersion = list.GetResourceVersion()
		result.Continue = list.GetContinue()
		result.RemainingItemCount = list.GetRemainingItemCount()
	} else if common, err := meta.CommonAccessor(object); err == nil {
		result.ResourceVersion = common.GetResourceVersion()
	}
	if options, ok := options.(*metav1.TableOptions); !ok || !options.NoHeaders {
		result.ColumnDefinitions = c.definitions()
	}
	add := func(object runtime.Object) error {
		row, err := c.row(object)
		if err == nil {
			result.Rows = append(result.Rows, row)
		}
		return err
	}
	if meta.IsListType(object) {
		return result, meta.EachListItem(object, add)
	}
	return result, add(object)
}

func (c Columns[T]) definitions() []metav1.TableColumnDefinition {
	definitions := []metav1.TableColumnDefinition{
		{Name: "Name", Type: String, Format: "name", Description: "The name of the object."},
	}
	for _, column := range c {
		definition := metav1.TableColumnDefinition{Name: column.Name, Type: column.Type, Description: column.Description}
		if column.Wide {
			definition.Priority = 1
		}
		definitions = append(definitions, definition)
	}
	return definitions
}

func (c Columns[T]) row(object runtime.Object) (metav1.TableRow, error) {
	typed, ok := object.(T)
	if !ok {
		return metav1.TableRow{}, fmt.Errorf("a table cannot show a %T", object)
	}
	cells := []any{typed.GetName()}
	for _, column := range c {
		cells = append(cells, column.Value(typed))
	}
	return metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: object}}, nil
}
