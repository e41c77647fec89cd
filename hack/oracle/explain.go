package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// explanation is a difference that is meant, with the reason that the table of the architecture gives.
type explanation struct {
	reason string
	is     func(c *testCase, ours, theirs verdict) bool
}

// explained are all of them, the first that fits being the one that counts.
var explained = slices.Concat([]explanation{
	{"the reference crashes", func(_ *testCase, _, theirs verdict) bool { return theirs.crashed }},
}, refusals, results, wordings)

// refusals are those about what is accepted.
var refusals = []explanation{
	{"an argument that is written out and has the wrong type is refused when the policy is created", onlyOursRefuses(
		`column \d+: argument \d+ of \w+ (is [\w ]+; it is |must be an expression|cannot be an expression)`)},
	{"an expression, regular or of versions, that is written out and cannot be read is refused when the policy is created", onlyOursRefuses(
		`column \d+: (JMESPath function '\w+': )?(error parsing regexp|Could not parse Range|Could not get version from string|Last element in range)`)},
	{"a pattern in foreach is refused for what is refused in any other pattern", onlyOursRefuses(
		`foreach\[\d+\]\S*: Invalid value: .*(the anchor \^\(\) takes|the anchor \+\(\) belongs|an empty list fits nothing|must be a list of one or more patterns|write a list of patterns)`)},
	{"a kind with an empty part, which matches nothing, is refused", onlyOursRefuses(`kinds\[\d+\]: Invalid value: "\S*": a part is empty`)},
	{"a rule whose exclude takes away less than it matches is accepted", onlyTheyRefuse(`Rule is matching an empty set`)},
	{"a variable that is a constant, or names a context entry of a nested foreach, is accepted", onlyTheyRefuse(`variable .* must match regex "request\|`)},
	{"a reference in a message is moved once for CronJobs, not twice, and is found", onlyTheyRefuse(`rule autogen-cronjob-\S*: got nil resolved variable \$\(`)},
	{"a reference in a pattern may be an absolute path within the pattern", onlyTheyRefuse(`got nil resolved variable \$\(\S*/data/\w+\) at path /validate/pattern`)},
	{"the message of a rule with foreach may name the element that fails", onlyTheyRefuse(`variable 'element.*' present outside of foreach at path /validate/message`)},
	{"what request.operation is compared with is looked at only where it is one text or a list of texts", onlyTheyRefuse(`'value' field found to be of the type|found under the 'value' field. Only the following values are allowed`)},
	{"Equal and NotEqual may be used in preconditions of foreach as anywhere", func(c *testCase, ours, theirs verdict) bool {
		return !ours.refused && theirs.why == unread && olderOperator.MatchString(document(firstRule(c)))
	}},
	{"what stands below a negation anchor is never compared, and may be anything", onlyTheyRefuse(`X\(\w+\)/.*existence anchor should have value of type list`)},
	{"exclude may name the kind * beside others", onlyTheyRefuse(`\.exclude\..*wildcard policy can not deal with more than one kind`)},
}

// results are those about pass, fail, skip and error.
var results = []explanation{
	{"an element that fails outweighs one that cannot be judged", func(c *testCase, ours, theirs verdict) bool {
		return at(firstRule(c), "validate", "foreach") != nil && only(ours, "fail") && only(theirs, "error") && strings.HasPrefix(theirs.rows[0].message, "validation failure: ")
	}},
	{"what cannot be evaluated in a foreach is an error, whatever comes of its other lists", func(c *testCase, ours, theirs verdict) bool {
		return at(firstRule(c), "validate", "foreach") != nil && only(ours, "error") && only(theirs, "pass")
	}},
	{"a control of the Pod Security Standards counts from the version on in which it came, as in Kubernetes", func(c *testCase, ours, theirs verdict) bool {
		version, _ := at(firstRule(c), "validate", "podSecurity", "version").(string)
		return slices.Contains([]string{"v1.19", "v1.20", "v1.21", "v1.22", "v1.23", "v1.24", "v1.25"}, version) && only(theirs, "fail") &&
			laterControl.MatchString(theirs.rows[0].message)
	}},
	{"the value of a variable within a variable cannot change what the outer one says", func(c *testCase, ours, theirs verdict) bool {
		return !ours.refused && !theirs.refused && hasSpecialValue(c)
	}},
	{"a number in anyPattern is compared as one in pattern, where a string such as 1e3 is none", func(c *testCase, _, _ verdict) bool {
		return at(firstRule(c), "validate", "anyPattern") != nil && textExponent.MatchString(document(c.object))
	}},
	{"@ outside of any value, all that is known, includes the kind of the request", func(c *testCase, ours, theirs verdict) bool {
		return asksForAll(c) && !ours.refused && !theirs.refused
	}},
	{"a context entry that another of the same name replaces is not evaluated", func(c *testCase, ours, theirs verdict) bool {
		return hasTwins(c) && !ours.refused && only(theirs, "error")
	}},
}

