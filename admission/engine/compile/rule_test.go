package compile

import (
	"strings"
	"testing"
)

func TestTwoDemands(t *testing.T) {
	_, errs := New(policy(t, `{metadata: {name: p}, spec: {rules: [{%RULE%, validate: {anyPattern: [{a: b}], pattern: {a: b}}}]}}`))
	if len(errs) != 1 || !strings.Contains(errs[0].Detail, "pattern and anyPattern") {
		t.Errorf("%v", errs)
	}
}
