package autogen

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// TestDerivedText shows, of a rule, what becomes of each part of it for a Deployment and for a CronJob, of which AT is
// the path to the template with dots, and SLASH with slashes.
func TestDerivedText(t *testing.T) {
	for _, test := range []struct{ name, rule, want string }{
		{"pattern",
			`validate: {message: "m", failureAction: Enforce, failureActionOverrides: [{action: Audit}], allowExistingViolations: false, pattern: {metadata: {a: "<5"}}}`,
			`validate: {message: "m", failureAction: Enforce, failureActionOverrides: [{action: Audit}], allowExistingViolations: false, pattern: WRAP{metadata: {a: "<5"}}END}`},
		{"an empty pattern", `validate: {pattern: {}}`, `validate: {pattern: WRAP{}END}`},
		{"anyPattern",
			`validate: {anyPattern: [{spec: {a: "{{request.object.spec.b}}"}}, {metadata: {c: d}}]}`,
			`validate: {anyPattern: [WRAP{spec: {a: "{{request.object.AT.spec.b}}"}}END, WRAP{metadata: {c: d}}END]}`},
		{"anyPattern that is no list", `validate: {anyPattern: {spec: {}}}`, `validate: {anyPattern: {spec: {}}}`},
		{"deny",
			`validate: {message: "{{request.object.metadata.name}}, {{ request.oldObject.metadata.name }}, {{request.operation}}", deny: {conditions: [{key: "{{request.oldObject.spec.a}}", operator: Equals, value: "{{ request.object.spec.a || 'request.object.status' }}"}]}}`,
			`validate: {message: "{{request.object.AT.metadata.name}}, {{ request.oldObject.AT.metadata.name }}, {{request.operation}}", deny: {conditions: [{key: "{{request.oldObject.AT.spec.a}}", operator: Equals, value: "{{ request.object.AT.spec.a || 'request.object.status' }}"}]}}`},
		{"foreach",
			`validate: {foreach: [{list: "request.object.spec.containers", pattern: {image: "{{element.x}}"}, foreach: [{list: "request.object.spec.volumes", deny: {}}]}]}`,
			`validate: {foreach: [{list: "request.object.AT.spec.containers", pattern: {image: "{{element.x}}"}, foreach: [{list: "request.object.AT.spec.volumes", deny: {}}]}]}`},
		{"podSecurity",
			`validate: {podSecurity: {level: baseline, version: latest, exclude: [{controlName: Seccomp, images: [a], restrictedField: "spec.containers[*].securityContext", values: [b]}]}}`,
			`validate: {podSecurity: {level: baseline, version: latest, exclude: [{controlName: Seccomp, images: [a], restrictedField: "spec.containers[*].securityContext", values: [b]}]}}`},
		{"cel",
			`celPreconditions: [{name: a, expression: "has(request.object.spec.a)"}], validate: {cel: {variables: [{name: v, expression: "object.spec.a + oldObject.spec.a"}], expressions: [{expression: "object.metadata.x != namespaceObject.metadata.name", messageExpression: "oldObject.metadata.y"}]}}`,
			`celPreconditions: [{name: a, expression: "has(request.object.AT.spec.a)"}], validate: {cel: {variables: [{name: v, expression: "object.AT.spec.a + oldObject.AT.spec.a"}], expressions: [{expression: "object.AT.metadata.x != namespaceObject.metadata.name", messageExpression: "oldObject.AT.metadata.y"}]}}`},
		{"what CEL calls object is nothing elsewhere",
			`context: [{name: c, variable: {jmesPath: "object.spec"}}], validate: {deny: {}}`,
			`context: [{name: c, variable: {jmesPath: "object.spec"}}], validate: {deny: {}}`},
		{"context, preconditions and properties",
			`context: [{name: c, apiCall: {urlPath: "/api/{{request.object.metadata.namespace}}", jmesPath: "request.object.spec"}}], preconditions: {all: [{key: "{{images.containers.*.name}}{{request.object.spec.a}}", operator: Equals, value: 1}]}, skipBackgroundRequests: false, reportProperties: {"k": "{{request.object.metadata.name}}"}, validate: {deny: {}}`,
			`context: [{name: c, apiCall: {urlPath: "/api/{{request.object.AT.metadata.namespace}}", jmesPath: "request.object.AT.spec"}}], preconditions: {all: [{key: "{{images.containers.*.name}}{{request.object.AT.spec.a}}", operator: Equals, value: 1}]}, skipBackgroundRequests: false, reportProperties: {"k": "{{request.object.AT.metadata.name}}"}, validate: {deny: {}}`},
		{"image extractors", `imageExtractors: {Task: [{path: /a}]}, validate: {deny: {}}`, `validate: {deny: {}}`},
		{"references in the message of a pattern",
			`validate: {message: "$(/validate/pattern/spec/a) and $(../pattern/spec/pattern), \\$(/validate/pattern/spec/a) $(/name)", pattern: {}}`,
			`validate: {message: "$(/validate/pattern/SLASH/spec/a) and $(../pattern/SLASH/spec/pattern), \\$(/validate/pattern/spec/a) $(/name)", pattern: WRAP{}END}`},
		{"references in the message of an anyPattern",
			`validate: {message: "$(/validate/anyPattern/0/spec/a)$(/validate/anyPattern/12/spec/a) $(/validate/anyPattern)", anyPattern: []}`,
			`validate: {message: "$(/validate/anyPattern/0/SLASH/spec/a)$(/validate/anyPattern/12/SLASH/spec/a) $(/validate/anyPattern)", anyPattern: []}`},
		{"references to what is not wrapped",
			`validate: {message: "$(/validate/foreach/0/pattern/a)", foreach: [{list: a, pattern: {a: b}}]}`,
			`validate: {message: "$(/validate/foreach/0/pattern/a)", foreach: [{list: a, pattern: {a: b}}]}`},
		{"patchStrategicMerge",
			`mutate: {mutateExistingOnPolicyUpdate: true, targets: [{name: a}], patchStrategicMerge: {spec: {"+(a)": "{{request.object.spec.b}}"}}}`,
			`mutate: {patchStrategicMerge: WRAP{spec: {"+(a)": "{{request.object.AT.spec.b}}"}}END}`},
		{"mutate foreach",
			`mutate: {foreach: [{list: "request.object.spec.c", order: Ascending, preconditions: {all: []}, context: [{name: a}], patchStrategicMerge: {spec: {}}}, {list: b, foreach: []}]}`,
			`mutate: {foreach: [{list: "request.object.AT.spec.c", preconditions: {all: []}, context: [{name: a}], patchStrategicMerge: WRAP{spec: {}}END}]}`},
	} {
		for _, kind := range []struct {
			annotation, selector, name, path string
		}{
			{"Deployment", "apps/v1/Deployment", "autogen-r", "spec.template"},
			{"CronJob", "batch/v1/CronJob", "autogen-cronjob-r", "spec.jobTemplate.spec.template"},
		} {
			steps := strings.Split(kind.path, ".")
			wanted := strings.NewReplacer(
				"WRAP", "{"+strings.Join(steps, ": {")+": ", "END", strings.Repeat("}", len(steps)),
				"SLASH", strings.Join(steps, "/"), "AT", kind.path,
			).Replace(`{name: ` + kind.name + `, match: {any: [{resources: {kinds: [` + kind.selector + `]}}]}, ` + test.want + `}`)
			want := v1.Rule{}
			if err := yaml.UnmarshalStrict([]byte(wanted), &want); err != nil {
				t.Fatalf("%s: %v", wanted, err)
			}
			got := Rules(annotated(t, kind.annotation, `{name: r, `+onPods+`, `+test.rule+`}`))
			if !reflect.DeepEqual(decoded(t, got), decoded(t, []v1.Rule{want})) {
				t.Errorf("%s: %v, want %v", test.name, decoded(t, got), decoded(t, []v1.Rule{want}))
			}
		}
	}
}

