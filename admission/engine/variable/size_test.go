package variable

import (
	"strings"
	"testing"
)

func TestSizeOf(t *testing.T) {
	for text, least := range map[string]int{
		`null`: 4, `true`: 4, `5`: 1, `"abc"`: 5, `["a", "b"]`: 9, `{"key": "value"}`: 15, `{"a": [{"b": {}}]}`: 14,
	} {
		if got := sizeOf(decode(t, text), 1<<20); got < least || got > 8*least {
			t.Errorf("%s: %d bytes, and JSON has %d", text, got, least)
		}
	}
	wide := make([]any, 1_000_000)
	for i := range wide {
		wide[i] = "x"
	}
	if got := sizeOf(wide, 100); got < 100 || got > 200 {
		t.Errorf("counting does not stop: %d", got)
	}
	if got := sizeOf([]any{strings.Repeat("x", 1000), wide}, 100); got > 2000 {
		t.Errorf("counting does not stop: %d", got)
	}
}
