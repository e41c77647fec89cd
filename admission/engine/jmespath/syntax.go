package jmespath

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	parser "github.com/kyverno/go-jmespath"
)

// The bounds of an expression. The parser descends once for each token at most, so that the bound on tokens keeps its
// stack small; brackets are bounded for themselves, since what nests deeper is no honest expression.
const (
	maxLength  = 1 << 20
	maxTokens  = 4096
	maxNesting = 100
)

// SyntaxError tells what is wrong with an expression, and where.
type SyntaxError struct {
	// Column is where it is wrong, in characters from 1. It is one past the end where something is missing there.
	Column  int
	Message string
	// Expression is the text that was compiled.
	Expression string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("column %d: %s", e.Column, e.Message)
}

// tokenKind tells apart what the checks before parsing need to know of a token.
type tokenKind uint8

const (
	symbolToken tokenKind = iota
	nameToken
	otherToken
)

// token is a piece of an expression, from one offset to another.
type token struct {
	kind       tokenKind
	start, end int
}

// source is an expression on its way through the parser.
type source struct {
	text   string
	tokens []token
	// calls are the offsets of the names of all functions that are called, in the order of the text.
	calls []int
}

// parse checks an expression within bounds and parses it. The parser of the dialect neither bounds its recursion nor
// tells in all cases what is wrong, so the text is split into tokens here first.
func parse(text string) (*source, parser.ASTNode, error) {
	s := &source{text: text}
	if err := s.scan(); err != nil {
		return nil, parser.ASTNode{}, err
	}
	node, err := parser.NewParser().Parse(text)
	if err == nil {
		return s, node, nil
	}
	var syntax parser.SyntaxError
	if errors.As(err, &syntax) {
		return nil, node, s.unexpected(syntax.Offset)
	}
	return nil, node, s.errorAt(len(text), "%v", err)
}

// errorAt is an error at a byte of the text.
func (s *source) errorAt(offset int, format string, args ...any) *SyntaxError {
	offset = max(0, min(offset, len(s.text)))
	return &SyntaxError{
		Column:     utf8.RuneCountInString(s.text[:offset]) + 1,
		Message:    fmt.Sprintf(format, args...),
		Expression: s.text,
	}
}

// unexpected is the error for a token that cannot stand where it does.
func (s *source) unexpected(offset int) *SyntaxError {
	for _, t := range s.tokens {
		if offset >= t.start && offset < t.end {
			switch text := s.text[t.start:t.end]; {
			case text == "=":
				return s.errorAt(t.start, `unexpected "="; values are compared with ==`)
			case isDigit(text[0]):
				return s.errorAt(t.start, "unexpected number %s; numbers are written in backticks, `%s`", text, text)
			default:
				return s.errorAt(t.start, "unexpected %s", quoted(text))
			}
		}
	}
	return s.errorAt(len(s.text), "the expression ends where more is expected")
}

// quoted shows a piece of an expression, and of a long one the beginning.
func quoted(text string) string {
	const shown = 40
	if utf8.RuneCountInString(text) > shown {
		text = string([]rune(text)[:shown]) + "…"
	}
	return strconv.Quote(text)
}

// scan splits the text into tokens, checks each by itself and checks that brackets match.
func (s *source) scan() error {
	if len(s.text) > maxLength {
		return s.errorAt(0, "the expression is longer than %d bytes", maxLength)
	}
	var open []int
	for at := 0; at < len(s.text); {
		if strings.IndexByte(" \t\n\r", s.text[at]) >= 0 {
			at++
			continue
		}
		if len(s.tokens) == maxTokens {
			return s.errorAt(at, "the expression has more than %d tokens", maxTokens)
		}
		t, err := s.next(at)
		if err != nil {
			return err
		}
		if open, err = s.match(open, t); err != nil {
			return err
		}
		s.tokens = append(s.tokens, t)
		at = t.end
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return s.errorAt(last, "%q is never closed", s.text[last:last+1])
	}
	return nil
}