// TestNameIsNoText: a name is no expression, whatever it looks like.
func TestNameIsNoText(t *testing.T) {
	rule := Rules(annotated(t, "Deployment", `{name: on-request.object.spec, `+onPods+`, validate: {message: request.object.spec, deny: {}}}`))[0]
	if rule.Name != "autogen-on-request.object.spec" || rule.Validate.Message != "request.object.spec.template.spec" {
		t.Errorf("%+v", rule)
	}
}

// TestA01NoJSON: a value that is no JSON stays in the derived rule, where the compiler finds it.
func TestA01NoJSON(t *testing.T) {
	p := annotated(t, "Deployment", `{name: r, `+onPods+`, validate: {message: request.object.spec, anyPattern: []}}`)
	for _, raw := range []string{`[{`, `{"a":`, ``, `null`} {
		p.Spec.Rules[0].Validate.AnyPattern.Raw = []byte(raw)
		rules := Rules(p)
		if len(rules) != 1 {
			t.Fatalf("%q: %+v", raw, rules)
		}
		if derived := rules[0].Validate.AnyPattern; derived != nil && json.Valid(derived.Raw) && raw != "null" {
			t.Errorf("%q became %s", raw, derived.Raw)
		}
	}
}

func FuzzDerive(f *testing.F) {
	f.Add("Deployment,CronJob", []byte(`{"rules":[{"name":"r","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"validate":{"message":"$(/validate/anyPattern/0/a) {{request.object.spec}}","anyPattern":[{}]}}]}`))
	f.Add("-", []byte(`{"rules":[{"name":"r","match":{"resources":{"kinds":["v1/Pod.a","Job"]}},"validate":{"cel":{"expressions":[{"expression":"object.spec"}]}}}]}`))
	f.Fuzz(func(t *testing.T, annotation string, spec []byte) {
		p := &v1.ClusterPolicy{}
		if json.Unmarshal(spec, &p.Spec) != nil {
			return
		}
		p.Annotations = map[string]string{Annotation: annotation}
		before := p.DeepCopy()
		derived := Derive(p)
		Warnings(p)
		if !reflect.DeepEqual(p, before) {
			t.Fatal("the policy was changed")
		}
		for _, rule := range derived {
			if len(rule.Name) > maxName || !isDerivedName(rule.Name) || len(rule.Kinds) == 0 {
				t.Fatalf("%+v", rule)
			}
			if _, err := json.Marshal(rule.Rule); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestU22ExcludedKinds: an exclusion of something else must not become one of CronJobs.
func TestU22ExcludedKinds(t *testing.T) {
	derived := Rules(annotated(t, "CronJob", `{name: r, `+onPods+`, exclude: {any: [{resources: {kinds: [ConfigMap], namespaces: [a]}}, {resources: {kinds: [Pod], namespaces: [b]}}]}, `+demand+`}`))
	if len(derived) != 1 || derived[0].Exclude.Any[0].Resources.Kinds[0] != "ConfigMap" || derived[0].Exclude.Any[1].Resources.Kinds[0] != "batch/v1/CronJob" {
		t.Errorf("%+v", derived)
	}
}
