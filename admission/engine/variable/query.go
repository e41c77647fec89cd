package variable

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// query is a field that holds a JMESPath expression, in which there may be variables. Their values are put into it as
// into an expression in a text.
type query struct {
	expression *expression
	// written is the field as the policy has it.
	written string
}

// queryError is the error of a query that does not compile.
type queryError struct {
	text string
	err  error
}

func (e *queryError) at(path *field.Path) *field.Error {
	var syntax *jmespath.SyntaxError
	if errors.As(e.err, &syntax) {
		return field.Invalid(path, shorten(e.text), fmt.Sprintf("column %d: %s", syntax.Column, syntax.Message))
	}
	return field.Invalid(path, shorten(e.text), e.err.Error())
}

// newQuery compiles a query. References in it are not resolved: there is no document around it.
func newQuery(text string) (*query, *queryError) {
	if !utf8.ValidString(text) {
		return nil, &queryError{text, errors.New("it is not valid UTF-8")}
	}
	found, err := scan(text)
	if err != nil {
		return nil, &queryError{text, err}
	}
	e, err := newExpression(found, at{})
	if err != nil {
		return nil, &queryError{text, err}
	}
	return &query{expression: e, written: text}, nil
}

// inner calls f for the variables in the query.
func (q *query) inner(f func(*expression)) {
	q.expression.all(func(e *expression) {
		if e != q.expression {
			f(e)
		}
	})
}

func (q *query) text() string {
	if q == nil {
		return ""
	}
	return q.written
}

// resolve puts the values of its variables into the query. A nil query resolves to nil.
func (q *query) resolve(s *Scope) (compiled *jmespath.Expr, text string, err error) {
	if q == nil {
		return nil, "", nil
	}
	e := q.expression
	if e.parts == nil {
		return e.compiled, e.text, nil
	}
	encoded, shown, err := assemble(e.parts, s, at{})
	if err != nil {
		return nil, "", err
	}
	if compiled, err = e.compileAssembled(encoded); err != nil {
		return nil, "", fmt.Errorf("incorrect query %s: %w", shorten(shown), err)
	}
	return compiled, shorten(shown), nil
}

// apply applies the query to what was looked up for an entry.
func (q *query) apply(s *Scope, name string, v any) (any, error) {
	compiled, text, err := q.resolve(s)
	if err != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s JMESPath %s: %w", name, q.text(), err)
	}
	if compiled == nil {
		return v, nil
	}
	found, err := compiled.Evaluate(v, &s.environment)
	if err != nil {
		return nil, fmt.Errorf("failed to apply JMESPath %s for context entry %s: %w", text, name, err)
	}
	return found, nil
}
