package pattern

import (
	"regexp"
)

// anchor is what a key of a pattern says about itself, in the character before its parenthesis.
type anchor string

const (
	plain       anchor = ""
	conditional anchor = "("
	equality    anchor = "="
	existence   anchor = "^"
	negation    anchor = "X"
	global      anchor = "<"
	addition    anchor = "+"
)

var anchored = regexp.MustCompile(`^([+<=X^])?\((.+)\)$`)

// parseKey splits a key as written into anchor and name.
func parseKey(written string) (anchor, string) {
	m := anchored.FindStringSubmatch(written)
	switch {
	case m == nil:
		return plain, written
	case m[1] == "":
		return conditional, m[2]
	}
	return anchor(m[1]), m[2]
}

// withKey writes an anchor around another name.
func (a anchor) withKey(name string) string {
	switch a {
	case plain:
		return name
	case conditional:
		return "(" + name + ")"
	}
	return string(a) + "(" + name + ")"
}
