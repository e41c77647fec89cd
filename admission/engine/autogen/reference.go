package autogen

import (
	"regexp"
	"strings"
)

// reference finds references to other places of the rule, as in $(/validate/pattern/spec/hostNetwork), and what would
// be one but for the backslash before it.
var reference = regexp.MustCompile(`\\?\$\([^ ]*?\)`)

// index is the place in anyPattern that a reference names.
var index = regexp.MustCompile(`^/[0-9]+`)

// shiftReferences lets references into a demand, which has been wrapped, find their value again.
func shiftReferences(message, demand string, s shape) string {
	return reference.ReplaceAllStringFunc(message, func(text string) string {
		before, after, found := strings.Cut(text, demand)
		if !found || text[0] == '\\' {
			return text
		}
		before += demand
		if demand == "anyPattern" {
			at := index.FindString(after)
			if at == "" {
				return text
			}
			before, after = before+at, after[len(at):]
		}
		return before + "/" + strings.Join(s.steps, "/") + after
	})
}
