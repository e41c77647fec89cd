package variable

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// callSource calls the Kubernetes API or a service.
type callSource struct {
	policy    eval.PolicyRef
	method    string
	path      *urlPath
	url       *Template
	headers   []headerSource
	caBundle  *Template
	data      []dataSource
	otherwise *Template
	query     *query
}

type headerSource struct{ key, value *Template }

type dataSource struct {
	key   string
	value *Template
}

func (c *contextCompiler) call(a *v1.ContextAPICall, path *field.Path) source {
	s := &callSource{
		policy:    c.policy,
		method:    string(v1.Get),
		otherwise: c.json(a.Default, path.Child("default")),
		query:     c.query(a.JMESPath, path.Child("jmesPath")),
	}
	if a.Method != "" {
		s.method = string(a.Method)
	}
	for i, d := range a.Data {
		value := c.json(d.Value, path.Child("data").Index(i).Child("value"))
		if value != nil {
			s.data = append(s.data, dataSource{d.Key, value})
		}
	}
	switch {
	case a.Service == nil:
		c.urlPath(s, a.URLPath, path.Child("urlPath"))
	case c.policy.Namespace != "":
		c.errs = append(c.errs, field.Forbidden(path.Child("service"), "a Policy may not call services: write a ClusterPolicy"))
	default:
		c.service(s, a.Service, path.Child("service"))
	}
	return s
}

func (c *contextCompiler) urlPath(s *callSource, text string, path *field.Path) {
	t := c.template(text, path)
	if t == nil {
		return
	}
	s.path = &urlPath{template: t}
	if likely, ok := s.path.likeness(c.policy.Namespace); ok {
		if err := checkURLPath(likely, c.policy.Namespace); err != nil {
			c.errs = append(c.errs, field.Invalid(path, text, err.Error()))
		}
	}
}

func (c *contextCompiler) service(s *callSource, call *v1.ServiceCall, path *field.Path) {
	s.url = c.template(call.URL, path.Child("url"))
	s.caBundle = c.template(call.CABundle, path.Child("caBundle"))
	for i, header := range call.Headers {
		at := path.Child("headers").Index(i)
		s.headers = append(s.headers, headerSource{c.template(header.Key, at.Child("key")), c.template(header.Value, at.Child("value"))})
	}
}

func (c *callSource) value(s *Scope, entry string) (any, error) {
	call, err := c.call(s)
	if err != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s: %w", entry, err)
	}
	v, err := s.read(eval.Source{Policy: c.policy, Call: call})
	if err != nil {
		return c.instead(s, entry, fmt.Errorf("failed to fetch data for APICall: %w", err))
	}
	return c.query.apply(s, entry, v)
}

// instead is the default, where the call failed. What cannot be called where the evaluation runs did not fail: nobody
// knows what it would have answered.
func (c *callSource) instead(s *Scope, entry string, err error) (any, error) {
	var unavailable *eval.Unavailable
	if c.otherwise == nil || errors.As(err, &unavailable) {
		return nil, err
	}
	v, substituteErr := c.otherwise.Substitute(s)
	if substituteErr != nil {
		return nil, fmt.Errorf("failed to substitute variables in context entry %s apiCall.default: %w", entry, substituteErr)
	}
	if v == nil {
		return nil, err
	}
	return v, nil
}

func (c *callSource) call(s *Scope) (*eval.CallSource, error) {
	call := &eval.CallSource{Method: c.method}
	var err error
	if c.path != nil {
		if call.Path, err = c.path.resolve(s, c.policy.Namespace); err != nil {
			return nil, err
		}
	} else if err := c.fillService(call, s); err != nil {
		return nil, err
	}
	if len(c.data) > 0 {
		call.Body = make(eval.Object, len(c.data))
	}
	for _, d := range c.data {
		if call.Body[d.key], err = d.value.Substitute(s); err != nil {
			return nil, err
		}
	}
	return call, nil
}

func (c *callSource) fillService(call *eval.CallSource, s *Scope) error {
	if c.policy.Namespace != "" {
		return errors.New("a Policy may not call services")
	}
	var err error
	if call.URL, err = fillURL(c.url, s); err != nil {
		return err
	}
	if call.CABundle, err = textOf(c.caBundle, s); err != nil {
		return err
	}
	for _, h := range c.headers {
		key, err := textOf(h.key, s)
		if err != nil {
			return err
		}
		value, err := textOf(h.value, s)
		if err != nil {
			return err
		}
		if strings.ContainsFunc(key+value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("header %q may have no control characters", key)
		}
		if call.Headers == nil {
			call.Headers = make(map[string]string, len(c.headers))
		}
		call.Headers[key] = value
	}
	return nil
}
