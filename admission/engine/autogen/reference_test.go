package autogen

import "testing"

func TestShiftReferences(t *testing.T) {
	for _, test := range []struct{ demand, message, want string }{
		{"pattern", "", ""},
		{"pattern", "no reference to a pattern", "no reference to a pattern"},
		{"pattern", "$(/validate/pattern/spec/a)", "$(/validate/pattern/spec/template/spec/a)"},
		{"pattern", "a$(./../pattern/a)$(./../pattern/b)c", "a$(./../pattern/spec/template/a)$(./../pattern/spec/template/b)c"},
		{"pattern", `\$(/validate/pattern/a)`, `\$(/validate/pattern/a)`},
		{"pattern", "$(/validate/pattern/a b)", "$(/validate/pattern/a b)"},
		{"pattern", "$(/validate/message)", "$(/validate/message)"},
		{"anyPattern", "$(/validate/anyPattern/0/a) $(/validate/anyPattern/1)", "$(/validate/anyPattern/0/spec/template/a) $(/validate/anyPattern/1/spec/template)"},
		{"anyPattern", "$(/validate/anyPattern) $(/validate/anyPattern/x)", "$(/validate/anyPattern) $(/validate/anyPattern/x)"},
	} {
		if got := shiftReferences(test.message, test.demand, template); got != test.want {
			t.Errorf("%s: %q, want %q", test.message, got, test.want)
		}
	}
}
