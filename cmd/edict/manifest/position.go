package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Position returns the line and column of a field in the file, such as spec.rules[0].name or
// metadata.annotations[example.com/team]. Where there is no such field it is that of the nearest around it.
func (d *Document) Position(path string) (line, column int) {
	var root yaml.Node
	if err := yaml.Unmarshal(d.text, &root); err != nil || len(root.Content) == 0 {
		return d.Line, 0
	}
	if d.item >= 0 {
		path = strings.TrimSuffix(fmt.Sprintf("items[%d].%s", d.item, path), ".")
	}
	node := locate(root.Content[0], path)
	return d.Line + node.Line - 1, node.Column
}

// locate follows a path as far as it leads. A key that holds dots or brackets is found since of all keys that the path
// goes on with the longest is taken.
func locate(node *yaml.Node, path string) *yaml.Node {
	for path != "" {
		if node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		next, rest := child(node, path)
		if next == nil {
			return node
		}
		node, path = next, rest
	}
	return node
}

func child(node *yaml.Node, path string) (next *yaml.Node, rest string) {
	path = strings.TrimPrefix(path, ".")
	switch node.Kind {
	case yaml.SequenceNode:
		index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(index)
		if !ok || err != nil || i < 0 || i >= len(node.Content) {
			return nil, ""
		}
		return node.Content[i], rest
	case yaml.MappingNode:
		longest := -1
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i].Value
			if after, ok := afterKey(path, key); ok && len(key) > longest {
				longest, rest = len(key), after
				next = place(node.Content[i], node.Content[i+1])
			}
		}
	}
	return next, rest
}

// place is the value of a key, at the place of the key where the value stands on lines of its own: people look for the
// key.
func place(key, value *yaml.Node) *yaml.Node {
	if value.Kind == yaml.ScalarNode || value.Kind == yaml.AliasNode {
		return value
	}
	at := *value
	at.Line, at.Column = key.Line, key.Column
	return &at
}

// afterKey returns what is left of a path that goes on with key, or with [key].
func afterKey(path, key string) (rest string, ok bool) {
	if rest, ok = strings.CutPrefix(path, "["+key+"]"); ok {
		return rest, true
	}
	rest, ok = strings.CutPrefix(path, key)
	return rest, ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// pathAt is the path of the value at an offset of a JSON text, which is where a decoder that refuses it stands: behind a
// scalar, or behind the bracket that opens a list or an object.
func pathAt(text []byte, offset int64) string {
	l := locator{decoder: json.NewDecoder(bytes.NewReader(text)), offset: offset}
	l.value("")
	return l.found
}

type locator struct {
	decoder *json.Decoder
	offset  int64
	found   string
}

// value reads a value and reports whether what is looked for was in it.
func (l *locator) value(path string) bool {
	token, err := l.decoder.Token()
	if err != nil || l.decoder.InputOffset() >= l.offset {
		l.found = path
		return true
	}
	switch token {
	case json.Delim('{'):
		for l.decoder.More() {
			key, err := l.decoder.Token()
			if err != nil {
				return true
			}
			if l.value(strings.TrimPrefix(fmt.Sprintf("%s.%v", path, key), ".")) {
				return true
			}
		}
		_, _ = l.decoder.Token() // the closing bracket
	case json.Delim('['):
		for i := 0; l.decoder.More(); i++ {
			if l.value(fmt.Sprintf("%s[%d]", path, i)) {
				return true
			}
		}
		_, _ = l.decoder.Token() // the closing bracket
	}
	return false
}
