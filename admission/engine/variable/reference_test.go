package variable

import "testing"

func TestReferences(t *testing.T) {
	document := decode(t, `{"a": "x", "n": 5, "f": 0.00000001, "(m)": {"=(k)": "v", "list": ["p", {"q": "r"}]}, "nil": null, "a~b": {"c/d": "e"}}`)
	for _, test := range []struct{ text, pointer, want string }{
		{"$(./../a)", "/n", "x"},
		{"$(../a)", "/n", "x"},
		{"$(/a)", "/m/k", "x"},
		{"$(./../../a)", "/(m)/=(k)", "x"},
		{"$(./../list/1/q)", "/(m)/=(k)", "r"},
		{"$(/m/list/0)", "", "p"},
		{"a $(/a) b", "", "a x b"},
		{"$(>=/n)", "", ">=5.000000"},
		{"$(!/a)", "", "!x"},
		{"$(</f)", "", "<0.00000001"},
		{"$(./../c/d)", "/a~0b/x", "e"},
		{"$(/nil)", "", ""},
		{"$(/m)", "", ""},
		{"$(/n)", "", ""},
		{"$(</nosuch)", "", ""},
		{"$(!)x)", "", ""},
		{`\$(/a)`, "", "$(/a)"},
		{"$(/a)$(/a)", "", ""},
		{"$(no reference)", "", "$(no reference)"},
		{"$()", "", "$()"},
	} {
		r := &references{document: document}
		got, err := r.resolve(test.text, test.pointer, test.pointer)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("%s at %s: %q, %v, want %q", test.text, test.pointer, got, err, test.want)
		}
	}
}
