package variable

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

const (
	// maxDepth bounds how deep a document may be nested.
	maxDepth = 100
	// maxNodes bounds the keys and values of a document.
	maxNodes = 20_000
)

// Template is a text or a document with variables, compiled. It is immutable.
type Template struct {
	root node
	// expressions are all that the template may evaluate.
	expressions []*jmespath.Expr
}

// Compile compiles a text, or a document given as decoded JSON. References in it are resolved within itself. Errors
// name the place below path that is at fault.
func Compile(v any, path *field.Path) (*Template, field.ErrorList) {
	return CompileIn(v, "", v, path)
}

// CompileIn compiles a part of a document, in which its references are resolved. The part stands at pointer, for
// example "/validate/message".
func CompileIn(document any, pointer string, v any, path *field.Path) (*Template, field.ErrorList) {
	c := &compiler{references: references{document: document}}
	root := c.compile(v, pointer, pointer, path, 0)
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return &Template{root: root, expressions: c.expressions}, nil
}

// Static tells that there are no variables.
func (t *Template) Static() bool { return t.root.static() }

// Value is a static template's value, and nil for others. It must not be changed.
func (t *Template) Value() any {
	if c, ok := t.root.(constant); ok {
		return c.value
	}
	return nil
}

// Expressions are those that the template evaluates. One that has variables in it is there as far as it is known
// beforehand.
func (t *Template) Expressions() []*jmespath.Expr { return t.expressions }

// Substitute returns the value of the template. It may share parts with the template and with what is in scope, and
// must not be changed.
func (t *Template) Substitute(s *Scope) (any, error) { return t.root.substitute(s) }

// Text returns the value of the template as a string: what is not one is written as JSON.
func (t *Template) Text(s *Scope) (string, error) {
	v, err := t.root.substitute(s)
	if err != nil {
		return "", err
	}
	return asText(v)
}

// node is a part of a template.
type node interface {
	static() bool
	substitute(s *Scope) (any, error)
}

// constant is a part without variables.
type constant struct{ value any }

func (c constant) static() bool                   { return true }
func (c constant) substitute(*Scope) (any, error) { return c.value, nil }

// whole is a string that is one variable, and has its value whatever type that is.
type whole struct {
	expression *expression
	at         at
}

func (w *whole) static() bool                     { return false }
func (w *whole) substitute(s *Scope) (any, error) { return w.expression.evaluate(s, w.at) }

// text is a string with variables in it.
type text struct {
	parts []textPart
	at    at
}

// textPart is a piece of a text: characters, or a variable.
type textPart struct {
	text       string
	expression *expression
}

func (t *text) static() bool { return false }

func (t *text) substitute(s *Scope) (any, error) { return t.join(s) }

func (t *text) join(s *Scope) (string, error) {
	var out strings.Builder
	for _, p := range t.parts {
		as := p.text
		if p.expression != nil {
			v, err := p.expression.evaluate(s, t.at)
			if err != nil {
				return "", err
			}
			if as, err = s.text(v); err != nil {
				return "", t.at.unresolved(p.expression.text, err)
			}
		}
		out.WriteString(as)
	}
	return out.String(), nil
}

// mapping is a map with variables in its keys or values.
type mapping struct{ entries []mappingEntry }

type mappingEntry struct {
	// key is the key as written, and name what is substituted to make the key, where there is something to substitute.
	key   string
	name  node
	value node
}

func (m *mapping) static() bool { return false }

func (m *mapping) substitute(s *Scope) (any, error) {
	out := make(map[string]any, len(m.entries))
	for i := range m.entries {
		entry := &m.entries[i]
		key := entry.key
		if entry.name != nil {
			v, err := entry.name.substitute(s)
			if err != nil {
				return nil, err
			}
			switch v := v.(type) {
			case string:
				key = v
			case nil:
				// A variable without a value leaves the key as it is written.
			default:
				return nil, fmt.Errorf("expected string after substituting variables in key %q", entry.key)
			}
		}
		v, err := entry.value.substitute(s)
		if err != nil {
			return nil, err
		}
		out[key] = v
	}
	return out, nil
}

// list is a list with variables in its elements.
type list struct{ elements []node }

func (l *list) static() bool { return false }

