package variable

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var (
	// referencePattern finds a reference with the character before it, if there is one.
	referencePattern = regexp.MustCompile(`^\$\(.[^ ]*\)|[^\\]\$\(.[^ ]*\)`)
	escapedReference = regexp.MustCompile(`\\\$\(.[^ ]*\)`)
	anchored         = regexp.MustCompile(`^[+<=X^]?\((.+)\)$`)
)

// referenceOperators are what may stand before the path of a reference; the value then follows the operator.
var referenceOperators = []string{">=", "<=", ">", "<", "!"}

// references resolves $(…), which stands for a scalar of the same document.
type references struct {
	document any
	// scalars are those of the document, by their path without anchors; nil until they are needed.
	scalars map[string]any
}

// resolve replaces the references of a text that stands at pointer.
func (r *references) resolve(text, pointer, shown string) (string, error) {
	if !strings.Contains(text, "$(") {
		return text, nil
	}
	var failed error
	out := referencePattern.ReplaceAllStringFunc(text, func(match string) string {
		before, reference, _ := strings.Cut(match, "$(")
		value, err := r.value(strings.Trim(reference, "$()"), pointer)
		if err != nil && failed == nil {
			failed = fmt.Errorf("failed to resolve $(%s at path %s: %w", reference, shown, err)
		}
		return before + value
	})
	if failed != nil {
		return "", failed
	}
	return escapedReference.ReplaceAllStringFunc(out, func(match string) string { return match[1:] }), nil
}

// value is what stands for a reference.
func (r *references) value(reference, pointer string) (string, error) {
	operator := ""
	for _, candidate := range referenceOperators {
		if strings.HasPrefix(reference, candidate) {
			operator, reference = candidate, reference[len(candidate):]
			break
		}
	}
	if reference == "" {
		return "", errors.New("write the path of a value, such as ./../name")
	}
	absolute := reference
	if !path.IsAbs(reference) {
		absolute = path.Join("/", withoutAnchors(pointer), reference)
	}
	if r.scalars == nil {
		r.scalars = map[string]any{}
		r.collect(r.document, "")
	}
	v, ok := r.scalars[absolute]
	if !ok || v == nil {
		return "", fmt.Errorf("there is no value at %s", absolute)
	}
	switch v := v.(type) {
	case string:
		return operator + v, nil
	case int64:
		if operator != "" {
			return operator + decimal(float64(v)), nil
		}
	case float64:
		if operator != "" {
			return operator + decimal(v), nil
		}
	}
	if operator != "" {
		return "", fmt.Errorf("operator %s does not go with the value %v at %s", operator, v, absolute)
	}
	return "", fmt.Errorf("the value at %s is no string: put an operator such as >= before the path", absolute)
}

// decimal is a number as references write it: with six digits after the point, or with more where it has more.
func decimal(f float64) string {
	out := strconv.FormatFloat(f, 'f', 6, 64)
	if same, err := strconv.ParseFloat(out, 64); err == nil && same == f {
		return out
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func (r *references) collect(v any, pointer string) {
	switch v := v.(type) {
	case map[string]any:
		for key, element := range v {
			if m := anchored.FindStringSubmatch(key); m != nil {
				key = m[1]
			}
			r.collect(element, pointer+"/"+key)
		}
	case []any:
		for i, element := range v {
			r.collect(element, pointer+"/"+strconv.Itoa(i))
		}
	default:
		r.scalars[pointer] = v
	}
}

// withoutAnchors is a pointer as a reference sees it.
func withoutAnchors(pointer string) string {
	parts := strings.Split(pointer, "/")
	for i, part := range parts {
		if m := anchored.FindStringSubmatch(unescapePointer(part)); m != nil {
			parts[i] = m[1]
		} else {
			parts[i] = unescapePointer(part)
		}
	}
	return strings.Join(parts, "/")
}

func escapePointer(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

func unescapePointer(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
}
