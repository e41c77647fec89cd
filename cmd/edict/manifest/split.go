package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// part is the text of one document.
type part struct {
	text []byte
	line int
	json bool
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// split takes a file apart. In YAML a line that starts with --- or ... ends a document wherever it stands, even within a
// text; so the lines alone tell where.
func split(content []byte) []part {
	content = bytes.TrimPrefix(content, byteOrderMark)
	if parts, ok := splitJSON(content); ok {
		return parts
	}
	var parts []part
	start, startLine, line := 0, 1, 0
	add := func(end int) {
		if text := content[start:end]; !isBlank(text) {
			parts = append(parts, part{text: text, line: startLine})
		}
	}
	for offset := 0; offset < len(content); {
		line++
		next := len(content)
		if i := bytes.IndexByte(content[offset:], '\n'); i >= 0 {
			next = offset + i + 1
		}
		if rest, ok := marker(content[offset:next]); ok {
			add(offset)
			// What stands behind --- belongs to the document that follows.
			start, startLine = next-len(rest), line
			if isBlank(rest) {
				start, startLine = next, line+1
			}
		}
		offset = next
	}
	add(len(content))
	return parts
}

// marker returns what follows a --- or ... at the start of a line.
func marker(line []byte) (rest []byte, ok bool) {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return nil, false
	}
	rest = line[3:]
	return rest, len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0
}

// isBlank tells that a text holds nothing but comments and directives.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' {
			return false
		}
	}
	return true
}

// splitJSON takes a sequence of JSON values apart; ok is false when the content is anything else.
func splitJSON(content []byte) (parts []part, ok bool) {
	if trimmed := bytes.TrimSpace(content); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return parts, true
		}
		if err != nil {
			return nil, false
		}
		start := int(decoder.InputOffset()) - len(value)
		parts = append(parts, part{text: value, line: 1 + bytes.Count(content[:start], []byte("\n")), json: true})
	}
}

var yamlLine = regexp.MustCompile(`\bline (\d+): `)

// yamlError turns the lines that the YAML parser tells into lines of the file.
func yamlError(file string, firstLine int, err error) error {
	message := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	message = strings.TrimPrefix(message, "yaml: ")
	message = strings.TrimPrefix(message, "unmarshal errors:\n  ")
	found := yamlLine.FindStringSubmatchIndex(message)
	if found == nil {
		return &Error{File: file, Line: firstLine, Err: errors.New(message)}
	}
	line, _ := strconv.Atoi(message[found[2]:found[3]])
	message = message[:found[0]] + message[found[1]:]
	message = yamlLine.ReplaceAllStringFunc(message, func(s string) string {
		n, _ := strconv.Atoi(yamlLine.FindStringSubmatch(s)[1])
		return "line " + strconv.Itoa(n+firstLine-1) + ": "
	})
	return &Error{File: file, Line: line + firstLine - 1, Err: errors.New(message)}
}