func (l *list) substitute(s *Scope) (any, error) {
	out := make([]any, len(l.elements))
	for i, element := range l.elements {
		v, err := element.substitute(s)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

type compiler struct {
	references  references
	expressions []*jmespath.Expr
	nodes       int
	errs        field.ErrorList
}

// compile never returns nil. Pointer leads to v from the root of the document, and shown is how errors show that.
func (c *compiler) compile(v any, pointer, shown string, path *field.Path, depth int) node {
	c.nodes++
	switch {
	case depth > maxDepth:
		c.errs = append(c.errs, field.Forbidden(path, fmt.Sprintf("it may not be nested deeper than %d levels", maxDepth)))
		return constant{}
	case c.nodes == maxNodes+1:
		c.errs = append(c.errs, field.Forbidden(path, fmt.Sprintf("there may not be more than %d keys and values", maxNodes)))
		return constant{}
	case c.nodes > maxNodes:
		return constant{}
	}
	switch v := v.(type) {
	case string:
		return c.compileText(v, pointer, shown, path)
	case map[string]any:
		return c.compileMap(v, pointer, shown, path, depth)
	case []any:
		return c.compileList(v, pointer, shown, path, depth)
	}
	return constant{v}
}

func (c *compiler) compileMap(v map[string]any, pointer, shown string, path *field.Path, depth int) node {
	m := &mapping{}
	static := make(map[string]any, len(v))
	isStatic := true
	for _, key := range slices.Sorted(maps.Keys(v)) {
		at := path.Key(key)
		entry := mappingEntry{key: key}
		if name := c.compileText(key, pointer, shown, at); !name.static() {
			entry.name = name
		} else if renamed, ok := name.(constant).value.(string); ok {
			entry.key = renamed
		}
		entry.value = c.compile(v[key], pointer+"/"+escapePointer(key), shown+"/"+strings.ReplaceAll(key, "/", `\/`), at, depth+1)
		m.entries = append(m.entries, entry)
		if value, ok := entry.value.(constant); ok && entry.name == nil {
			static[entry.key] = value.value
		} else {
			isStatic = false
		}
	}
	if isStatic {
		return constant{static}
	}
	return m
}

func (c *compiler) compileList(v []any, pointer, shown string, path *field.Path, depth int) node {
	l := &list{elements: make([]node, len(v))}
	static := make([]any, len(v))
	isStatic := true
	for i := range v {
		below := "/" + strconv.Itoa(i)
		l.elements[i] = c.compile(v[i], pointer+below, shown+below, path.Index(i), depth+1)
		if value, ok := l.elements[i].(constant); ok {
			static[i] = value.value
		} else {
			isStatic = false
		}
	}
	if isStatic {
		return constant{static}
	}
	return l
}

func (c *compiler) compileText(s, pointer, shown string, path *field.Path) node {
	resolved, err := c.references.resolve(s, pointer, shown)
	if err != nil {
		c.errs = append(c.errs, field.Invalid(path, s, err.Error()))
		return constant{s}
	}
	found, err := scan(resolved)
	if err != nil {
		c.errs = append(c.errs, field.Invalid(path, shorten(s), err.Error()))
		return constant{s}
	}
	where := at{pointer: shown, document: pointer}
	t := &text{at: where}
	for _, p := range found {
		if p.variable == nil {
			t.parts = append(t.parts, textPart{text: p.text})
			continue
		}
		e := c.compileVariable(p.variable, resolved, where, path)
		if e == nil {
			return constant{s}
		}
		t.parts = append(t.parts, textPart{expression: e})
	}
	switch {
	case len(t.parts) == 0:
		return constant{""}
	case len(t.parts) == 1 && t.parts[0].expression != nil:
		return &whole{expression: t.parts[0].expression, at: where}
	case len(t.parts) == 1:
		return constant{t.parts[0].text}
	}
	return t
}

func (c *compiler) compileVariable(f *found, text string, where at, path *field.Path) *expression {
	e, err := newVariable(f, where)
	if err != nil {
		c.errs = append(c.errs, invalidExpression(path, text, written(f.expressionPieces()), f.offset, err))
		return nil
	}
	e.all(func(e *expression) { c.expressions = append(c.expressions, e.compiled) })
	return e
}

// invalidExpression is the error of a variable that does not compile. The column counts from the start of the text,
// where the expression can be found in it.
func invalidExpression(path *field.Path, text, expression string, offset int, err error) *field.Error {
	var syntax *jmespath.SyntaxError
	if !errors.As(err, &syntax) {
		return field.Invalid(path, shorten(text), fmt.Sprintf("variable {{ %s }}: %v", shorten(expression), err))
	}
	column := syntax.Column
	if i := strings.Index(text[min(offset, len(text)):], expression); i >= 0 && expression != "" {
		column += utf8.RuneCountInString(text[:offset+i])
	}
	return field.Invalid(path, shorten(text), fmt.Sprintf("variable {{ %s }}: column %d: %s", shorten(expression), column, syntax.Message))
}

// asText is a value as part of a text.
func asText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "null", nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	encoded, err := json.Marshal(v)
	return string(encoded), err
}
