package app

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/yaml"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// schemas know of Deployments and Secrets what these tests ask.
type schemas struct {
	asked int
	err   error
}

func (s *schemas) ResolveSchema(kind schema.GroupVersionKind) (*spec.Schema, error) {
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	object := func(properties map[string]spec.Schema) spec.Schema {
		return spec.Schema{SchemaProps: spec.SchemaProps{Type: []string{"object"}, Properties: properties}}
	}
	text, number := *spec.StringProperty(), *spec.Int64Property()
	known := map[string]spec.Schema{"Deployment": object(map[string]spec.Schema{"spec": object(map[string]spec.Schema{"replicas": number})}), "Secret": object(map[string]spec.Schema{"type": text})}
	found, ok := known[kind.Kind]
	if !ok {
		return nil, errors.New("no schema of " + kind.Kind)
	}
	return &found, nil
}

func celPolicy(t *testing.T, kinds string, expressions string) *kyvernov1.ClusterPolicy {
	t.Helper()
	policy := &kyvernov1.ClusterPolicy{}
	manifest := "rules: [{name: r, match: {any: [{resources: {kinds: [" + kinds + "]}}]}, validate: {cel: {expressions: " + expressions + "}}}]"
	if err := yaml.UnmarshalStrict([]byte(manifest), &policy.Spec); err != nil {
		t.Fatal(err)
	}
	return policy
}

func TestTypeWarnings(t *testing.T) {
	for name, test := range map[string]struct {
		kinds, expressions string
		want               []string // what the warnings begin with and hold
	}{
		"in order": {"Deployment", `[{expression: 'object.spec.replicas > 1'}]`, nil},
		"a field of the spec": {"Deployment", `[{expression: 'object.spec.replicas > 1'}, {expression: 'object.replicas > 1'}]`,
			[]string{`spec.rules[0].validate.cel.expressions[1].expression: apps/v1, Kind=Deployment: ERROR:`, `undefined field 'replicas';`}},
		"a field that no Secret has": {"Secret", `[{expression: '!has(object.automountServiceAccountToken)'}]`,
			[]string{`spec.rules[0].validate.cel.expressions[0].expression: /v1, Kind=Secret: ERROR:`, `undefined field 'automountServiceAccountToken';`}},
		"a kind that is not served": {"Widget", `[{expression: 'object.anything > 1'}]`, nil},
		"every kind":                {"'*'", `[{expression: 'object.anything > 1'}]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(newServes())
			c.types.schemas = &schemas{}
			warnings := c.typeWarnings(t.Context(), celPolicy(t, test.kinds, test.expressions))
			if test.want == nil && len(warnings) == 0 {
				return
			}
			if len(warnings) != 1 || test.want == nil || !strings.HasPrefix(warnings[0], test.want[0]) || !strings.Contains(warnings[0], test.want[1]) || strings.Contains(warnings[0], "\n") {
				t.Errorf("got %q, want %q", warnings, test.want)
			}
		})
	}
}

// Rules that are derived of one on Pods are about kinds with other fields.
func TestTypeWarningsAreAboutTheRuleAsWritten(t *testing.T) {
	c := newCluster(newServes())
	asked := &schemas{err: errors.New("not here")}
	c.types.schemas = asked
	c.typeWarnings(t.Context(), celPolicy(t, "Pod", `[{expression: 'object.spec.hostNetwork'}]`))
	if asked.asked != 1 {
		t.Errorf("%d schemas were asked for", asked.asked)
	}
}

func TestSchemasAreKeptForAWhile(t *testing.T) {
	asked := &schemas{}
	cache := &schemaCache{asked: asked}
	secret := schema.GroupVersionKind{Version: "v1", Kind: "Secret"}
	for range 3 {
		if _, err := cache.ResolveSchema(secret); err != nil {
			t.Fatal(err)
		}
	}
	if asked.asked != 1 {
		t.Errorf("asked %d times", asked.asked)
	}
	cache.schemas[secret] = cachedSchema{until: time.Now().Add(-time.Second)}
	if found, err := cache.ResolveSchema(secret); err != nil || found == nil || asked.asked != 2 {
		t.Errorf("found %v, asked %d times: %v", found, asked.asked, err)
	}
	for range 3 {
		if _, err := cache.ResolveSchema(schema.GroupVersionKind{Kind: "Widget"}); err == nil {
			t.Error("a failure was kept")
		}
	}
	for i := range 3 * maxSchemas {
		if _, err := cache.ResolveSchema(schema.GroupVersionKind{Group: strconv.Itoa(i), Version: "v1", Kind: "Secret"}); err != nil {
			t.Fatal(err)
		}
		if len(cache.schemas) > maxSchemas {
			t.Fatalf("%d schemas are held", len(cache.schemas))
		}
	}
}
