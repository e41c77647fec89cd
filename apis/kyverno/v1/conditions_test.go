package v1

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

func TestDecodeConditions(t *testing.T) {
	condition := Condition{
		Key:      &apiextensionsv1.JSON{Raw: []byte(`"{{ a }}"`)},
		Operator: Equals,
		Value:    &apiextensionsv1.JSON{Raw: []byte(`[1]`)},
		Message:  "m",
	}
	const text = `{"key": "{{ a }}", "operator": "Equals", "value": [1], "message": "m"}`
	for name, test := range map[string]struct {
		in    string
		want  AnyAllConditions
		older bool
		err   string
	}{
		"nothing":       {in: ``},
		"object":        {in: `{"any":[` + text + `],"all":[` + text + `]}`, want: AnyAllConditions{Any: []Condition{condition}, All: []Condition{condition}}},
		"older form":    {in: ` [` + text + `]`, want: AnyAllConditions{All: []Condition{condition}}, older: true},
		"misspelt any":  {in: `{"Any":[` + text + `]}`, err: `decoding conditions: unknown field "Any"`},
		"misspelt key":  {in: `[{"keys": 1}]`, older: true, err: `decoding conditions: unknown field "[0].keys"`},
		"a string":      {in: `"x"`, err: `decoding conditions: json: cannot unmarshal string into Go value of type v1.AnyAllConditions`},
		"any no list":   {in: `{"any": {}}`, err: `decoding conditions: json: cannot unmarshal object into Go struct field AnyAllConditions.any of type []v1.Condition`},
		"repeated keys": {in: `{"any": [], "any": []}`, err: `decoding conditions: duplicate field "any"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, older, err := DecodeConditions(&apiextensionsv1.JSON{Raw: []byte(test.in)})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("got error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if older != test.older {
				t.Errorf("older form: got %v, want %v", older, test.older)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got, older, err := DecodeConditions(nil); err != nil || older || got.Any != nil || got.All != nil {
		t.Errorf("nil: got %v, %v, %v", got, older, err)
	}
}
