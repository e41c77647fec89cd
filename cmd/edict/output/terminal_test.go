package output

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestC03TerminalObeysNobody(t *testing.T) {
	for name, test := range map[string]struct{ given, want string }{
		"plain text":             {"naïve 名前 🙂\n\tx", "naïve 名前 🙂\n\tx"},
		"an escape sequence":     {"a\x1b[2Jb", `a\u001b[2Jb`},
		"a title":                {"\x1b]0;owned\x07", `\u001b]0;owned\u0007`},
		"a carriage return":      {"fail\rpass", `fail\u000dpass`},
		"backspaces":             {"fail\b\b\b\bpass", `fail\u0008\u0008\u0008\u0008pass`},
		"delete":                 {"\x7f", `\u007f`},
		"a C1 control":           {"\u009b2J", `\u009b2J`},
		"a C1 control, one byte": {"\x9b2J", `\x9b2J`},
		"text turned around":     {"a\u202eb", `a\u202eb`},
		"broken UTF-8":           {"a\xffb", `a\xffb`},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			n, err := io.WriteString(NewTerminal(&b), test.given)
			if err != nil || n != len(test.given) || b.String() != test.want {
				t.Errorf("got %q (%d, %v), want %q", b.String(), n, err, test.want)
			}
			var bytewise strings.Builder
			terminal := NewTerminal(&bytewise)
			for i := range len(test.given) {
				_, _ = terminal.Write([]byte{test.given[i]})
			}
			if bytewise.String() != test.want {
				t.Errorf("byte by byte: %q, want %q", bytewise.String(), test.want)
			}
		})
	}
}

func TestColored(t *testing.T) {
	var b strings.Builder
	terminal := NewTerminal(&b)
	terminal.Colored(Red, "a\x1b[0m")
	terminal.Color = true
	terminal.Colored(Red, "b\x1b[0m")
	if want := "a\\u001b[0m\x1b[31mb\\u001b[0m\x1b[0m"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestLine(t *testing.T) {
	if got := Line("a\npass: 1"); got != `a\npass: 1` {
		t.Errorf("got %q", got)
	}
}

func TestWriteTable(t *testing.T) {
	var b strings.Builder
	WriteTable(NewTerminal(&b), []string{"ID", "NAME"}, [][]string{{"1", "a\x1bé"}, {"22", "b\nc"}}, nil)
	want := `
│────│──────────│
│ ID │ NAME     │
│────│──────────│
│ 1  │ a\u001bé │
│ 22 │ b\nc     │
│────│──────────│
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got %s", got)
	}
}

func FuzzTerminal(f *testing.F) {
	f.Add("a\x1b[2J", 1)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		var b strings.Builder
		terminal := NewTerminal(&b)
		if cut < 0 || cut > len(text) {
			cut = 0
		}
		fmt.Fprint(terminal, text[:cut])
		fmt.Fprint(terminal, text[cut:])
		for _, r := range b.String() {
			if obeyed(r) {
				t.Errorf("%q lets %U through", text, r)
			}
		}
	})
}
