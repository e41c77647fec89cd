package main

import (
	"regexp"
	"slices"
	"strings"
)

// explained are differences that are meant, each with the reason that the table of the architecture gives.
var explained = []struct {
	reason string
	is     func(c *testCase, ours, theirs verdict) bool
}{
	{"the reference crashes", func(_ *testCase, _, theirs verdict) bool { return theirs.crashed }},
	{"an argument that is written out and has the wrong type is refused when the policy is created", func(_ *testCase, ours, theirs verdict) bool {
		return ours.refused && !theirs.refused && refusedArgument.MatchString(ours.why)
	}},
	{"an argument of the wrong type is named by function and argument, not by the types of the program", func(_ *testCase, ours, theirs verdict) bool {
		return alikeBut(ours, theirs, func(ours, theirs string) bool {
			theirs, found := cutType(theirs, foreignTypes)
			if !found {
				return false
			}
			ours, found = cutType(ours, wrongArgument)
			return found && ours == theirs
		})
	}},
	{"a message whose variables cannot be resolved is shown as it is written, not left out", func(c *testCase, ours, theirs verdict) bool {
		written, _ := at(firstRule(c), "validate", "message").(string)
		return strings.Contains(written, "{{") && alikeBut(ours, theirs, func(ours, theirs string) bool {
			return strings.Replace(ours, written, "", 1) == theirs
		})
	}},
}

var (
	foreignTypes    = regexp.MustCompile(`Invalid type for: .*, expected: \[\]jmespath\.JpType\{[^}]*\}|JMESPath function '\w+': argument #\d+ is not of type .*`)
	refusedArgument = regexp.MustCompile(`column \d+: argument \d+ of \w+ (is \w+; it is |must be an expression)`)
	wrongArgument   = regexp.MustCompile(`JMESPath function '\w+': argument \d+ \(\w+\) must be .*, but is [^;:)]*`)
)

// cutType replaces what a message says of the type of an argument.
func cutType(message string, said *regexp.Regexp) (string, bool) {
	if !said.MatchString(message) {
		return "", false
	}
	return said.ReplaceAllString(message, "<type>"), true
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

// alikeBut tells whether both sides gave the same results, and every message that differs is excused.
func alikeBut(ours, theirs verdict, excused func(ours, theirs string) bool) bool {
	if ours.refused || theirs.refused || len(ours.rows) != len(theirs.rows) {
		return false
	}
	return !slices.ContainsFunc(ours.rows, func(r row) bool {
		i := slices.IndexFunc(theirs.rows, func(other row) bool { return other.rule == r.rule })
		return i < 0 || theirs.rows[i].result != r.result || theirs.rows[i].message != r.message && !excused(r.message, theirs.rows[i].message)
	})
}

func firstRule(c *testCase) any {
	rules, _ := at(c.policy, "spec", "rules").([]any)
	if len(rules) == 0 {
		return nil
	}
	return rules[0]
}
