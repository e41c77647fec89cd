package jmespath

import (
	"fmt"

	parser "github.com/kyverno/go-jmespath"
)

// The budget of an evaluation whose environment brings none.
const (
	defaultBytes = 64 << 20
	defaultSteps = 4 << 20
)

// Expr is a compiled expression. It is immutable and serves any number of evaluations at a time.
type Expr struct {
	text string
	// root is the parsed expression, for what is told about it without evaluating it.
	root     parser.ASTNode
	evaluate evaluator
	// builds tells that results may be larger than the data: functions and multiselects make values, and what they
	// put in may be put in many times.
	builds bool
}

// Lazy is an object that is only there when it is asked for: the root of the data may be one, and values in it. It is
// asked for the fields that an expression names, and for the whole where an expression needs that. Its errors end the
// evaluation, but for a bare *NotFoundError, which says that there is no such field.
type Lazy interface {
	// Field returns the value of a field, which may be a Lazy again, and whether there is such a field.
	Field(name string) (value any, ok bool, err error)
	// All returns the whole object, with nothing lazy in it.
	All() (map[string]any, error)
}

// NotFoundError is the error for a key that an object does not have.
type NotFoundError struct {
	Key string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("Unknown key %q in path", e.Key)
}

// CallError is the error of a function that was called with values that it cannot work with.
type CallError struct {
	Function string
	// Err names the function as well.
	Err error
}

func (e *CallError) Error() string { return e.Err.Error() }

// Unwrap returns what the function says.
func (e *CallError) Unwrap() error { return e.Err }

// Compile compiles an expression. The error is a *SyntaxError; calls of functions that do not exist, or with arguments
// that can never be right, are such errors too.
func Compile(text string) (*Expr, error) {
	source, root, err := parse(text)
	if err != nil {
		return nil, err
	}
	c := compiler{source: source}
	evaluate, err := c.compile(&root)
	if err != nil {
		return nil, err
	}
	return &Expr{text: text, root: root, evaluate: evaluate, builds: c.builds}, nil
}

// String is the expression as it was written.
func (e *Expr) String() string { return e.text }

// Evaluate applies the expression to decoded JSON, or to a Lazy. The result may share parts with the data and must not
// be changed; it holds nothing lazy. Errors are *NotFoundError for a key that is missing, *CallError for a function that
// fails, ErrBudget, or what a Lazy says.
func (e *Expr) Evaluate(data any, env *Environment) (any, error) {
	if env == nil {
		env = &Environment{}
	}
	if env.Budget == nil {
		bounded := *env
		bounded.Budget = NewBudget(defaultBytes, defaultSteps)
		env = &bounded
	}
	result, err := e.evaluate(env, data)
	if err != nil {
		return nil, err
	}
	if order, ok := result.(int); ok {
		// What compare returns is a number once the expression is done with it.
		return int64(order), nil
	}
	if result, err = complete(result); err != nil {
		return nil, err
	}
	if e.builds {
		if err := fits(env.Budget, result); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// complete returns a value with nothing lazy about it.
func complete(value any) (any, error) {
	switch value := value.(type) {
	case nil, map[string]any, []any, string, bool, int64, float64:
		return value, nil
	case Lazy:
		object, err := value.All()
		if err != nil {
			return nil, err
		}
		return object, nil
	}
	return value, nil
}

// orNull turns the error for a missing key into null.
func orNull(value any, err error) (any, error) {
	if isMissing(err) {
		return nil, nil
	}
	return value, err
}

// isMissing tells whether an error says that a key is missing. One that is wrapped says something else, as that what a
// Lazy stands for cannot be had because a key is missing there.
func isMissing(err error) bool {
	_, missing := err.(*NotFoundError) //nolint:errorlint // A wrapped one must not count.
	return missing
}

// isCall tells whether an error says that a function failed, and nothing but that.
func isCall(err error) bool {
	_, call := err.(*CallError) //nolint:errorlint // A wrapped one must not count.
	return call
}

// isSoft tells whether an error only says that there is nothing in the data to go on with, so that a projection of it
// is null. Data that cannot be read and a spent budget are never taken for that.
func isSoft(err error) bool {
	return isMissing(err) || isCall(err)
}
