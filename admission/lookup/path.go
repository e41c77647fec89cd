package lookup

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// apiPath is the path of a call to the Kubernetes API, taken apart.
type apiPath struct {
	// segments are decoded; none is empty or holds a slash.
	segments []string
	query    url.Values

	// The rest is set for paths to resources: /api/v1/… and /apis/GROUP/VERSION/….
	version     schema.GroupVersion
	namespace   string // empty for cluster-scoped resources and for all namespaces
	resource    string
	name        string   // empty for lists
	subresource []string // what follows the name
}

// parsePath takes a path apart that was made of variables. Whoever chooses a part of it, a label say, must not get
// elsewhere by it: a server would resolve dots and doubled slashes, some of them in the encoded form too, so a path that
// holds any is refused.
func parsePath(text string) (apiPath, error) {
	if !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") {
		return apiPath{}, fmt.Errorf("path %q: a path of the Kubernetes API begins with one slash, as in /api/v1/namespaces", text)
	}
	if strings.ContainsRune(text, '#') {
		return apiPath{}, fmt.Errorf("path %q: a path has no fragment; write # as %%23", text)
	}
	raw, rawQuery, _ := strings.Cut(text, "?")
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return apiPath{}, fmt.Errorf("path %q: query: %w", text, err)
	}
	p := apiPath{query: query}
	for segment := range strings.SplitSeq(strings.TrimSuffix(raw[1:], "/"), "/") {
		decoded, err := url.PathUnescape(segment)
		if err == nil {
			err = checkSegment(decoded)
		}
		if err != nil {
			return apiPath{}, fmt.Errorf("path %q: %w", text, err)
		}
		p.segments = append(p.segments, decoded)
	}
	p.resolve()
	return p, nil
}

// checkSegment allows what names of the API are made of.
func checkSegment(segment string) error {
	switch {
	case segment == "":
		return errors.New("between two slashes there is nothing: a variable may be empty")
	case segment == "." || segment == "..":
		return fmt.Errorf("%q is no name of a resource or an object", segment)
	case strings.ContainsAny(segment, `/\%?#`) || strings.ContainsFunc(segment, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("%q is no name of a resource or an object", segment)
	}
	return nil
}

// resolve finds out what the segments mean, where they lead to resources.
func (p *apiPath) resolve() {
	var rest []string
	switch s := p.segments; {
	case len(s) > 2 && s[0] == "api":
		p.version, rest = schema.GroupVersion{Version: s[1]}, s[2:]
	case len(s) > 3 && s[0] == "apis":
		p.version, rest = schema.GroupVersion{Group: s[1], Version: s[2]}, s[3:]
	default:
		return
	}
	// A Namespace is an object itself: /namespaces/a and what few subresources it has.
	ofNamespace := p.version.Group == "" && len(rest) == 3 && slices.Contains([]string{"status", "finalize"}, rest[2])
	if rest[0] == "namespaces" && len(rest) > 2 && !ofNamespace {
		p.namespace, rest = rest[1], rest[2:]
	}
	p.resource = rest[0]
	if len(rest) > 1 {
		p.name, p.subresource = rest[1], rest[2:]
	}
}

// within says why the path leads out of the namespace, or nil: to objects in it, and to the Namespace itself.
func (p *apiPath) within(namespace string) error {
	switch {
	case p.resource == "":
	case p.namespace == namespace:
		return nil
	case p.version == (schema.GroupVersion{Version: "v1"}) && p.resource == "namespaces" && p.namespace == "" && p.name == namespace:
		return nil
	}
	return fmt.Errorf("path /%s: a Policy reads in its own namespace only; begin with /api/v1/namespaces/%[2]s/ or /apis/GROUP/VERSION/namespaces/%[2]s/",
		strings.Join(p.segments, "/"), namespace)
}

// encode is the path as it is sent.
func (p *apiPath) encode() string {
	var text strings.Builder
	for _, segment := range p.segments {
		text.WriteByte('/')
		text.WriteString(url.PathEscape(segment))
	}
	if len(p.query) > 0 {
		text.WriteByte('?')
		text.WriteString(p.query.Encode())
	}
	return text.String()
}
