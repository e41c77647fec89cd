package variable

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// place is what the text around a variable makes of it, when it stands in an expression.
type place int

const (
	// bare: the value is a name or a number of the expression.
	bare place = iota
	// index: the value stands in brackets, so it is more likely a number.
	index
	// raw: the value is part of a string in single quotes.
	raw
	// quoted: the value is part of a name in double quotes.
	quoted
	// literal: the value is JSON between backticks.
	literal
	// literalString: the value is part of a JSON string between backticks.
	literalString
)

// part is a part of an expression: text, or a variable, or a whole string or name that has variables in it.
type part struct {
	text  string
	hole  *expression
	place place
	// holes are the parts of a string in single quotes.
	holes []part
}

// newParts finds out what the variables in an expression stand for, and compiles them.
func newParts(p []piece, where at) ([]part, error) {
	l := &lexer{}
	for i, piece := range p {
		if piece.variable == nil {
			l.text(piece.text)
			continue
		}
		e, err := newVariable(piece.variable, where)
		if err != nil {
			return nil, err
		}
		if l.state == bare && i+1 < len(p) && strings.HasPrefix(strings.TrimLeft(p[i+1].text, space), "(") {
			return nil, fmt.Errorf("the function that is called by {{ %s }} is not known beforehand: write its name", e.text)
		}
		l.hole(e)
	}
	return l.end(), nil
}

// lexer follows an expression through its strings, as far as it takes to tell in what a variable stands.
type lexer struct {
	out []part
	// pending is text that is part of out or, in a string in single quotes, of its holes.
	pending strings.Builder
	holes   []part
	state   place
	// brackets are those that are open.
	brackets []byte
	escaped  bool
}

func (l *lexer) text(text string) {
	for i := range len(text) {
		l.char(text[i])
	}
}

func (l *lexer) char(c byte) {
	if l.escaped {
		l.escaped = false
		l.write(c)
		return
	}
	switch l.state {
	case bare:
		l.bare(c)
	case raw:
		if c == '\'' {
			l.closeRaw()
			return
		}
		l.string(c)
	case quoted:
		if c == '"' {
			l.state = bare
		}
		l.string(c)
	case literal, literalString:
		switch c {
		case '`':
			l.state = bare
		case '"':
			if l.state == literal {
				l.state = literalString
			} else {
				l.state = literal
			}
		}
		l.string(c)
	}
}

func (l *lexer) string(c byte) {
	l.escaped = c == '\\'
	l.write(c)
}

func (l *lexer) bare(c byte) {
	switch c {
	case '\'':
		l.flush()
		l.state = raw
		return
	case '"':
		l.state = quoted
	case '`':
		l.state = literal
	case '[', '(', '{':
		l.brackets = append(l.brackets, c)
	case ']', ')', '}':
		if n := len(l.brackets); n > 0 {
			l.brackets = l.brackets[:n-1]
		}
	}
	l.write(c)
}

func (l *lexer) write(c byte) { l.pending.WriteByte(c) }

func (l *lexer) hole(e *expression) {
	before := strings.TrimRight(l.pending.String(), space)
	l.flush()
	p := part{hole: e, place: l.state}
	if n := len(l.brackets); l.state == bare && n > 0 && l.brackets[n-1] == '[' && (strings.HasSuffix(before, "[") || strings.HasSuffix(before, ":")) {
		p.place = index
	}
	if l.state == raw {
		l.holes = append(l.holes, p)
		return
	}
	l.out = append(l.out, p)
}

func (l *lexer) flush() {
	if l.pending.Len() == 0 {
		return
	}
	p := part{text: l.pending.String()}
	l.pending.Reset()
	if l.state == raw {
		l.holes = append(l.holes, p)
		return
	}
	l.out = append(l.out, p)
}

// closeRaw ends a string in single quotes.
func (l *lexer) closeRaw() {
	l.flush()
	holes := l.holes
	l.holes, l.state = nil, bare
	for _, h := range holes {
		if h.hole != nil {
			l.out = append(l.out, part{place: raw, holes: holes})
			return
		}
	}
	l.pending.WriteString(rawText(holes))
}

// end returns the parts. A string that is not closed is left to the parser of expressions.
func (l *lexer) end() []part {
	l.flush()
	if l.state == raw {
		l.out = append(l.out, part{text: "'"})
		l.out = append(l.out, l.holes...)
	}
	return l.out
}

// unknown is a name that stands for one that is known only when the expression is evaluated.
const unknown = "name_known_when_evaluated"

