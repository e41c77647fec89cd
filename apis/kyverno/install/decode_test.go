package install

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// decode reads a body as a server does.
func decode(mediaType, body string) error {
	scheme := runtime.NewScheme()
	Install(scheme)
	codecs := serializer.NewCodecFactory(scheme, serializer.EnableStrict)
	info, _ := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), mediaType)
	_, _, err := codecs.DecoderToVersion(info.StrictSerializer, runtime.InternalGroupVersioner).Decode([]byte(body), nil, nil)
	return err
}

func policyWith(pattern string) string {
	return `{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"p"},"spec":{"rules":[{"name":"r","match":{},"validate":{"pattern":` + pattern + `}}]}}`
}

func TestUnknownFieldsAreRefusedUnderStrict(t *testing.T) {
	for name, test := range map[string]struct{ body, want string }{
		"in the spec":          {`{"apiVersion":"kyverno.io/v2beta1","kind":"Policy","spec":{"rule":[]}}`, `strict decoding error: unknown field "spec.rule"`},
		"of another case":      {`{"apiVersion":"kyverno.io/v1","kind":"Policy","spec":{"Rules":[]}}`, `strict decoding error: unknown field "spec.Rules"`},
		"in a filter":          {`{"apiVersion":"kyverno.io/v1","kind":"Policy","spec":{"rules":[{"name":"r","match":{"any":[{"resource":{}}]}}]}}`, `strict decoding error: unknown field "spec.rules[0].match.any[0].resource"`},
		"in a nested foreach":  {`{"apiVersion":"kyverno.io/v1","kind":"Policy","spec":{"rules":[{"name":"r","match":{},"validate":{"foreach":[{"foreach":[{"lists":""}]}]}}]}}`, `strict decoding error: unknown field "spec.rules[0].validate.foreach[0].foreach[0].lists"`},
		"a field that repeats": {`{"apiVersion":"kyverno.io/v1","kind":"Policy","spec":{"background":true,"background":false}}`, `strict decoding error: duplicate field "spec.background"`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := decode(runtime.ContentTypeJSON, test.body); err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestHostileBodies(t *testing.T) {
	if err := decode(runtime.ContentTypeJSON, policyWith(`{"a":"b"}`)); err != nil {
		t.Fatalf("a harmless body: %v", err)
	}
	const depth = 100_000
	bomb := "apiVersion: " + kyvernov1.SchemeGroupVersion.String() + "\nkind: ClusterPolicy\nmetadata:\n  annotations:\n    a: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for _, level := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		below := string(level[0] - 1)
		bomb += "    b" + level + ": &a" + level + " [" + strings.Repeat("*a"+below+",", 10) + "]\n"
	}
	for name, test := range map[string]struct{ mediaType, body string }{
		"D01 an alias bomb":                        {runtime.ContentTypeYAML, bomb},
		"D02 depth in a pattern":                   {runtime.ContentTypeJSON, policyWith(strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth))},
		"D02 depth in a list":                      {runtime.ContentTypeJSON, policyWith(strings.Repeat("[", depth) + strings.Repeat("]", depth))},
		"D02 depth in YAML":                        {runtime.ContentTypeYAML, policyWith(strings.Repeat("[", depth) + strings.Repeat("]", depth))},
		"D02 depth in a field that holds itself":   {runtime.ContentTypeJSON, strings.Replace(policyWith("1"), `"pattern":1`, strings.Repeat(`"foreach":[{`, depth)+strings.Repeat(`}]`, depth), 1)},
		"D02 depth in a field that is not of ours": {runtime.ContentTypeJSON, strings.Replace(policyWith("1"), `"spec":`, `"other":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`,"spec":`, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			err := decode(test.mediaType, test.body)
			if err == nil {
				t.Fatal("accepted")
			}
			if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}
