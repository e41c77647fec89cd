package validation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Fragments from which the tables build policies.
const (
	matchPods = "match: {any: [{resources: {kinds: [Pod]}}]}\n"
	validName = "validate: {pattern: {metadata: {name: '?*'}}}\n"
)

// ruleCase is a rule, with name r unless it has one, and what is wrong with a policy of this rule.
type ruleCase struct {
	rule string
	// spec holds further fields of the spec.
	spec string
	want []string
}

func (c ruleCase) policy(t *testing.T) kyvernov1.Spec {
	t.Helper()
	var rule kyvernov1.Rule
	var spec kyvernov1.Spec
	if err := yaml.UnmarshalStrict([]byte(c.rule), &rule); err != nil {
		t.Fatalf("the rule of the test: %v", err)
	}
	if err := yaml.UnmarshalStrict([]byte(c.spec), &spec); err != nil {
		t.Fatalf("the spec of the test: %v", err)
	}
	if rule.Name == "" {
		rule.Name = "r"
	}
	spec.Rules = append([]kyvernov1.Rule{rule}, spec.Rules...)
	return spec
}

func (c ruleCase) clusterPolicy(t *testing.T) *kyvernov1.ClusterPolicy {
	t.Helper()
	return &kyvernov1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: c.policy(t)}
}

func (c ruleCase) namespacedPolicy(t *testing.T) *kyvernov1.Policy {
	t.Helper()
	return &kyvernov1.Policy{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "team"}, Spec: c.policy(t)}
}

func runClusterCases(t *testing.T, cases map[string]ruleCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			expect(t, test.want, ValidateClusterPolicy(test.clusterPolicy(t)))
		})
	}
}

