package variable

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// expression is one variable of a text: a JMESPath expression, or one that is put together from the values of variables
// in it when it is evaluated.
type expression struct {
	// text is the expression as written, variables and all.
	text string
	// compiled is what is evaluated, and onDelete what is evaluated on DELETE. In an expression with variables in it
	// they stand for what is known of it beforehand.
	compiled, onDelete *jmespath.Expr
	// parts is set only when there are variables in the expression.
	parts []part
	// roots are the names that the expression mentions, if they may be those of context entries. With variables in it
	// there may be more of them: then open is true.
	roots []string
	open  bool
	// last is what the parts were last put together to. Objects that follow one another are often alike.
	last atomic.Pointer[assembled]
}

// assembled is an expression with the values of the variables in it.
type assembled struct {
	text     string
	compiled *jmespath.Expr
}

// maxRemembered bounds the expressions that are remembered.
const maxRemembered = 4096

// compileAssembled compiles the expression with values in it.
func (e *expression) compileAssembled(text string) (*jmespath.Expr, error) {
	if last := e.last.Load(); last != nil && last.text == text {
		return last.compiled, nil
	}
	compiled, err := jmespath.Compile(text)
	if err == nil && len(text) <= maxRemembered {
		e.last.Store(&assembled{text, compiled})
	}
	return compiled, err
}

// fromDelete is where DELETE finds what other operations find in request.object.
const (
	object     = "request.object"
	fromDelete = "request.oldObject"
)

// at is where a text stands: what is said of it in errors.
type at struct {
	// pointer is how errors show where it stands in its document.
	pointer string
	// document is the same as a JSON pointer.
	document string
}

// newVariable compiles what a variable says.
func newVariable(f *found, where at) (*expression, error) {
	p := f.expressionPieces()
	if len(p) == 1 && p[0].text == "@" {
		p[0].text = subjectPath(where.document)
	}
	return newExpression(p, where)
}

// newExpression compiles an expression. The column of an error counts from its start.
func newExpression(p []piece, where at) (*expression, error) {
	if len(p) == 0 {
		return nil, errors.New("there is nothing between the braces: write an expression, such as request.object.metadata.name")
	}
	e := &expression{text: written(p)}
	if len(p) == 1 && p[0].variable == nil {
		return e, e.compile(e.text)
	}
	var err error
	if e.parts, err = newParts(p, where); err != nil {
		return nil, err
	}
	return e, e.compile(likeness(e.parts))
}

func (e *expression) compile(text string) error {
	var err error
	if e.compiled, err = jmespath.Compile(text); err != nil {
		return err
	}
	e.onDelete = e.compiled
	if strings.Contains(text, object) {
		if e.onDelete, err = jmespath.Compile(strings.ReplaceAll(text, object, fromDelete)); err != nil {
			return err
		}
	}
	e.roots = entryNames(e.compiled)
	e.open = slices.Contains(e.roots, unknown)
	return nil
}

// entryNames are the names that an expression reads and that are not those of built-in data.
func entryNames(compiled *jmespath.Expr) []string {
	var names []string
	seen := map[string]bool{}
	for _, chain := range compiled.Reads() {
		if name := chain[0]; !seen[name] && !isBuiltIn(name) {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// all calls f for the expression and those in it.
func (e *expression) all(f func(*expression)) {
	f(e)
	for _, p := range e.parts {
		if p.hole != nil {
			p.hole.all(f)
		}
		for _, h := range p.holes {
			if h.hole != nil {
				h.hole.all(f)
			}
		}
	}
}

// evaluate returns the value of the expression.
func (e *expression) evaluate(s *Scope, where at) (any, error) {
	compiled, shown := e.compiled, e.text
	if s.deleting {
		compiled = e.onDelete
	}
	roots := e.roots
	if e.parts != nil {
		var text string
		var err error
		if text, shown, err = assemble(e.parts, s, where); err != nil {
			return nil, err
		}
		if s.deleting {
			text = strings.ReplaceAll(text, object, fromDelete)
		}
		if compiled, err = e.compileAssembled(text); err != nil {
			return nil, where.unresolved(s.shown(shown), fmt.Errorf("incorrect query %s: %w", shown, err))
		}
		if e.open {
			roots = entryNames(compiled)
		}
	}
	if err := s.load(roots); err != nil {
		return nil, where.unresolved(s.shown(shown), err)
	}
	v, err := s.query(compiled)
	if err != nil {
		return nil, where.unresolved(s.shown(shown), err)
	}
	return v, nil
}

// shown is an expression as errors show it: as it is evaluated.
func (s *Scope) shown(expression string) string {
	if s.deleting {
		return strings.ReplaceAll(expression, object, fromDelete)
	}
	return expression
}

// unresolved is the error of a variable that has no value.
func (a at) unresolved(expression string, err error) error {
	return &UnresolvedError{Expression: expression, Pointer: a.pointer, Err: err}
}

// UnresolvedError tells that a variable has no value.
type UnresolvedError struct {
	// Expression is the variable, and Pointer where it stands in its document.
	Expression, Pointer string
	Err                 error
}

func (e *UnresolvedError) Error() string {
	return fmt.Sprintf("failed to resolve %s at path %s: %v", shorten(e.Expression), e.Pointer, e.Err)
}

func (e *UnresolvedError) Unwrap() error { return e.Err }

// maxShown is how much of an expression an error shows: values of an object may be part of it.
const maxShown = 4096

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// written is the text of pieces as the policy has it.
func written(p []piece) string {
	var out strings.Builder
	for _, piece := range p {
		if piece.variable == nil {
			out.WriteString(piece.text)
			continue
		}
		out.WriteString("{{" + written(pieces(piece.variable.tokens)) + "}}")
	}
	return out.String()
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// subjectPath is what {{@}} stands for: the value of the object at the same place, where the place is counted from
// below the first two elements of the pointer, or of what follows foreach in it.
func subjectPath(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	if i := slices.Index(parts, "foreach"); i >= 0 {
		parts = parts[i+1:]
	}
	var out strings.Builder
	out.WriteString(object)
	for _, part := range parts[min(2, len(parts)):] {
		part = unescapePointer(part)
		if _, err := strconv.ParseUint(part, 10, 32); err == nil {
			out.WriteString("[" + part + "]")
		} else if plainName.MatchString(part) {
			out.WriteString("." + part)
		} else {
			out.WriteString("." + jsonString(part))
		}
	}
	return out.String()
}