// likeness is an expression with the same structure as the one that parts make, whatever their values.
func likeness(parts []part) string {
	var out strings.Builder
	for i, p := range parts {
		switch {
		case p.holes != nil:
			out.WriteString(rawText(p.holes))
		case p.hole == nil:
			text := p.text
			if isWholeLiteral(parts, i-1) {
				text = text[1:]
			}
			if isWholeLiteral(parts, i+1) {
				text = text[:len(text)-1]
			}
			out.WriteString(text)
		case p.place == bare || p.place == quoted || isWholeLiteral(parts, i):
			out.WriteString(unknown)
		default:
			out.WriteString("0")
		}
	}
	return out.String()
}

// isWholeLiteral tells whether a part is a variable that is all there is between backticks: a value of any type.
func isWholeLiteral(parts []part, i int) bool {
	return i > 0 && i+1 < len(parts) && parts[i].hole != nil && parts[i].place == literal &&
		strings.HasSuffix(parts[i-1].text, "`") && strings.HasPrefix(parts[i+1].text, "`")
}

// rawText is a string in single quotes as written, without the variables in it.
func rawText(holes []part) string {
	var out strings.Builder
	out.WriteByte('\'')
	for _, h := range holes {
		out.WriteString(h.text)
	}
	out.WriteByte('\'')
	return out.String()
}

// assemble puts the values of variables into an expression. Text is what is compiled, and shown how it would look if
// values were put in as they are.
func assemble(parts []part, s *Scope, where at) (text, shown string, err error) {
	a := &assembly{scope: s, where: where}
	for _, p := range parts {
		if err := a.add(p); err != nil {
			return "", "", err
		}
		if a.text.Len() > maxExpression || a.shown.Len() > maxExpression {
			return "", "", fmt.Errorf("%w: an expression with the values of its variables is longer than %d bytes", jmespath.ErrBudget, maxExpression)
		}
	}
	return a.text.String(), a.shown.String(), nil
}

// maxExpression bounds an expression with values in it.
const maxExpression = 1 << 20

type assembly struct {
	scope       *Scope
	where       at
	text, shown strings.Builder
}

func (a *assembly) add(p part) error {
	switch {
	case p.holes != nil:
		return a.addRaw(p.holes)
	case p.hole == nil:
		a.text.WriteString(p.text)
		a.shown.WriteString(p.text)
		return nil
	}
	v, err := p.hole.evaluate(a.scope, a.where)
	if err != nil {
		return err
	}
	as, err := asText(v)
	if err != nil {
		return a.where.unresolved(p.hole.text, err)
	}
	a.shown.WriteString(as)
	encoded, err := encode(v, as, p.place)
	if err != nil {
		return a.where.unresolved(p.hole.text, err)
	}
	a.text.WriteString(encoded)
	return nil
}

// addRaw adds a string in single quotes that has variables in it. It becomes a literal, as there is no way to write
// every string in single quotes.
func (a *assembly) addRaw(holes []part) error {
	var out strings.Builder
	a.shown.WriteByte('\'')
	for _, h := range holes {
		if h.hole == nil {
			a.shown.WriteString(h.text)
			out.WriteString(strings.ReplaceAll(h.text, `\'`, `'`))
			continue
		}
		v, err := h.hole.evaluate(a.scope, a.where)
		if err != nil {
			return err
		}
		as, err := asText(v)
		if err != nil {
			return a.where.unresolved(h.hole.text, err)
		}
		a.shown.WriteString(as)
		out.WriteString(as)
	}
	a.shown.WriteByte('\'')
	a.text.WriteString("`" + jsonString(out.String()) + "`")
	return nil
}

// encode is a value as it may stand in an expression. It is never more than the place holds: whatever an object says,
// the structure of the expression is the policy's.
func encode(v any, as string, where place) (string, error) {
	switch where {
	case quoted, literalString:
		encoded := jsonString(as)
		return encoded[1 : len(encoded)-1], nil
	case literal:
		if !json.Valid([]byte(as)) {
			return "", errors.New("its value is no JSON, which is what stands between backticks")
		}
		return strings.ReplaceAll(as, "`", `\u0060`), nil
	}
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64, string:
		if isName(as) {
			return as, nil
		}
	default:
		return "", errors.New("its value is neither a string nor a number, and a jmespath value must be a string: choose one of its parts, or write the expression without the variable")
	}
	return "", errors.New("its value is neither a name nor a whole number, and values are not evaluated as expressions: write the variable in quotes, or the expression without it")
}

// isName tells whether a text can be nothing but a name or a whole number in an expression.
func isName(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	onlyDigits := digits != ""
	for i := range len(digits) {
		c := digits[i]
		if c >= '0' && c <= '9' {
			continue
		}
		onlyDigits = false
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return onlyDigits || digits == s
}

// jsonString is a JSON string that may stand between backticks.
func jsonString(s string) string {
	encoded, err := json.Marshal(s)
	if err != nil {
		// Marshal does not fail for strings.
		return `""`
	}
	return strings.ReplaceAll(string(encoded), "`", `\u0060`)
}
