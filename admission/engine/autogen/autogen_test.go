package autogen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func policy(t *testing.T, text string) *v1.ClusterPolicy {
	t.Helper()
	p := &v1.ClusterPolicy{}
	if err := yaml.UnmarshalStrict([]byte(text), p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// annotated is a policy with an annotation, if one is given, and rules.
func annotated(t *testing.T, controllers, rules string) *v1.ClusterPolicy {
	t.Helper()
	p := policy(t, `{metadata: {name: p}, spec: {rules: [`+rules+`]}}`)
	if controllers != "-" {
		p.Annotations = map[string]string{Annotation: controllers}
	}
	return p
}

func names(rules []v1.Rule) string {
	var out []string
	for _, r := range rules {
		out = append(out, r.Name)
	}
	return strings.Join(out, " ")
}

const (
	onPods = `match: {any: [{resources: {kinds: [Pod]}}]}`
	demand = `validate: {pattern: {spec: {a: b}}}`
)

func TestDeriveLeavesThePolicyAlone(t *testing.T) {
	p := annotated(t, "-", `{name: r, `+onPods+`, exclude: {any: [{resources: {kinds: [Pod], namespaces: [a]}}]}, reportProperties: {a: "{{request.object.metadata.name}}"},
		validate: {message: "$(/validate/pattern/spec/a)", pattern: {spec: {a: "{{request.object.spec.b}}"}}}}`)
	before := p.DeepCopy()
	derived := Derive(p)
	if len(derived) != 2 {
		t.Fatalf("%+v", derived)
	}
	for _, rule := range derived {
		rule.Match.Any[0].Resources.Namespaces = []string{"z"}
		rule.ReportProperties["a"] = "z"
		rule.Validate.Pattern.Raw[0] = 'z'
	}
	if !reflect.DeepEqual(before, p) {
		t.Errorf("the policy was changed: %+v", p)
	}
}

func TestKinds(t *testing.T) {
	derived := Derive(annotated(t, "-", `{name: n, match: {any: [{resources: {kinds: [ConfigMap]}}]}, `+demand+`}, {name: r, match: {any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Secret]}}]}, `+demand+`}`))
	if len(derived) != 2 || derived[0].Origin != 1 || derived[1].Origin != 1 ||
		strings.Join(derived[0].Kinds, " ") != "DaemonSet Deployment Job ReplicaSet ReplicationController StatefulSet" ||
		strings.Join(derived[1].Kinds, " ") != "CronJob" {
		t.Errorf("%+v", derived)
	}
	if kinds := derived[0].Match.Any[1].Resources.Kinds; len(kinds) != 1 || kinds[0] != "Secret" {
		t.Errorf("the other filter is on %v", kinds)
	}
}

func TestSetAside(t *testing.T) {
	derived := Derive(annotated(t, "StatefulSet,CronJob", `{name: r, `+onPods+`, `+demand+`}, {name: s, `+onPods+`, `+demand+`}`))
	if got := SetAside("autogen-old", derived); strings.Join(got, " ") != "CronJob StatefulSet" {
		t.Errorf("set aside for %v", got)
	}
	if got := SetAside("r", derived); got != nil {
		t.Errorf("a rule of another name is set aside for %v", got)
	}
	if got := SetAside("autogen-old", nil); got != nil {
		t.Errorf("without derived rules it is set aside for %v", got)
	}
}

// TestChainsaw compares with the status that the reference's suites ask for.
func TestChainsaw(t *testing.T) {
	checks, _ := filepath.Glob("../../../../shared/corpus/chainsaw/autogen/*/check-autogen.yaml")
	if len(checks) == 0 {
		t.Skip("the larger corpus (../shared/corpus) is not here")
	}
	for _, check := range checks {
		var p, want v1.ClusterPolicy
		for file, into := range map[string]*v1.ClusterPolicy{check: &want, filepath.Join(filepath.Dir(check), "policy.yaml"): &p} {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.Unmarshal(raw, into); err != nil {
				t.Fatal(err)
			}
		}
		if want.Status.Autogen == nil {
			t.Fatalf("%s asks for nothing", check)
		}
		got, wanted := decoded(t, Rules(&p)), decoded(t, want.Status.Autogen.Rules)
		if !reflect.DeepEqual(got, wanted) {
			t.Errorf("%s: %v, want %v", check, got, wanted)
		}
	}
}

func decoded(t *testing.T, rules []v1.Rule) any {
	t.Helper()
	raw, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
