package demand

import (
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestDecode(t *testing.T) {
	path := field.NewPath("p")
	v, err := decode(&apiextensionsv1.JSON{Raw: []byte(`{"a":5,"b":5.5,"c":[1]}`)}, path)
	if err != nil {
		t.Fatal(err)
	}
	m := v.(map[string]any)
	if m["a"] != int64(5) || m["b"] != 5.5 || m["c"].([]any)[0] != int64(1) {
		t.Errorf("%#v", m)
	}
	for name, raw := range map[string]string{
		"no JSON":  `{"a"`,
		"nothing":  ``,
		"D02 deep": strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"large":    `"` + strings.Repeat("a", maxPattern) + `"`,
	} {
		if v, err := decode(&apiextensionsv1.JSON{Raw: []byte(raw)}, path); err == nil || err.Field != "p" {
			t.Errorf("%s: %.20v, %v", name, v, err)
		}
	}
}
