package report

import (
	"errors"
	"testing"
)

func TestApplyErrorNamesTheFirstAndCountsTheRest(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	if got := (&ApplyError{Failed: map[int]error{3: one}}).Error(); got != "one" {
		t.Errorf("got %q", got)
	}
	err := error(&ApplyError{Failed: map[int]error{9: two, 3: one}})
	if got, want := err.Error(), "2 changes failed, the first: one"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, one) || !errors.Is(err, two) {
		t.Error("the causes cannot be found in the error")
	}
}
