package main

// explained are differences that are meant, each with the reason that the table of the architecture gives.
var explained []struct {
	reason string
	is     func(c *testCase, ours, theirs verdict) bool
}

// explain returns why two verdicts differ as they should, or nothing.
func explain(c *testCase, ours, theirs verdict) string {
	for _, e := range explained {
		if e.is(c, ours, theirs) {
			return e.reason
		}
	}
	return ""
}