func expect(t *testing.T, want []string, got field.ErrorList) {
	t.Helper()
	var texts []string
	for _, err := range got {
		texts = append(texts, err.Error())
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMetadata(t *testing.T) {
	policy := ruleCase{rule: matchPods + validName}.clusterPolicy(t)
	policy.Name, policy.Namespace = "Upper", "team"
	policy.Annotations = map[string]string{autogenAnnotation: "all"}
	expect(t, []string{
		`metadata.namespace: Forbidden: a ClusterPolicy has no namespace: remove it, or write a Policy`,
		`metadata.name: Invalid value: "Upper": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
		`metadata.annotations[pod-policies.kyverno.io/autogen-controllers]: Invalid value: "all": remove the annotation to derive rules for all controllers of Pods, or list the controllers, as in Deployment,CronJob`,
	}, ValidateClusterPolicy(policy))

	namespaced := ruleCase{rule: matchPods + validName}.namespacedPolicy(t)
	namespaced.Namespace = ""
	expect(t, []string{`metadata.namespace: Required value`}, ValidatePolicy(namespaced))
}

// What was written before a check existed must stay deletable: labels, finalizers and owners can still be changed.
func TestUpdatesAreNotHeldAgainstAnUnchangedSpec(t *testing.T) {
	invalid := ruleCase{rule: "match: {}\n" + validName}
	const complaint = `spec.rules[0].match: Required value: match cannot be empty: say under any which kinds the rule concerns`

	t.Run("ClusterPolicy", func(t *testing.T) {
		old := invalid.clusterPolicy(t)
		old.ResourceVersion = "1"
		labelled := old.DeepCopy()
		labelled.Labels = map[string]string{"a": "b"}
		expect(t, nil, ValidateClusterPolicyUpdate(labelled, old))
		changed := old.DeepCopy()
		changed.Spec.ApplyRules = kyvernov1.ApplyOne
		expect(t, []string{complaint}, ValidateClusterPolicyUpdate(changed, old))
		annotated := old.DeepCopy()
		annotated.Annotations = map[string]string{autogenAnnotation: "none"}
		expect(t, []string{complaint}, ValidateClusterPolicyUpdate(annotated, old))
	})
	t.Run("Policy", func(t *testing.T) {
		old := invalid.namespacedPolicy(t)
		old.ResourceVersion = "1"
		labelled := old.DeepCopy()
		labelled.Labels = map[string]string{"a": "b"}
		expect(t, nil, ValidatePolicyUpdate(labelled, old))
		changed := old.DeepCopy()
		changed.Spec.ApplyRules = kyvernov1.ApplyOne
		expect(t, []string{complaint}, ValidatePolicyUpdate(changed, old))
	})
}

func TestStatusUpdates(t *testing.T) {
	good := metav1.Condition{Type: kyvernov1.ConditionReady, Status: metav1.ConditionTrue, Reason: kyvernov1.ReasonSucceeded, LastTransitionTime: metav1.Now()}
	bad := good
	bad.Status = "true"
	want := []string{`status.conditions[0].status: Unsupported value: "true": supported values: "False", "True", "Unknown"`}

	old := ruleCase{rule: "match: {}\n"}.clusterPolicy(t)
	old.ResourceVersion = "1"
	policy := old.DeepCopy()
	policy.Status.Conditions = []metav1.Condition{good}
	expect(t, nil, ValidateClusterPolicyStatusUpdate(policy, old))
	policy.Status.Conditions = []metav1.Condition{bad}
	expect(t, want, ValidateClusterPolicyStatusUpdate(policy, old))

	oldNamespaced := ruleCase{rule: "match: {}\n"}.namespacedPolicy(t)
	oldNamespaced.ResourceVersion = "1"
	namespaced := oldNamespaced.DeepCopy()
	namespaced.Status.Conditions = []metav1.Condition{good}
	expect(t, nil, ValidatePolicyStatusUpdate(namespaced, oldNamespaced))
	namespaced.Status.Conditions = []metav1.Condition{bad}
	expect(t, want, ValidatePolicyStatusUpdate(namespaced, oldNamespaced))
}

// K14, U16: whatever reads for a Policy reads in its namespace.
func TestSourcesOfAPolicy(t *testing.T) {
	test := ruleCase{rule: matchPods + `
context:
- {name: a, apiCall: {service: {url: 'https://a.other.svc'}}}
- {name: b, configMap: {name: c, namespace: '{{ request.namespace }}'}}
validate: {deny: {}}`, spec: `rules: [{name: c, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {cel: {
  expressions: [{expression: 'true'}], paramKind: {apiVersion: v1, kind: Secret}, paramRef: {name: a, namespace: other}}}}]`}
	expect(t, nil, ValidateClusterPolicy(test.clusterPolicy(t)))
	expect(t, []string{
		`spec.rules[0].context[0].apiCall.service: Forbidden: a Policy calls nothing but the Kubernetes API, for its own namespace: write a ClusterPolicy`,
		`spec.rules[0].context[1].configMap.namespace: Invalid value: "{{ request.namespace }}": a Policy reads ConfigMaps of its own namespace only: say team, or write a ClusterPolicy`,
		`spec.rules[1].validate.cel.paramRef.namespace: Invalid value: "other": a Policy reads parameters of its own namespace only: say team, or write a ClusterPolicy`,
	}, ValidatePolicy(test.namespacedPolicy(t)))
}

func TestWhatOnlyAClusterPolicyMaySay(t *testing.T) {
	test := ruleCase{
		spec: "validationFailureActionOverrides: [{action: Enforce, namespaces: [a]}]",
		rule: `
match: {any: [{resources: {kinds: [Pod], namespaces: [a]}}]}
context:
- {name: a, configMap: {name: c, namespace: other}}
- {name: b, globalReference: {name: g}}
generate: {apiVersion: v1, kind: Secret, name: s, namespace: other, clone: {name: s, namespace: another}}`,
	}
	expect(t, nil, ValidateClusterPolicy(test.clusterPolicy(t)))
	expect(t, []string{
		`spec.validationFailureActionOverrides: Forbidden: a Policy concerns its own namespace only: remove the overrides, or write a ClusterPolicy`,
		`spec.rules[0].match.any[0].resources.namespaces: Forbidden: a Policy concerns its own namespace only: remove it, or write a ClusterPolicy`,
		`spec.rules[0].context[0].configMap.namespace: Invalid value: "other": a Policy reads ConfigMaps of its own namespace only: say team, or write a ClusterPolicy`,
		`spec.rules[0].context[1].globalReference: Forbidden: globalReference is not allowed in namespaced policies: write a ClusterPolicy`,
		`spec.rules[0].generate.namespace: Invalid value: "other": a Policy reads and writes in its own namespace only: say team, or write a ClusterPolicy`,
		`spec.rules[0].generate.clone.namespace: Invalid value: "another": a Policy reads and writes in its own namespace only: say team, or write a ClusterPolicy`,
	}, ValidatePolicy(test.namespacedPolicy(t)))
}
