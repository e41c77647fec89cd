package output

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Terminal writes text in which control characters are shown and not obeyed: what was written may be an object's name or
// a policy's message (C03). Line feeds and tabs pass, so a Terminal also carries JSON and YAML, in which these escapes
// mean what they replace.
type Terminal struct {
	w io.Writer
	// Color permits Colored to color.
	Color bool
	// rest is the start of a character whose other bytes are yet to be written.
	rest []byte
}

// NewTerminal returns a Terminal that writes to w.
func NewTerminal(w io.Writer) *Terminal { return &Terminal{w: w} }

// Write implements io.Writer.
func (t *Terminal) Write(p []byte) (int, error) {
	text := append(t.rest, p...)
	t.rest = nil
	var out strings.Builder
	for len(text) > 0 {
		if !utf8.FullRune(text) {
			t.rest = append([]byte(nil), text...)
			break
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case obeyed(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
		text = text[size:]
	}
	if _, err := io.WriteString(t.w, out.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// obeyed tells of characters that a terminal acts on, or that turn the order of what is shown.
func obeyed(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
		return true
	}
	return false
}

// Line makes a text one line, for where a line feed of somebody else's could pass for the next line of ours.
func Line(s string) string {
	return strings.ReplaceAll(s, "\n", `\n`)
}

// Color is a color of text.
type Color string

// The colors in use.
const (
	Red    Color = "31"
	Green  Color = "32"
	Yellow Color = "33"
	Gray   Color = "90"
	Bold   Color = "1"
)

// Colored writes a text in a color, where colors are permitted. When nobody reads any more there is nobody to tell.
func (t *Terminal) Colored(color Color, text string) {
	if !t.Color {
		_, _ = io.WriteString(t, text)
		return
	}
	_, _ = io.WriteString(t.w, "\x1b["+string(color)+"m")
	_, _ = io.WriteString(t, text)
	_, _ = io.WriteString(t.w, "\x1b[0m")
}