// wordings are those about what is said with the same result.
var wordings = []explanation{
	{"an argument of the wrong type is named by function and argument, not by the types of the program", messages(func(ours, theirs string) bool {
		return cut(theirs, foreignTypes) != theirs && cut(ours, wrongArgument) == cut(theirs, foreignTypes)
	})},
	{"which of several variables without a value is named follows their order, not chance", messages(func(ours, theirs string) bool {
		const failed = "variable substitution failed: "
		return strings.HasPrefix(ours, failed+"failed to resolve ") && (strings.HasPrefix(theirs, failed+"failed to resolve ") ||
			strings.HasPrefix(theirs, failed+"expected string after substituting variables in key "))
	})},
	{"controls of the Pod Security Standards come in the same order every time", messages(func(ours, theirs string) bool {
		return strings.Contains(ours, "It violates PodSecurity") && sorted(ours, "(Forbidden reason") == sorted(theirs, "(Forbidden reason")
	})},
	{"keys, values and items of an object come in the order of its keys, not by chance", func(c *testCase, ours, theirs verdict) bool {
		policy := document(c.policy)
		return unordered.MatchString(policy) &&
			messages(func(ours, theirs string) bool { return sorted(ours, "") == sorted(theirs, "") })(c, ours, theirs)
	}},
	{"a message of the reference is broken", messages(func(_, theirs string) bool { return strings.Contains(theirs, "%!") })},
	{"an empty list that a variable puts into a pattern fits nothing", messages(func(_, theirs string) bool { return strings.HasSuffix(theirs, "pattern Array empty") })},
	{"what items returns may be passed on to any function", func(c *testCase, ours, theirs verdict) bool {
		written, _ := at(firstRule(c), "validate", "message").(string)
		return strings.Contains(written, "(items(") && messages(func(_, theirs string) bool { return theirs == "" })(c, ours, theirs)
	}},
	{"an error about an image names it as it is written", messages(func(ours, theirs string) bool {
		return cut(theirs, theirImage) != theirs && cut(ours, ourImage) == cut(theirs, theirImage)
	})},
	{"a message whose variables cannot be resolved is shown as it is written, not left out", messages(func(ours, theirs string) bool {
		start := 0
		for start < len(theirs) && start < len(ours) && ours[start] == theirs[start] {
			start++
		}
		return strings.HasSuffix(ours, theirs[start:]) && strings.Contains(strings.TrimSuffix(ours[max(0, start-1):], theirs[start:]), "{")
	})},
	{"variables in the message of a precondition are substituted", messages(func(ours, theirs string) bool {
		const unmet = "preconditions not met; "
		return strings.HasPrefix(ours, unmet) && strings.HasPrefix(theirs, unmet) && strings.Contains(theirs, "{{")
	})},
	{"a whole number is shown as such, however large", messages(func(ours, theirs string) bool {
		return strings.ReplaceAll(exponent.ReplaceAllStringFunc(theirs, inFull), "float64", "int64") == ours
	})},
	{"an error about a context entry says which entries are seen", messages(func(ours, theirs string) bool {
		return cut(ours, seenEntries) == theirs
	})},
	{"the average of nothing is null, not a number that no JSON has", func(c *testCase, ours, theirs verdict) bool {
		written, _ := at(firstRule(c), "validate", "message").(string)
		return strings.Contains(written, "avg(") && messages(func(_, theirs string) bool { return theirs == "" })(c, ours, theirs)
	}},
}

