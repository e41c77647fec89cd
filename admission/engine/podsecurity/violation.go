package podsecurity

import (
	"fmt"
	"strconv"
	"strings"
)

// violation is one field that violates a control.
type violation struct {
	// container is the container whose field it is; it is the zero value for the Pod's own fields.
	container container
	// path leads to the field from the container, from the spec, or for annotations from the metadata, by keys and,
	// in brackets, indexes.
	path     string
	metadata bool
	// values are those that are forbidden; there are none when what is wrong is only that the field is there, or that
	// it is not.
	values []string
	// list tells that the field is a list, of which values are forbidden elements.
	list bool
	// absent tells that a field must be set and is not.
	absent bool
	// cause tells apart the reasons for which one control may be violated; the control is explained by the first.
	cause int
}

func (v *violation) ofContainer() bool { return v.container.Container != nil }

// field is the field as exclusions name it, with * for every index. It is relative to the Pod.
func (v *violation) field() string {
	if v.metadata {
		return "metadata." + v.path
	}
	if !v.ofContainer() {
		return "spec." + star(v.path)
	}
	return "spec." + v.container.list + "[*]." + star(v.path)
}

// star writes * for the index in a path, of which there is at most one.
func star(path string) string {
	open := strings.IndexByte(path, '[')
	if open < 0 {
		return path
	}
	end := strings.IndexByte(path[open:], ']')
	return path[:open+1] + "*" + path[open+end:]
}

// write explains the violation in the terms of the object that the Pod was found in.
func (v *violation) write(b *strings.Builder, at *template) {
	keys := at.spec
	if v.metadata {
		keys = at.metadata
	}
	b.WriteString(strings.Join(keys, "."))
	b.WriteByte('.')
	if v.ofContainer() {
		fmt.Fprintf(b, "%s[%d].", v.container.list, v.container.index)
	}
	b.WriteString(v.path)
	switch {
	case v.absent:
		b.WriteString(": Required value")
	case v.list:
		fmt.Fprintf(b, " is forbidden, forbidden values found: %v", v.values)
	case len(v.values) == 0:
		b.WriteString(": Forbidden")
	default:
		b.WriteString(" is forbidden, forbidden values found: " + v.values[0])
	}
}

// identity names the violation wherever the container stands among the others.
func (v *violation) identity(control string) string {
	name := ""
	if v.ofContainer() {
		name = v.container.Name
	}
	return strings.Join([]string{control, v.field(), name, strings.Join(v.values, ","), strconv.FormatBool(v.absent)}, "|")
}

// forbidden is a violation by a value; the empty string counts as none.
func forbidden(c container, path, value string) violation {
	v := violation{container: c, path: path}
	if value != "" {
		v.values = []string{value}
	}
	return v
}

// forbiddenElements is a violation by elements of a list.
func forbiddenElements(c container, path string, values []string) violation {
	return violation{container: c, path: path, values: values, list: true}
}

// required is a violation by what is not set.
func required(c container, path string) violation {
	return violation{container: c, path: path, absent: true}
}
