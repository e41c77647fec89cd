package variable

import (
	"testing"
)

// R11: what an object says is data wherever it is put. The reference evaluates some of these values.
func TestR11ObjectDataIsNeverEvaluated(t *testing.T) {
	for _, test := range []struct{ template, want string }{
		{`"{{ request.object.metadata.annotations.inj }}"`, `"{{ request.object.metadata.name }}"`},
		{`"a{{ request.object.metadata.annotations.inj }}"`, `"a{{ request.object.metadata.name }}"`},
		{`"a{{- request.object.metadata.annotations.inj }}"`, `"a{{ request.object.metadata.name }}"`},
		{`"{{ request.object.spec.m }}"`, `{"k":"{{ request.object.metadata.name }}","z":1}`},
		{`"{{ request.object.spec.l }}"`, `["{{ request.object.metadata.name }}","q"]`},
		{`"{{request.object.metadata.annotations.ob}} request.object.metadata.name }}"`, `"{{ request.object.metadata.name }}"`},
		{`"z{{request.object.metadata.annotations.esc}}"`, `"z\\{{ x }}"`},
		{`"{{ '{{ request.object.metadata.annotations.quote }}' }}"`, `"a' || request.object.metadata.name || 'b"`},
		{`"{{ to_upper('<{{ request.object.metadata.annotations.slash }}>') }}"`, `"\u003cA\\\u003e"`},
		{`"{{ '{{ request.object.metadata.annotations.tick }}' }}"`, "\"`x`\""},
		{`"{{ '{{ request.object.metadata.annotations.inj }}' }}"`, `"{{ request.object.metadata.name }}"`},
		{`"{{ request.object.metadata.labels.\"{{ request.object.metadata.annotations.double }}\" || 'none' }}"`, `"none"`},
		{"\"{{ `\\\"{{ request.object.metadata.annotations.tick }}\\\"` }}\"", "\"`x`\""},
		{"\"{{ `{{ request.object.spec.m }}` }}\"", `{"k":"{{ request.object.metadata.name }}","z":1}`},
	} {
		got, err := mustCompile(t, decode(t, test.template)).Substitute(podScope(t))
		if err != nil {
			t.Errorf("%s: %v", test.template, err)
		} else if encoded(t, got) != test.want {
			t.Errorf("%s: %s, want %s", test.template, encoded(t, got), test.want)
		}
	}
	for _, template := range []string{
		"{{ request.object.metadata.labels.{{ request.object.metadata.annotations.quote }} }}",
		"{{ {{ request.object.metadata.annotations.quote }} }}",
		"{{ request.object.metadata.labels.{{ request.object.metadata.annotations.path }} }}",
		"{{ `{{ request.object.metadata.annotations.quote }}` }}",
		"{{ to_string({{ request.object.spec.m }}) }}",
	} {
		got, err := mustCompile(t, template).Substitute(podScope(t))
		if err == nil {
			t.Errorf("%s: %v, want an error", template, got)
		}
	}
}
