package match

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

// KindSelector is one entry of a rule's kinds. Each part may hold wildcards; Subresource is empty for objects
// themselves.
type KindSelector struct {
	Group, Version, Kind, Subresource string
}

var (
	version     = regexp.MustCompile(`^(v\d((alpha|beta)\d)?|\*)$`)
	subresource = regexp.MustCompile(`^[a-z]+(/[a-z]+)*$`)
)

// ParseKind reads an entry of kinds: Kind, version/Kind or group/version/Kind, each with an optional subresource after
// a slash or a dot, or *, */* and */subresource.
func ParseKind(s string) (KindSelector, error) {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		if part == "" && (i > 0 || len(parts) < 3) { // The group of /v1/Pod is empty, as that of Pods is.
			return KindSelector{}, fmt.Errorf("a part is empty; write Kind, version/Kind or group/version/Kind, with an optional /subresource")
		}
	}
	any := KindSelector{Group: "*", Version: "*"}
	switch len(parts) {
	case 1:
		return any.withKind(parts[0]), nil
	case 2:
		switch {
		case s == "*/*":
			any.Kind, any.Subresource = "*", "*"
			return any, nil
		case parts[0] == "*" && subresource.MatchString(parts[1]):
			any.Kind, any.Subresource = "*", parts[1]
			return any, nil
		case version.MatchString(parts[0]):
			any.Version = parts[0]
			return any.withKind(parts[1]), nil
		}
		any.Kind, any.Subresource = parts[0], parts[1]
		return any, nil
	case 3:
		if version.MatchString(parts[0]) {
			return KindSelector{Group: "*", Version: parts[0], Kind: parts[1], Subresource: parts[2]}, nil
		}
		return KindSelector{Group: parts[0], Version: parts[1]}.withKind(parts[2]), nil
	case 4:
		return KindSelector{Group: parts[0], Version: parts[1], Kind: parts[2], Subresource: parts[3]}, nil
	}
	return KindSelector{}, fmt.Errorf("it has more than four parts; write group/version/Kind/subresource at most")
}

// withKind sets the kind from the last part, off which a subresource after a dot is split.
func (k KindSelector) withKind(last string) KindSelector {
	k.Kind, k.Subresource, _ = strings.Cut(last, ".")
	return k
}

// kindMatcher is a KindSelector, compiled.
type kindMatcher struct {
	selector                          KindSelector
	group, version, kind, subresource *scalar.Wildcard
}

func newKindMatcher(s string) (kindMatcher, error) {
	k, err := ParseKind(s)
	m := kindMatcher{selector: k}
	for _, part := range []struct {
		text string
		to   **scalar.Wildcard
	}{{k.Group, &m.group}, {k.Version, &m.version}, {k.Kind, &m.kind}, {k.Subresource, &m.subresource}} {
		if err == nil {
			*part.to, err = scalar.NewWildcard(part.text)
		}
	}
	return m, err
}

// match tells whether the kind and subresource of a request are meant. Whoever means an object also means what is changed
// in it by way of a subresource (U06, M04).
func (m *kindMatcher) match(gvk schema.GroupVersionKind, subresource string) bool {
	if !m.kind.Match(gvk.Kind) || !m.group.Match(gvk.Group) || !m.version.Match(gvk.Version) {
		return false
	}
	return m.subresource.Match(subresource) || m.selector.Subresource == "" && isChange(gvk, subresource)
}

// isChange tells whether an object itself can be changed by way of a subresource: a Pod while it runs, and the labels and
// annotations of a Namespace.
func isChange(gvk schema.GroupVersionKind, subresource string) bool {
	switch {
	case gvk.Group != "":
	case gvk.Kind == "Pod":
		return subresource == "ephemeralcontainers" || subresource == "resize"
	case gvk.Kind == "Namespace":
		return subresource == "status" || subresource == "finalize"
	}
	return false
}
