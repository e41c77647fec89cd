package app

import "testing"

// K07 Nothing is exempt unless the operator says so, and from where.
func TestExceptionsAreOptIn(t *testing.T) {
	for _, c := range []struct {
		args    []string
		applies bool
	}{
		{nil, false},
		{[]string{"--enable-policy-exception"}, false},
		{[]string{"--exception-namespace=*"}, false},
		{[]string{"--enable-policy-exception", "--exception-namespace=team"}, true},
		{[]string{"--enable-policy-exception", "--exception-namespace=*"}, true},
		{[]string{"--enable-policy-exception", "--exception-namespace=platform"}, false},
	} {
		options := parse(t, c.args...)
		if errs := options.Validate(); len(errs) > 0 {
			t.Errorf("%v: %v", c.args, errs)
		}
		if got := options.Exceptions.config().Applies("team"); got != c.applies {
			t.Errorf("%v: exceptions of team are applied: %v", c.args, got)
		}
	}
}
