package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Document is one object of a file: a YAML document, a JSON value, or an item of a list.
type Document struct {
	// File is where it was read, as the user named it.
	File string
	// Line is the first line of the document in the file; an item of a list has the line of the list.
	Line int
	// Object is the document as decoded JSON, whole numbers as int64. It is shared and must not be changed.
	Object map[string]any

	json []byte
	// text is the YAML or JSON of the document, and item the index of the object in it where it is a list, else -1.
	text []byte
	item int
}

// APIVersion is empty where the document does not say, or says no string; so are Kind, Name and Namespace.
func (d *Document) APIVersion() string { return text(d.Object, "apiVersion") }

// Kind is the document's kind.
func (d *Document) Kind() string { return text(d.Object, "kind") }

// Name is the document's metadata.name.
func (d *Document) Name() string { return text(d.metadata(), "name") }

// Namespace is the document's metadata.namespace.
func (d *Document) Namespace() string { return text(d.metadata(), "namespace") }

func (d *Document) metadata() map[string]any {
	m, _ := d.Object["metadata"].(map[string]any)
	return m
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// JSON is the document as JSON. It must not be changed.
func (d *Document) JSON() []byte { return d.json }

// Decode decodes the document into a typed value as a server does under strict validation: a field that the type does
// not have, or that is spelled in another case, is an error with its place.
func (d *Document) Decode(into any) []error {
	strict, err := kjson.UnmarshalStrict(d.json, into)
	if err != nil {
		return []error{d.decodingError(err)}
	}
	errs := make([]error, len(strict))
	for i, err := range strict {
		path := ""
		if located := kjson.FieldError(nil); errors.As(err, &located) {
			path = located.FieldPath()
		}
		errs[i] = d.At(path, err)
	}
	return errs
}

// decodingError finds the place of a value of a wrong type.
func (d *Document) decodingError(err error) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return d.At("", err)
	}
	path := pathAt(d.json, wrong.Offset)
	return d.At(path, fmt.Errorf("%s: %s found where %s is wanted", path, wrong.Value, wrong.Type))
}

// At returns an error about a field of the document, such as spec.rules[0].name. Where there is no such field it points
// at the nearest that is around it.
func (d *Document) At(path string, err error) *Error {
	line, column := d.Position(path)
	return &Error{File: d.File, Line: line, Column: column, Err: err}
}

// Error is an error in a file.
type Error struct {
	File string
	// Line and Column start with 1; they are 0 where they are not known.
	Line, Column int
	Err          error
}

func (e *Error) Error() string { return e.Place() + ": " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Place is file:line:column, as far as it is known.
func (e *Error) Place() string {
	switch {
	case e.Line == 0:
		return e.File
	case e.Column == 0:
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
}

// Parse takes the content of a file apart. What cannot be read is an error, and the other documents are returned all the
// same. The items of lists are documents of their own.
func Parse(file string, content []byte) ([]*Document, []error) {
	var documents []*Document
	var errs []error
	for _, part := range split(content) {
		d, err := parse(file, part)
		switch {
		case err != nil:
			errs = append(errs, err)
		case d != nil:
			items, listErrs := d.items()
			documents, errs = append(documents, items...), append(errs, listErrs...)
		}
	}
	return documents, errs
}

// parse returns nil for a document without content.
func parse(file string, part part) (*Document, error) {
	d := &Document{File: file, Line: part.line, text: part.text, item: -1, json: part.text}
	if !part.json {
		converted, err := yaml.YAMLToJSONStrict(part.text)
		if err != nil {
			return nil, yamlError(file, part.line, err)
		}
		d.json = converted
	}
	var object any
	strict, err := kjson.UnmarshalStrict(d.json, &object)
	if err != nil {
		return nil, &Error{File: file, Line: part.line, Err: err}
	}
	if len(strict) > 0 {
		return nil, &Error{File: file, Line: part.line, Err: errors.Join(strict...)}
	}
	if object == nil {
		return nil, nil
	}
	var isObject bool
	if d.Object, isObject = object.(map[string]any); !isObject {
		return nil, &Error{File: file, Line: part.line, Err: errors.New("not an object: a manifest is a mapping with apiVersion and kind")}
	}
	return d, nil
}

// items are the document itself, or what it lists.
func (d *Document) items() ([]*Document, []error) {
	list, isList := d.Object["items"].([]any)
	if !isList || !strings.HasSuffix(d.Kind(), "List") {
		return []*Document{d}, nil
	}
	var raw struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(d.json, &raw); err != nil || len(raw.Items) != len(list) {
		return nil, []error{d.At("items", errors.New("items: the list cannot be taken apart"))}
	}
	var documents []*Document
	var errs []error
	for i := range list {
		object, isObject := list[i].(map[string]any)
		if !isObject {
			errs = append(errs, d.At(fmt.Sprintf("items[%d]", i), fmt.Errorf("items[%d]: not an object", i)))
			continue
		}
		documents = append(documents, &Document{File: d.File, Line: d.Line, Object: object, json: raw.Items[i], text: d.text, item: i})
	}
	return documents, errs
}