// match keeps the stack of open brackets, and notes where functions are called.
func (s *source) match(open []int, t token) ([]int, error) {
	if t.kind != symbolToken {
		return open, nil
	}
	text := s.text[t.start:t.end]
	switch text {
	case "(", "[", "[?", "{":
		if len(open) == maxNesting {
			return open, s.errorAt(t.start, "brackets are nested deeper than %d", maxNesting)
		}
		if text == "(" {
			if err := s.call(t); err != nil {
				return open, err
			}
		}
		return append(open, t.start), nil
	case ")", "]", "}":
		if len(open) == 0 {
			return open, s.errorAt(t.start, "unexpected %q: nothing is open here", text)
		}
		last := open[len(open)-1]
		if want := closing(s.text[last]); want != text {
			return open, s.errorAt(t.start, "unexpected %q: %q of column %d is closed by %q", text, s.text[last:last+1],
				s.errorAt(last, "").Column, want)
		}
		return open[:len(open)-1], nil
	}
	return open, nil
}

// closing is the bracket that closes another.
func closing(bracket byte) string {
	switch bracket {
	case '(':
		return ")"
	case '[':
		return "]"
	}
	return "}"
}

// call notes the name before an opening parenthesis, if it is one that calls a function and no group.
func (s *source) call(t token) error {
	if len(s.tokens) == 0 {
		return nil
	}
	before := s.tokens[len(s.tokens)-1]
	if before.kind == nameToken {
		s.calls = append(s.calls, before.start)
		return nil
	}
	switch s.text[before.end-1] {
	case ')', ']', '}', '"', '\'', '`', '@':
		return s.errorAt(t.start, "only a function can be called, by its name: %s is none",
			quoted(s.text[before.start:before.end]))
	}
	return nil
}

// next reads the token that begins at an offset.
func (s *source) next(at int) (token, error) {
	rest := s.text[at:]
	switch c := rest[0]; {
	case isNameStart(c):
		end := at + 1
		for end < len(s.text) && (isNameStart(s.text[end]) || isDigit(s.text[end])) {
			end++
		}
		return token{nameToken, at, end}, nil
	case c == '-' || isDigit(c):
		return s.number(at)
	case c == '"', c == '\'', c == '`':
		return s.delimited(at)
	}
	for _, symbol := range [...]string{
		"[?", "[]", "||", "&&", "==", "!=", "<=", ">=",
		".", "*", ",", ":", "{", "}", "[", "]", "(", ")", "@", "|", "&", "!", "<", ">", "=",
	} {
		if strings.HasPrefix(rest, symbol) {
			return token{symbolToken, at, at + len(symbol)}, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	if r == utf8.RuneError {
		return token{}, s.errorAt(at, "not valid UTF-8")
	}
	return token{}, s.errorAt(at, "unexpected character %q; keys that hold such are written in double quotes", r)
}

// number reads an index.
func (s *source) number(at int) (token, error) {
	end := at + 1
	for end < len(s.text) && isDigit(s.text[end]) {
		end++
	}
	if _, err := strconv.Atoi(s.text[at:end]); err != nil {
		return token{}, s.errorAt(at, "%s is no number that an index or a slice can have", quoted(s.text[at:end]))
	}
	return token{otherToken, at, end}, nil
}

// delimited reads what stands between quotes or backticks.
func (s *source) delimited(at int) (token, error) {
	delimiter := s.text[at]
	end := at + 1
	for ; end < len(s.text) && s.text[end] != delimiter; end++ {
		// In a string only the delimiter can be escaped; in the others the backslash belongs to JSON.
		if s.text[end] == '\\' && end+1 < len(s.text) && (delimiter != '\'' || s.text[end+1] == delimiter) {
			end++
		}
	}
	if end >= len(s.text) {
		return token{}, s.errorAt(at, "%q is never closed", s.text[at:at+1])
	}
	end++
	inner := s.text[at+1 : end-1]
	switch delimiter {
	case '"':
		if !json.Valid([]byte(s.text[at:end])) {
			return token{}, s.errorAt(at, "%s is no valid name: in double quotes it is written like a string of JSON",
				quoted(s.text[at:end]))
		}
	case '`':
		if !json.Valid([]byte(strings.ReplaceAll(inner, "\\`", "`"))) {
			return token{}, s.errorAt(at, "%s is no JSON; plain text is written in single quotes", quoted(inner))
		}
	}
	return token{otherToken, at, end}, nil
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool {
	return c >= '0' && c <= '9'
}
