package variable

import (
	"regexp"
	"strings"
	"testing"
)

// syntax is the definition of a variable that policies are written for: a variable, and the character before it.
var (
	syntax  = regexp.MustCompile(`(^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\})`)
	escaped = regexp.MustCompile(`\\\{\{(?:\{[^{}]*\}|[^{}])*\}\}`)
)

// bySyntax does with the definition what scan does: it replaces variables, innermost first, by marks without braces.
func bySyntax(text string) string {
	for range 100 {
		m := syntax.FindStringSubmatchIndex(text)
		if m == nil {
			break
		}
		text = text[:m[4]] + mark(text[m[4]+2:m[5]-2]) + text[m[5]:]
	}
	return escaped.ReplaceAllStringFunc(text, func(s string) string { return s[1:] })
}

// mark stands for a variable. Its own braces are none to what is around it.
func mark(inner string) string {
	return "<" + strings.NewReplacer("{", "(", "}", ")").Replace(inner) + ">"
}

func marked(p []piece) string {
	var out strings.Builder
	for _, piece := range p {
		if piece.variable == nil {
			out.WriteString(piece.text)
		} else {
			out.WriteString(mark(marked(pieces(piece.variable.tokens))))
		}
	}
	return out.String()
}

var scanSeeds = []string{
	"", "x", "{{a}}", "a{{b}}c", "{{a}}{{b}}", "{{ {{a}} }}", "{{{a}}}", "{{{{a}}}}", "{{a}", "{a}}", "{{a}}}", "{{{a}}", `\{{a}}`, `\\{{a}}`, `{{a}}\{{b}}`,
	"{{ {a: b} }}", "{{ {a: {b: c}} }}", "{{ {a: {{b}}} }}", "{{a{{b}}c{{d}}e}}", `{{ a \{{ b }} c }}`, "{{}}", "{{ä}}", "{{a\n}}", "{{{{{{", "}}}}", `\{{ {{a}} }}`,
	`{{x}}\`, "{{ a }} } {{ b }}", "{ {{a}} }",
}

func FuzzScan(f *testing.F) {
	for _, seed := range scanSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "<>") || len(text) > 1000 {
			return
		}
		p, err := scan(text)
		if err != nil {
			return
		}
		if got, want := marked(p), bySyntax(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	})
}

func TestScanIsLinear(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("{", 1<<20), strings.Repeat("{{ ", 1<<18), "{{" + strings.Repeat("{a}", 1<<18), strings.Repeat(`\{{a`, 1<<18), strings.Repeat("}", 1<<20), strings.Repeat("{{a", 1<<18),
	} {
		if _, err := scan(text); err != nil {
			t.Errorf("%.10s…: %v", text, err)
		}
	}
}

func TestScanBounds(t *testing.T) {
	for text, want := range map[string]string{
		strings.Repeat("{{a", 10) + strings.Repeat("}}", 10):                 "nested deeper",
		strings.Repeat("{{a}}", maxVariables+1):                              "more than 1000 variables",
		strings.Repeat("{{a", maxNesting) + strings.Repeat("}}", maxNesting): "",
	} {
		_, err := scan(text)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.20s…: %v, want %q", text, err, want)
		}
	}
}
