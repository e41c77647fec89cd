package variable

import (
	"fmt"
	"strings"
)

// maxNesting is how deep variables may stand in one another.
const maxNesting = 8

// maxVariables bounds the variables of one text.
const maxVariables = 1000

// token is one byte of a text, or a variable that was found in it.
type token struct {
	char     byte
	variable *found
}

func (t token) is(char byte) bool { return t.variable == nil && t.char == char }

func (t token) isBrace() bool { return t.is('{') || t.is('}') }

// found is a variable in a text: what stands between its braces.
type found struct {
	tokens []token
	// offset is where its braces open, in bytes from the start of the text.
	offset int
}

// piece is a part of a text: characters, or a variable.
type piece struct {
	text     string
	variable *found
}

// scan finds the variables of a text. A variable is what stands between {{ and }}, if there are no braces in it but
// variables and pairs of single braces, and no backslash before it. A backslash before what would be a variable is
// taken away.
func scan(text string) ([]piece, error) {
	if !strings.Contains(text, "{{") {
		return []piece{{text: text}}, nil
	}
	tokens := make([]token, len(text))
	for i := range len(text) {
		tokens[i] = token{char: text[i]}
	}
	s := &scanner{offsets: make([]int, len(text))}
	for i := range s.offsets {
		s.offsets[i] = i
	}
	// Each round finds the innermost variables, which then are no braces any more.
	for round := 0; ; round++ {
		reduced, any := s.reduce(tokens)
		if s.variables > maxVariables {
			return nil, fmt.Errorf("more than %d variables in one text", maxVariables)
		}
		if !any {
			return pieces(unescape(tokens)), nil
		}
		if round == maxNesting {
			return nil, fmt.Errorf("variables are nested deeper than %d levels", maxNesting)
		}
		tokens = reduced
	}
}

type scanner struct {
	// offsets tells for each token where it stands in the text.
	offsets   []int
	variables int
}

// reduce replaces the innermost variables.
func (s *scanner) reduce(tokens []token) (out []token, any bool) {
	var offsets []int
	for i := 0; i < len(tokens); {
		end := -1
		if i == 0 || !tokens[i-1].is('\\') {
			end = variableEnd(tokens, i)
		}
		offsets = append(offsets, s.offsets[i])
		if end < 0 {
			out = append(out, tokens[i])
			i++
			continue
		}
		out = append(out, token{variable: &found{tokens: tokens[i+2 : end-2], offset: s.offsets[i]}})
		s.variables++
		i, any = end, true
	}
	s.offsets = offsets
	return out, any
}

// variableEnd returns the end of the variable that starts at i, or -1 when there is none.
func variableEnd(tokens []token, i int) int {
	if i+1 >= len(tokens) || !tokens[i].is('{') || !tokens[i+1].is('{') {
		return -1
	}
	for j := i + 2; j < len(tokens); j++ {
		switch {
		case tokens[j].is('}'):
			if j+1 < len(tokens) && tokens[j+1].is('}') {
				return j + 2
			}
			return -1
		case tokens[j].is('{'):
			j++
			for j < len(tokens) && !tokens[j].isBrace() {
				j++
			}
			if j == len(tokens) || !tokens[j].is('}') {
				return -1
			}
		}
	}
	return -1
}

// unescape takes away the backslash before what would be a variable without it.
func unescape(tokens []token) []token {
	var out []token
	for i := 0; i < len(tokens); i++ {
		if tokens[i].is('\\') {
			if end := variableEnd(tokens, i+1); end > 0 {
				out = append(out, tokens[i+1:end]...)
				i = end - 1
				continue
			}
		}
		out = append(out, tokens[i])
	}
	return out
}

// pieces joins what belongs together.
func pieces(tokens []token) []piece {
	var out []piece
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, piece{text: text.String()})
			text.Reset()
		}
	}
	for _, t := range tokens {
		if t.variable == nil {
			text.WriteByte(t.char)
			continue
		}
		flush()
		out = append(out, piece{variable: t.variable})
	}
	flush()
	return out
}

// expressionPieces are the pieces of what a variable says, without the space around it and the - in front of it.
func (f *found) expressionPieces() []piece {
	p := trim(pieces(f.tokens))
	if len(p) > 0 && p[0].variable == nil && strings.HasPrefix(p[0].text, "-") {
		p[0].text = p[0].text[1:]
		p = trim(p)
	}
	return p
}

// trim takes the space from both ends.
func trim(p []piece) []piece {
	if len(p) > 0 && p[0].variable == nil {
		p[0].text = strings.TrimLeft(p[0].text, space)
		if p[0].text == "" {
			p = p[1:]
		}
	}
	if last := len(p) - 1; last >= 0 && p[last].variable == nil {
		p[last].text = strings.TrimRight(p[last].text, space)
		if p[last].text == "" {
			p = p[:last]
		}
	}
	return p
}

const space = " \t\r\n\v\f"
