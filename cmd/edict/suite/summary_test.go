package suite

import (
	"reflect"
	"testing"
)

func TestSummarize(t *testing.T) {
	got := Summarize(shownOutcomes())
	if want := (Summary{Passed: 3, Failed: 1, Unevaluated: 2, NotYet: map[string]int{mutate: 1}, Broken: 1}); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for _, test := range []struct {
		Summary
		want bool
	}{{Summary{Passed: 1}, true}, {Summary{}, true}, {Summary{Passed: 1, Failed: 1}, false}, {Summary{Passed: 1, Broken: 1}, false}, {Summary{NotYet: map[string]int{mutate: 1}}, true}} {
		if test.OK() != test.want {
			t.Errorf("%+v", test.Summary)
		}
	}
}
