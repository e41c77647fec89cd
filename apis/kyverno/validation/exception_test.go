package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// Fragments from which the tables build exceptions.
const (
	exemptPods = "match: {any: [{resources: {kinds: [Pod]}}]}\n"
	fromRule   = "exceptions: [{policyName: p, ruleNames: [r]}]\n"
)

func exceptionOf(t *testing.T, spec string) *kyvernov2.PolicyException {
	t.Helper()
	exception := &kyvernov2.PolicyException{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "team"}}
	if err := yaml.UnmarshalStrict([]byte(spec), &exception.Spec); err != nil {
		t.Fatalf("the exception of the test: %v", err)
	}
	return exception
}

func TestValidatePolicyException(t *testing.T) {
	const supported = `: supported values: "Equals", "NotEquals", "Equal", "NotEqual", "AnyIn", "AllIn", "AnyNotIn", "AllNotIn", "GreaterThan", "GreaterThanOrEquals", "LessThan", "LessThanOrEquals", "DurationGreaterThan", "DurationGreaterThanOrEquals", "DurationLessThan", "DurationLessThanOrEquals"`
	for name, test := range map[string]struct {
		spec string
		want []string
	}{
		"valid": {spec: `
background: false
match:
  all:
  - subjects: [{kind: ServiceAccount, name: a, namespace: b}]
    resources: {names: [a*], namespaces: [team], operations: [CREATE], selector: {matchLabels: {a: b}}}
conditions: {any: [{key: "{{ request.object.metadata.name }}", operator: AnyIn, value: [a]}]}
exceptions: [{policyName: p, ruleNames: [r, autogen-*]}, {policyName: ns/p, ruleNames: ['*']}]
podSecurity: [{controlName: Capabilities, images: ['*']}]`},
		"without anything": {spec: "{}", want: []string{
			"spec.exceptions: Required value: say from which rules of which policies the resources are exempt",
		}},
		"an empty match":  {spec: fromRule + "match: {}"},
		"an empty filter": {spec: fromRule + "match: {any: [{}]}"},
		"the older form of match": {spec: fromRule + "match: {resources: {kinds: [Pod]}}", want: []string{
			"spec.match: Forbidden: resources, subjects, roles and clusterRoles stand in filters: move them under any",
		}},
		"both forms": {spec: fromRule + "match: {any: [{resources: {kinds: [Pod]}}], all: [{resources: {kinds: [Pod]}}]}", want: []string{
			"spec.match.all: Forbidden: cannot be combined with any: move the filters under one of them",
		}},
		"the older name": {spec: fromRule + "match: {any: [{resources: {name: a}}]}", want: []string{
			"spec.match.any[0].resources.name: Forbidden: exceptions do not have it: use names",
		}},
		"users in a scan": {spec: fromRule + "match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [admin]}]}", want: []string{
			"spec.match.any[0].clusterRoles: Forbidden: a background scan has no user to compare with: set spec.background to false, or remove it",
		}},
		"older operators": {spec: exemptPods + fromRule + "conditions: {all: [{key: a, operator: In, value: [a]}], any: [{key: a, operator: NotIn, value: [a]}, {key: a, operator: Is, value: a}]}", want: []string{
			`spec.conditions.any[0].operator: Unsupported value: "NotIn"` + supported,
			`spec.conditions.any[1].operator: Unsupported value: "Is"` + supported,
			`spec.conditions.all[0].operator: Unsupported value: "In"` + supported,
		}},
		"half an exemption": {spec: exemptPods + "exceptions: [{}, {policyName: a/b/c, ruleNames: ['']}, {policyName: /a, ruleNames: [r]}]", want: []string{
			"spec.exceptions[0].policyName: Required value: name the policy: a ClusterPolicy as name, a Policy as namespace/name",
			"spec.exceptions[0].ruleNames: Required value: name the rules; wildcards are allowed",
			`spec.exceptions[1].policyName: Invalid value: "a/b/c": write a ClusterPolicy as name, a Policy as namespace/name`,
			"spec.exceptions[1].ruleNames[0]: Required value: name a rule; wildcards are allowed",
			`spec.exceptions[2].policyName: Invalid value: "/a": write a ClusterPolicy as name, a Policy as namespace/name`,
		}},
		"exclusions that do not fit their control": {
			spec: exemptPods + fromRule + "podSecurity: [{controlName: Privilege Escalation}, {controlName: /proc Mount Type, images: [a], restrictedField: f}, {controlName: Nothing}]",
			want: []string{
				"spec.podSecurity[0].images: Required value: exclude.images must be specified, for the control Privilege Escalation looks at containers: name the images that are excluded; * means all",
				"spec.podSecurity[1].values: Required value: values is required: say which values of restrictedField are excluded, or remove restrictedField",
				`spec.podSecurity[2].controlName: Unsupported value: "Nothing": supported values: "/proc Mount Type", "AppArmor", "Capabilities", "Host Namespaces", "Host Ports", "HostPath Volumes", "HostProcess", "Privilege Escalation", "Privileged Containers", "Running as Non-root", "Running as Non-root user", "SELinux", "Seccomp", "Sysctls", "Volume Types"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, test.want, ValidatePolicyException(exceptionOf(t, test.spec)))
		})
	}
}

// An exception that was stored before a check existed can still be labelled, and must be mended when it is changed.
func TestValidatePolicyExceptionUpdate(t *testing.T) {
	broken := exceptionOf(t, fromRule+"match: {resources: {kinds: [Pod]}}")
	broken.ResourceVersion = "1"
	labelled := broken.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	expect(t, nil, ValidatePolicyExceptionUpdate(labelled, broken))

	changed := broken.DeepCopy()
	changed.Spec.Exceptions[0].RuleNames = []string{"other"}
	expect(t, []string{"spec.match: Forbidden: resources, subjects, roles and clusterRoles stand in filters: move them under any"},
		ValidatePolicyExceptionUpdate(changed, broken))
}

func TestExceptionWarnings(t *testing.T) {
	exception := exceptionOf(t, exemptPods+`
conditions: {any: [{key: a, operator: DurationLessThan, value: 1h}]}
exceptions: [{policyName: 'disallow-*', ruleNames: [r]}, {policyName: p, ruleNames: ['*']}]
podSecurity: [{controlName: Seccomp, images: [good.io*]}]`)
	want := []string{
		`spec.conditions.any[0].operator: the operator DurationLessThan is deprecated, use LessThan instead.`,
		`spec.podSecurity[0].images[0]: good.io* also fits good.io.evil.com, which anybody may register: write good.io/*.`,
		`spec.exceptions[0].policyName: names of policies are compared as they are written, and no policy can be named "disallow-*": nothing is exempt from it.`,
	}
	if diff := cmp.Diff(want, ExceptionWarnings(exception)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for match, want := range map[string]string{
		"{}":                                     "spec.match: it is empty, and nothing is exempt: say under any which resources are.",
		"{all: [{resources: {names: [a]}}, {}]}": "spec.match.all[1]: an empty filter exempts nothing: say which resources are exempt, or remove it.",
	} {
		if diff := cmp.Diff([]string{want}, ExceptionWarnings(exceptionOf(t, fromRule+"match: "+match))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", match, diff)
		}
	}
}