var (
	foreignTypes  = regexp.MustCompile(`Invalid type for: .*, expected: \[\]jmespath\.JpType\{[^}]*\}|invalid type, must be (number of )?string`)
	wrongArgument = regexp.MustCompile(`JMESPath function '\w+': (argument \d+ \(\w+\) must be .*, but is [^;:)]*|the expression must yield numbers or strings for all items, but for item \d+ it yields \w+)`)
	ourImage      = regexp.MustCompile(`invalid image reference ".*": `)
	theirImage    = regexp.MustCompile(`bad image: .*, defaultRegistry: docker.io, enableDefaultRegistryMutation: true: `)
	inner         = regexp.MustCompile(`\{\{[^{}]*\{\{ ?request\.object\.data\.(\w+) ?\}\}`)
	plainWord     = regexp.MustCompile(`^[\w.-]+$`)
	olderOperator = regexp.MustCompile(`(?s)foreach:.*preconditions:.*operator: (Equal|NotEqual)\n`)
	laterControl  = regexp.MustCompile(`Forbidden reason: (unrestricted capabilities|runAsUser=0|probe or lifecycle host)`)
	seenEntries   = regexp.MustCompile(`: a context entry sees only those above it, and \w+ stands at it or below`)
	unordered     = regexp.MustCompile(`values\(|keys\(|items\(|\*`)
	textExponent  = regexp.MustCompile(`"-?\d+(\.\d+)?e\+?\d+"`)
	exponent      = regexp.MustCompile(`-?\d(\.\d+)?e\+\d+`)
)

// explain returns why two verdicts differ as they should, or nothing.
func explain(c *testCase, ours, theirs verdict) string {
	for _, e := range explained {
		if e.is(c, ours, theirs) {
			return e.reason
		}
	}
	return ""
}

func onlyOursRefuses(why string) func(*testCase, verdict, verdict) bool {
	expression := regexp.MustCompile(why)
	return func(_ *testCase, ours, theirs verdict) bool {
		return ours.refused && !theirs.refused && expression.MatchString(ours.why)
	}
}

func onlyTheyRefuse(why string) func(*testCase, verdict, verdict) bool {
	expression := regexp.MustCompile(why)
	return func(_ *testCase, ours, theirs verdict) bool {
		return theirs.refused && !ours.refused && expression.MatchString(theirs.why)
	}
}

// messages tells whether both sides gave the same results, and every message that differs is excused.
func messages(excused func(ours, theirs string) bool) func(*testCase, verdict, verdict) bool {
	return func(_ *testCase, ours, theirs verdict) bool {
		if ours.refused || theirs.refused || len(ours.rows) != len(theirs.rows) {
			return false
		}
		return !slices.ContainsFunc(ours.rows, func(r row) bool {
			i := slices.IndexFunc(theirs.rows, func(other row) bool { return other.rule == r.rule })
			return i < 0 || theirs.rows[i].result != r.result || theirs.rows[i].message != r.message && !excused(r.message, theirs.rows[i].message)
		})
	}
}

// sorted is a text with its parts in order.
func sorted(text, separator string) string {
	parts := strings.Split(text, separator)
	slices.Sort(parts)
	return strings.Join(parts, separator)
}

// only tells whether a verdict is one row with a result.
func only(v verdict, result string) bool { return len(v.rows) == 1 && v.rows[0].result == result }

// cut takes what is said in a way of its own out of a message.
func cut(message string, said *regexp.Regexp) string { return said.ReplaceAllString(message, "") }

func inFull(number string) string {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// hasSpecialValue tells whether a variable within a variable has a value that is more than a word.
func hasSpecialValue(c *testCase) bool {
	for _, m := range inner.FindAllStringSubmatch(document(c.policy), -1) {
		value, isText := at(c.object, "data", m[1]).(string)
		if !isText || !plainWord.MatchString(value) {
			return true
		}
	}
	return false
}

// hasTwins tells whether two entries of a context have one name.
func hasTwins(c *testCase) bool {
	entries, _ := at(firstRule(c), "context").([]any)
	seen := map[any]bool{}
	for _, entry := range entries {
		name := at(entry, "name")
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// asksForAll tells whether a context entry asks for all that is known, by @ outside of any value.
func asksForAll(c *testCase) bool {
	entries, _ := at(firstRule(c), "context").([]any)
	return slices.ContainsFunc(entries, func(entry any) bool {
		query, _ := at(entry, "variable", "jmesPath").(string)
		return at(entry, "variable", "value") == nil && strings.Contains(query, "@")
	})
}

func firstRule(c *testCase) any {
	rules, _ := at(c.policy, "spec", "rules").([]any)
	if len(rules) == 0 {
		return nil
	}
	return rules[0]
}
