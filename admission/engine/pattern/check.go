package pattern

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Check is what a rule with pattern or anyPattern demands, with the words of its answers.
type Check struct {
	rule     string
	message  string
	patterns []*Pattern
	// passMessages has one message for each pattern, made beforehand.
	passMessages []string
	any          bool
}

// NewCheck compiles the pattern of a rule. The message is the rule's own; it may be empty.
func NewCheck(rule, message string, v any, path *field.Path) (*Check, field.ErrorList) {
	c := &Check{rule: rule, message: sentence(message)}
	errs := c.add(v, path)
	c.passMessages = []string{fmt.Sprintf("validation rule '%s' passed.", rule)}
	return c, errs
}

// NewAnyCheck compiles the list of patterns of a rule, of which an object must fit one.
func NewAnyCheck(rule, message string, v any, path *field.Path) (*Check, field.ErrorList) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, field.ErrorList{field.Invalid(path, v, "must be a list of one or more patterns")}
	}
	c := &Check{rule: rule, message: sentence(message), any: true}
	var errs field.ErrorList
	for i, element := range list {
		errs = append(errs, c.add(element, path.Index(i))...)
		c.passMessages = append(c.passMessages, fmt.Sprintf("validation rule '%s' anyPattern[%d] passed.", rule, i))
	}
	return c, errs
}

func (c *Check) add(v any, path *field.Path) field.ErrorList {
	if _, ok := v.(map[string]any); !ok {
		return field.ErrorList{field.Invalid(path, v, "a pattern of a whole resource must be an object with the keys that it speaks of, for example spec")}
	}
	p, errs := New(v, path)
	c.patterns = append(c.patterns, p)
	return errs
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

// Evaluate judges an object. The result is pass, fail, skip or error.
func (c *Check) Evaluate(object eval.Object) (eval.Result, string) {
	for i, p := range c.patterns {
		if p.root.walk(object, nil) == passed {
			return eval.Pass, c.passMessages[i]
		}
	}
	if c.any {
		return c.explainAny(object)
	}
	return c.explain(object)
}

func (c *Check) explain(object eval.Object) (eval.Result, string) {
	out, x := c.patterns[0].explain(object)
	switch out {
	case skipped, skippedGlobally:
		return eval.Skip, x.text
	case broken:
		return eval.Error, fmt.Sprintf("validation error: %srule %s execution error: %s", c.message, c.rule, x.text)
	}
	return eval.Fail, fmt.Sprintf("validation error: %srule %s failed at path %s", c.message, c.rule, x.path)
}

// explainAny tells of each pattern why it does not fit. Patterns that do not concern the object are left out, unless
// none does.
func (c *Check) explainAny(object eval.Object) (eval.Result, string) {
	var failures, skips []string
	for i, p := range c.patterns {
		out, x := p.explain(object)
		switch out {
		case skipped, skippedGlobally:
			skips = append(skips, fmt.Sprintf("rule %s[%d] skipped: %s", c.rule, i, x.text))
		case broken:
			failures = append(failures, fmt.Sprintf("rule %s[%d] failed: %s", c.rule, i, x.text))
		default:
			failures = append(failures, fmt.Sprintf("rule %s[%d] failed at path %s", c.rule, i, x.path))
		}
	}
	if len(failures) == 0 {
		return eval.Skip, strings.Join(skips, " ")
	}
	return eval.Fail, fmt.Sprintf("validation error: %s%s", c.message, strings.Join(failures, " "))
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
