package jmespath

import (
	"fmt"
	"testing"
)

func TestObjects(t *testing.T) { checkCases(t, "testdata/objects.txt") }

func TestD05ItemsAreBounded(t *testing.T) {
	list := make([]any, 1<<20)
	checkBounded(t, "items(@, 'key', 'value')", list, true)
	for i := range list {
		list[i] = int64(i)
	}
	checkBounded(t, "object_from_lists(@, @)", list, true)
	checkBounded(t, "items(@, 'key', 'value')", list[:1000], false)
}

func TestLabelMatchIsBounded(t *testing.T) {
	// A value that holds the one before twice is small in memory and huge to walk.
	left, right := any("x"), any("x")
	for range 60 {
		left, right = []any{left, left}, []any{right, right}
	}
	checkBounded(t, "label_match(@[0], @[1])", []any{map[string]any{"a": left}, map[string]any{"a": right}}, true)
}

func TestItemsAreSorted(t *testing.T) {
	object := map[string]any{}
	for i := range 50 {
		object[fmt.Sprintf("key-%02d", i)] = nil
	}
	result, err := items(world(), object, "k", "v")
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range result.([]any) {
		if want := fmt.Sprintf("key-%02d", i); item.(map[string]any)["k"] != want {
			t.Fatalf("item %d is %v, want %s", i, item, want)
		}
	}
}
