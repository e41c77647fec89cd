package variable

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// urlPath is the path of a call to the Kubernetes API. Values of variables in it are data: each is one segment of the
// path, or one part of the query, whatever characters it has. Only where a group and version stand, right after /apis/,
// may a value have one slash. A path that is one variable as a whole is taken as it is, as its author said so; and so is
// the start of a path up to its query.
type urlPath struct{ template *Template }

// resolve returns the path to call, or an error if it is not well-formed or leaves the namespace, where there is one.
func (u *urlPath) resolve(s *Scope, namespace string) (string, error) {
	path, err := u.fill(s)
	if err != nil {
		return "", err
	}
	if err := checkURLPath(path, namespace); err != nil {
		return "", fmt.Errorf("urlPath %s: %w", shorten(path), err)
	}
	return path, nil
}

func (u *urlPath) fill(s *Scope) (string, error) {
	t, ok := u.template.root.(*text)
	if !ok {
		return textOf(u.template, s)
	}
	var out strings.Builder
	for i, p := range t.parts {
		if p.expression == nil {
			out.WriteString(p.text)
			continue
		}
		v, err := p.expression.evaluate(s, t.at)
		if err != nil {
			return "", err
		}
		value, err := s.text(v)
		if err != nil {
			return "", t.at.unresolved(p.expression.text, err)
		}
		before := out.String()
		switch {
		case strings.Contains(before, "?"):
			out.WriteString(strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		case i == 0:
			if strings.ContainsAny(value, "?#") {
				return "", t.at.unresolved(p.expression.text, errors.New("a value at the start of a urlPath may be a path, but not a query"))
			}
			out.WriteString(value)
		case before == "/apis/" && strings.Count(value, "/") == 1:
			group, version, _ := strings.Cut(value, "/")
			out.WriteString(url.PathEscape(group) + "/" + url.PathEscape(version))
		default:
			out.WriteString(url.PathEscape(value))
		}
	}
	return out.String(), nil
}

// likeness is a path like those that the template makes: with its own namespace where a variable stands for one, and
// something harmless for all other variables. Nothing is known of a path that starts with a variable.
func (u *urlPath) likeness(namespace string) (string, bool) {
	if static, ok := u.template.Value().(string); ok {
		return static, true
	}
	t, ok := u.template.root.(*text)
	if !ok || t.parts[0].expression != nil {
		return "", false
	}
	var out strings.Builder
	for _, p := range t.parts {
		switch before := out.String(); {
		case p.expression == nil:
			out.WriteString(p.text)
		case before == "/apis/":
			out.WriteString("group/version")
		case namespace != "" && strings.HasSuffix(before, "/namespaces/"):
			out.WriteString(namespace)
		default:
			out.WriteString("x")
		}
	}
	return out.String(), true
}

// checkURLPath refuses a path that could be read in more than one way, and one that is not about the namespace, where
// there is one.
func checkURLPath(text, namespace string) error {
	path, query, _ := strings.Cut(text, "?")
	if !strings.HasPrefix(path, "/") {
		return errors.New("it must start with a slash, such as /api/v1/namespaces")
	}
	if strings.ContainsAny(text, "#\\") {
		return errors.New("it may have no # and no backslash")
	}
	for _, r := range text {
		if r <= ' ' || r == 0x7f {
			return errors.New("it may have no spaces and no control characters")
		}
	}
	segments := strings.Split(strings.TrimSuffix(path[1:], "/"), "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			return fmt.Errorf("it is not escaped as URLs are: %w", err)
		case plain == "" || plain == "." || plain == "..":
			return errors.New("it may have neither empty segments nor . and .. among them")
		case strings.ContainsAny(plain, "/\\%?#"):
			return fmt.Errorf("its segment %q has characters that no name has", plain)
		}
		segments[i] = plain
	}
	if _, err := url.ParseQuery(query); err != nil {
		return fmt.Errorf("its query is not escaped as URLs are: %w", err)
	}
	if namespace != "" && !isWithin(segments, namespace) {
		return fmt.Errorf("a Policy calls for its own namespace only: the path must be /api/<version>/namespaces/%[1]s/... or /apis/<group>/<version>/namespaces/%[1]s/..., or write a ClusterPolicy", namespace)
	}
	return nil
}

// isWithin tells whether a path is about one namespace and nothing else.
func isWithin(segments []string, namespace string) bool {
	var prefix int
	switch segments[0] {
	case "api":
		prefix = 2
	case "apis":
		prefix = 3
	default:
		return false
	}
	return len(segments) >= prefix+2 && slices.Equal(segments[prefix:prefix+2], []string{"namespaces", namespace})
}

// fillURL is the address of a service. Values of variables after the host are data, as in a urlPath, and a value in the
// host can only be part of a name. An address that is one variable as a whole is taken as it is.
func fillURL(template *Template, s *Scope) (string, error) {
	t, ok := template.root.(*text)
	if !ok {
		return textOf(template, s)
	}
	var out strings.Builder
	for i, p := range t.parts {
		if p.expression == nil {
			out.WriteString(p.text)
			continue
		}
		v, err := p.expression.evaluate(s, t.at)
		if err != nil {
			return "", err
		}
		value, err := s.text(v)
		if err != nil {
			return "", t.at.unresolved(p.expression.text, err)
		}
		_, afterScheme, hasScheme := strings.Cut(out.String(), "://")
		switch {
		case strings.Contains(afterScheme, "?"):
			out.WriteString(strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		case strings.Contains(afterScheme, "/"):
			if value == "." || value == ".." {
				return "", t.at.unresolved(p.expression.text, errors.New("neither . nor .. may stand for it"))
			}
			out.WriteString(url.PathEscape(value))
		case hasScheme && !isHostPart(value):
			return "", t.at.unresolved(p.expression.text, errors.New("in the host of an address it may only have letters, digits, dots and dashes"))
		case !hasScheme && i > 0:
			return "", t.at.unresolved(p.expression.text, errors.New("it may not be part of the scheme of an address"))
		default:
			out.WriteString(value)
		}
	}
	return out.String(), nil
}

// isHostPart tells whether a value can be part of a host's name and nothing else.
func isHostPart(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// belongsTo tells whether a Secret, as namespace/name, is of a namespace.
func belongsTo(secret, namespace string) bool {
	of, name, ok := strings.Cut(secret, "/")
	return ok && of == namespace && name != "" && !strings.Contains(name, "/")
}
