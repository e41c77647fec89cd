package match

import (
	"unicode/utf8"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

const (
	// What the API server makes of generateName: at most so many characters of it, then so many of this alphabet.
	generatedBase    = 58
	generatedLength  = 5
	generatedLetters = "bcdfghjklmnpqrstvwxz2456789"
)

// quantifier says of which of the names that may be generated a pattern must hold.
type quantifier bool

const (
	// someName is for match: a rule concerns what could get a name that it means.
	someName quantifier = false
	// everyName is for exclude: only what cannot escape is left out.
	everyName quantifier = true
)

// matchName tells whether the name of the request's object fits a pattern, or the names that it may yet be given do.
func matchName(w *scalar.Wildcard, req *eval.Request, q quantifier) bool {
	name := nameOf(req)
	if name != "" {
		return w.Match(name)
	}
	base := generateName(req.Subject())
	if base == "" {
		return w.Match("")
	}
	return matchGenerated(w.String(), base, q)
}

// nameOf is the object's name: that of the request, or else the one in the object.
func nameOf(req *eval.Request) string {
	if req.Name != "" {
		return req.Name
	}
	name, _ := metadata(req.Subject())["name"].(string)
	return name
}

func generateName(object eval.Object) string {
	base, _ := metadata(object)["generateName"].(string)
	return base
}

func metadata(object eval.Object) map[string]any {
	m, _ := object["metadata"].(map[string]any)
	return m
}

// matchGenerated tells whether a pattern fits some, or every, name that can be generated from base. A character of
// the generated end fits a letter of the pattern if it could be that letter, for some name; for every name it fits
// only * and ?. That is exact for some name, since each character is free of the others; for every name a pattern
// that happens to name all letters of the alphabet may be taken for one that some name escapes.
func matchGenerated(pattern, base string, q quantifier) bool {
	if len(base) > generatedBase {
		base = base[:generatedBase]
	}
	name := []rune(base)
	fixed := len(name)
	fits := func(i int, want rune) bool {
		if i < fixed {
			return name[i] == want
		}
		return q == someName && isGenerated(want)
	}
	return glob([]rune(pattern), fixed+generatedLength, fits)
}

func isGenerated(r rune) bool {
	if r >= utf8.RuneSelf {
		return false
	}
	for _, letter := range generatedLetters {
		if r == letter {
			return true
		}
	}
	return false
}

// glob matches * and ? over n positions of which fits tells whether a letter may stand there. It takes time in
// proportion to n times the pattern; n is that of a name.
func glob(pattern []rune, n int, fits func(i int, want rune) bool) bool {
	p, i := 0, 0
	// After a *, where the pattern goes on and the position that the * has been tried up to.
	afterStar, tried := -1, 0
	for i < n {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			afterStar, tried = p, i
		case p < len(pattern) && (pattern[p] == '?' || fits(i, pattern[p])):
			p++
			i++
		case afterStar >= 0:
			tried++
			p, i = afterStar, tried
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
