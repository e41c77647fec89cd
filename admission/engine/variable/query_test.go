package variable

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestQuery(t *testing.T) {
	data := decode(t, `{"items": [{"name": "p"}, {"name": "q"}], "x": "y", "5": "five"}`)
	for text, want := range map[string]string{
		"items[?name=='{{ request.object.metadata.name }}'] | length(@)": "1",
		"items[{{ request.object.spec.m.z }}].name":                      `"q"`,
		"{{ request.object.metadata.labels.inj }}":                       `"y"`,
		"@ | x":       `"y"`,
		`"{{ '5' }}"`: `"five"`,
		"items[?name=='{{ request.object.metadata.annotations.quote }}']": "[]",
	} {
		q, failed := newQuery(text)
		if failed != nil {
			t.Errorf("%s: %v", text, failed.err)
			continue
		}
		if got, err := q.apply(podScope(t), "e", data); err != nil || encoded(t, got) != want {
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"nosuch": `failed to apply JMESPath nosuch for context entry e: Unknown key "nosuch" in path`,
		"{{ request.object.metadata.annotations.quote }}": "failed to substitute variables in context entry e JMESPath {{ request.object.metadata.annotations.quote }}: failed to resolve request.object.metadata.annotations.quote at path : its value is neither a name nor a whole number, and values are not evaluated as expressions: write the variable in quotes, or the expression without it",
	} {
		q, failed := newQuery(text)
		if failed != nil {
			t.Fatal(failed.err)
		}
		if got, err := q.apply(podScope(t), "e", data); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v\nwant %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"a ==":     `q: Invalid value: "a ==": column 5: the expression ends where more is expected`,
		"a\xff":    "q: Invalid value: \"a\\xff\": it is not valid UTF-8",
		"{{ b( }}": "",
	} {
		_, failed := newQuery(text)
		if failed == nil {
			t.Errorf("%q compiles", text)
		} else if got := failed.at(field.NewPath("q")).Error(); want != "" && got != want {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
	if v, err := (*query)(nil).apply(nil, "e", data); err != nil || encoded(t, v) != encoded(t, data) {
		t.Error("no query changes the data")
	}
}
