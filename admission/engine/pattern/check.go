package pattern

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// Check is what a rule with pattern or anyPattern demands, with the words of its answers.
type Check struct {
	rule     string
	patterns []*Pattern
	// passMessages has one message for each pattern, made beforehand.
	passMessages []string
	any          bool
}

// Message is a rule's own message, made only when it is needed. It may be empty; an error means that its variables
// could not be resolved.
type Message func() (string, error)

// NewCheck compiles the pattern of a rule.
func NewCheck(rule string, v any, path *field.Path) (*Check, field.ErrorList) {
	return newCheck(rule, v, path, New)
}

// NewSubstitutedCheck is NewCheck for a pattern that variables have been substituted in.
func NewSubstitutedCheck(rule string, v any, path *field.Path) (*Check, field.ErrorList) {
	return newCheck(rule, v, path, NewSubstituted)
}

// compiling makes a pattern.
type compiling func(v any, path *field.Path) (*Pattern, field.ErrorList)

func newCheck(rule string, v any, path *field.Path, compile compiling) (*Check, field.ErrorList) {
	c := &Check{rule: rule}
	errs := c.add(v, path, compile)
	c.passMessages = []string{fmt.Sprintf("validation rule '%s' passed.", rule)}
	return c, errs
}

// NewAnyCheck compiles the list of patterns of a rule, of which an object must fit one.
func NewAnyCheck(rule string, v any, path *field.Path) (*Check, field.ErrorList) {
	return newAnyCheck(rule, v, path, New)
}

// NewSubstitutedAnyCheck is NewAnyCheck for patterns that variables have been substituted in.
func NewSubstitutedAnyCheck(rule string, v any, path *field.Path) (*Check, field.ErrorList) {
	return newAnyCheck(rule, v, path, NewSubstituted)
}

func newAnyCheck(rule string, v any, path *field.Path, compile compiling) (*Check, field.ErrorList) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, field.ErrorList{field.Invalid(path, v, "must be a list of one or more patterns")}
	}
	c := &Check{rule: rule, any: true}
	var errs field.ErrorList
	for i, element := range list {
		errs = append(errs, c.add(element, path.Index(i), compile)...)
		c.passMessages = append(c.passMessages, fmt.Sprintf("validation rule '%s' anyPattern[%d] passed.", rule, i))
	}
	return c, errs
}

func (c *Check) add(v any, path *field.Path, compile compiling) field.ErrorList {
	p, errs := compile(v, path)
	c.patterns = append(c.patterns, p)
	return errs
}

// Asked is what a check judges.
type Asked struct {
	// Value is an object, or an element of one.
	Value any
	// Confidential tells that no message may repeat what the value holds: messages end up in reports (U19).
	Confidential bool
	// Budget is what the check may do.
	Budget *jmespath.Budget
}

// Evaluate judges a value. The result is pass, fail, skip or error.
func (c *Check) Evaluate(asked Asked, message Message) (eval.Result, string) {
	for i, p := range c.patterns {
		switch p.root.walk(asked.Value, asked.Budget, nil) {
		case passed:
			return eval.Pass, c.passMessages[i]
		case exhausted:
			return eval.Error, fmt.Sprintf("rule %s: comparing the object with the pattern takes more steps than an evaluation may use", c.rule)
		}
	}
	if c.any {
		return c.explainAny(asked, message)
	}
	return c.explain(asked, message)
}

// Violations are the places where an object does not pass, of every pattern that it could have passed; complete is false
// when there may be more.
func (c *Check) Violations(object any) (out []string, complete bool) {
	complete = true
	for i, p := range c.patterns {
		places, all := p.violations(object)
		complete = complete && all
		for _, path := range places {
			if c.any {
				path = fmt.Sprintf("[%d]%s", i, path)
			}
			out = append(out, path)
		}
	}
	return out, complete
}

func (c *Check) explain(asked Asked, message Message) (eval.Result, string) {
	out, x := c.patterns[0].explain(asked.Value, asked.Confidential)
	switch out {
	case skipped, skippedGlobally:
		return eval.Skip, x.text
	case broken:
		return eval.Error, c.words(message, fmt.Sprintf("rule %s execution error: %s", c.rule, x.text), x.text)
	case exhausted:
		x.text = "where would take too long to find"
		return eval.Fail, c.words(message, fmt.Sprintf("rule %s failed; %s", c.rule, x.text), x.text)
	}
	return eval.Fail, c.words(message, fmt.Sprintf("rule %s failed at path %s", c.rule, x.path), x.text)
}

// explainAny tells of each pattern why it does not fit. Patterns that do not concern the object are left out, unless
// none does.
func (c *Check) explainAny(asked Asked, message Message) (eval.Result, string) {
	var failures, skips []string
	for i, p := range c.patterns {
		out, x := p.explain(asked.Value, asked.Confidential)
		switch out {
		case skipped, skippedGlobally:
			skips = append(skips, fmt.Sprintf("rule %s[%d] skipped: %s", c.rule, i, x.text))
		case broken:
			failures = append(failures, fmt.Sprintf("rule %s[%d] failed: %s", c.rule, i, x.text))
		case exhausted:
			failures = append(failures, fmt.Sprintf("rule %s[%d] failed; where would take too long to find", c.rule, i))
		default:
			failures = append(failures, fmt.Sprintf("rule %s[%d] failed at path %s", c.rule, i, x.path))
		}
	}
	if len(failures) == 0 {
		return eval.Skip, strings.Join(skips, " ")
	}
	all := strings.Join(failures, " ")
	return eval.Fail, c.words(message, all, all)
}

// words is what is said of a failure: the rule's own message and where it is, or, when the message cannot be made, why
// the object does not pass.
func (c *Check) words(message Message, where, why string) string {
	own, err := message()
	if err != nil {
		return fmt.Sprintf("validation error: variables substitution error in rule %s execution error: %s", c.rule, why)
	}
	return "validation error: " + sentence(own) + where
}

// sentence is a rule's message as it stands in front of what follows.
func sentence(message string) string {
	switch {
	case message == "":
		return ""
	case strings.HasSuffix(message, "."):
		return message + " "
	}
	return message + ". "
}

// Names tells whether a pattern speaks of the value at a path of keys, whatever their anchors.
func (c *Check) Names(path ...string) bool {
	return slices.ContainsFunc(c.patterns, func(p *Pattern) bool { return names(p.root, path) })
}

func names(n node, path []string) bool {
	if len(path) == 0 {
		return true
	}
	o, ok := n.(*overlay)
	return ok && slices.ContainsFunc(slices.Concat(o.anchors, o.rest), func(e entry) bool {
		return e.key == path[0] && names(e.value, path[1:])
	})
}

// OnlyNames tells whether every pattern speaks of one plain key and nothing else.
func (c *Check) OnlyNames(key string) bool {
	return !slices.ContainsFunc(c.patterns, func(p *Pattern) bool {
		o, ok := p.root.(*overlay)
		return !ok || len(o.anchors) > 0 || len(o.rest) != 1 || o.rest[0].written != key
	})
}
