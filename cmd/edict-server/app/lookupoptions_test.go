package app

import (
	"strings"
	"testing"
)

func TestLookupOptions(t *testing.T) {
	if errs := newLookupOptions().validate(); len(errs) > 0 {
		t.Errorf("the defaults: %v", errs)
	}
	for flag, options := range map[string]LookupOptions{
		"--max-api-call-response-length": {MaxResponseLength: 0, Timeout: 1},
		"--api-call-timeout":             {MaxResponseLength: 1, Timeout: 0},
	} {
		errs := options.validate()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), flag) {
			t.Errorf("%s: %v", flag, errs)
		}
	}
}
