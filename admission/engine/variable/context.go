package variable

import (
	"errors"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// maxEntries bounds the entries of one context.
const maxEntries = 1000

// Context is the context of a rule or of a foreach, compiled: data that is looked up by name. It is immutable.
type Context struct {
	entries     []*entry
	expressions []*jmespath.Expr
}

// entry is one entry. An entry may have the name of one above it, which it then hides from those below.
type entry struct {
	name   string
	source source
}

// source is where the value of an entry comes from.
type source interface {
	// value looks the value up. The scope holds what stands above the entry.
	value(s *Scope, name string) (any, error)
}

// CompileContext compiles the entries of a context. A policy with a namespace may only look up what belongs to it.
func CompileContext(entries []v1.ContextEntry, policy eval.PolicyRef, path *field.Path) (*Context, field.ErrorList) {
	if len(entries) == 0 {
		return nil, nil
	}
	if len(entries) > maxEntries {
		return nil, field.ErrorList{field.TooMany(path, len(entries), maxEntries)}
	}
	c := &contextCompiler{policy: policy}
	out := &Context{}
	for i := range entries {
		if s := c.compile(&entries[i], path.Index(i)); s != nil {
			out.entries = append(out.entries, &entry{name: entries[i].Name, source: s})
		}
	}
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	out.expressions = c.expressions
	return out, nil
}

// Names are those of the entries, in their order.
func (c *Context) Names() []string {
	if c == nil {
		return nil
	}
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = e.name
	}
	return names
}

// Expressions are those that looking up the entries evaluates on what is in scope.
func (c *Context) Expressions() []*jmespath.Expr {
	if c == nil {
		return nil
	}
	return c.expressions
}

// value looks an entry up. What was given beforehand stands in for what cannot be read where the evaluation runs.
func (e *entry) value(s *Scope) (any, error) {
	v, err := e.source.value(s, e.name)
	var unavailable *eval.Unavailable
	if errors.As(err, &unavailable) {
		if given, ok := s.values[e.name]; ok {
			return given, nil
		}
	}
	return v, err
}

type contextCompiler struct {
	policy      eval.PolicyRef
	expressions []*jmespath.Expr
	errs        field.ErrorList
}

// compile returns nil when there is an error.
func (c *contextCompiler) compile(e *v1.ContextEntry, path *field.Path) source {
	before := len(c.errs)
	var s source
	switch {
	case e.ConfigMap != nil:
		s = c.configMap(e.ConfigMap, path.Child("configMap"))
	case e.APICall != nil:
		s = c.call(e.APICall, path.Child("apiCall"))
	case e.ImageRegistry != nil:
		s = c.image(e.ImageRegistry, path.Child("imageRegistry"))
	case e.Variable != nil:
		s = c.variable(e.Variable, path.Child("variable"))
	case e.GlobalReference != nil:
		s = c.global(e.GlobalReference, path.Child("globalReference"))
	default:
		c.errs = append(c.errs, field.Required(path, "say where the data comes from: one of configMap, apiCall, imageRegistry, variable and globalReference"))
	}
	if len(c.errs) > before {
		return nil
	}
	return s
}

// template compiles a text or a document of an entry.
func (c *contextCompiler) template(v any, path *field.Path) *Template {
	t, errs := Compile(v, path)
	c.errs = append(c.errs, errs...)
	if t != nil {
		c.expressions = append(c.expressions, t.expressions...)
	}
	return t
}

// json compiles a field that holds any JSON; nil where there is none.
func (c *contextCompiler) json(raw *apiextensionsv1.JSON, path *field.Path) *Template {
	if raw == nil || len(raw.Raw) == 0 {
		return nil
	}
	if len(raw.Raw) > maxContext {
		c.errs = append(c.errs, field.TooLong(path, "", maxContext))
		return nil
	}
	var v any
	if err := json.Unmarshal(raw.Raw, &v); err != nil {
		c.errs = append(c.errs, field.Invalid(path, "", "is not JSON: "+err.Error()))
		return nil
	}
	return c.template(v, path)
}

// query compiles a jmesPath field; nil where there is none.
func (c *contextCompiler) query(text string, path *field.Path) *query {
	if text == "" {
		return nil
	}
	q, err := newQuery(text)
	if err != nil {
		c.errs = append(c.errs, err.at(path))
		return nil
	}
	q.inner(func(e *expression) { c.expressions = append(c.expressions, e.compiled) })
	return q
}

// variableSource is a value, or a query over what is in scope, or a query over the value.
type variableSource struct {
	// value is nil where there is only a query.
	given, otherwise *Template
	query            *query
	// shown is how errors show the value.
	shown, shownOtherwise string
}

func (c *contextCompiler) variable(v *v1.Variable, path *field.Path) source {
	if v.Value == nil && v.JMESPath == "" {
		c.errs = append(c.errs, field.Required(path, "specify value or jmesPath"))
		return nil
	}
	s := &variableSource{
		given:     c.json(v.Value, path.Child("value")),
		otherwise: c.json(v.Default, path.Child("default")),
		query:     c.query(v.JMESPath, path.Child("jmesPath")),
	}
	s.shown, s.shownOtherwise = shownJSON(v.Value), shownJSON(v.Default)
	if s.query != nil && s.given == nil {
		c.expressions = append(c.expressions, s.query.expression.compiled)
	}
	return s
}

// shownJSON is a value as errors show it.
func shownJSON(raw *apiextensionsv1.JSON) string {
	if raw == nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(raw.Raw, &v); err != nil {
		return ""
	}
	return shorten(fmt.Sprint(v))
}

func (v *variableSource) value(s *Scope, name string) (any, error) {
	compiled, text, err := v.query.resolve(s)
	if err != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s %s: %w", name, v.query.text(), err)
	}
	var otherwise any
	if v.otherwise != nil {
		if otherwise, err = v.otherwise.Substitute(s); err != nil {
			return nil, fmt.Errorf("failed to substitute variables in context entry %s %s: %w", name, v.shownOtherwise, err)
		}
	}
	out := otherwise
	if v.given == nil {
		found, err := s.Query(compiled)
		if err != nil && (otherwise == nil || errors.Is(err, jmespath.ErrBudget)) {
			return nil, fmt.Errorf("failed to apply jmespath %s to variable <nil>: %w", text, err)
		}
		if err == nil && found != nil {
			out = found
		}
	} else {
		given, err := v.given.Substitute(s)
		if err != nil {
			return nil, fmt.Errorf("failed to substitute variables in context entry %s %s: %w", name, v.shown, err)
		}
		found := given
		if compiled != nil {
			found, err = compiled.Evaluate(given, &s.environment)
		}
		if err == nil {
			out = found
		} else if otherwise == nil || errors.Is(err, jmespath.ErrBudget) {
			return nil, fmt.Errorf("failed to apply jmespath %s to variable <nil>: %w", text, err)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("failed to add context entry for variable %s since it evaluated to nil", name)
	}
	return out, nil
}
