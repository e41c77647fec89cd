package validation

import (
	"strings"
	"testing"
)

func TestSpec(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"nothing but a rule": {rule: matchPods + validName},
		"every field, valid": {
			spec: `
applyRules: One
validationFailureAction: enforce
validationFailureActionOverrides: [{action: audit, namespaces: [a], namespaceSelector: {matchLabels: {a: b}}}, {action: Audit, namespaces: [a]}]
emitWarning: true
admission: true
background: false
schemaValidation: false
webhookTimeoutSeconds: 30
webhookConfiguration: {failurePolicy: Ignore, matchConditions: [{name: no-nodes, expression: "true"}]}
generateExisting: false
useServerSideApply: true`,
			rule: matchPods + validName,
		},
		"unknown words": {
			spec: `
applyRules: Some
failurePolicy: Abort
validationFailureAction: Block
validationFailureActionOverrides: [{action: Deny}]
webhookConfiguration: {failurePolicy: ""}`,
			rule: matchPods + validName,
			want: []string{
				`spec.applyRules: Unsupported value: "Some": supported values: "All", "One"`,
				`spec.failurePolicy: Unsupported value: "Abort": supported values: "Ignore", "Fail"`,
				`spec.validationFailureAction: Unsupported value: "Block": supported values: "Audit", "Enforce", "audit", "enforce"`,
				`spec.validationFailureActionOverrides[0].action: Unsupported value: "Deny": supported values: "Audit", "Enforce", "audit", "enforce"`,
				`spec.webhookConfiguration.failurePolicy: Required value: say Fail or Ignore, or remove the field`,
				`spec.failurePolicy: Forbidden: cannot be combined with spec.webhookConfiguration.failurePolicy: remove failurePolicy`,
			},
		},
		"timeouts that no webhook may have": {
			spec: "webhookTimeoutSeconds: 0\nwebhookConfiguration: {timeoutSeconds: 31}",
			rule: matchPods + validName,
			want: []string{
				`spec.webhookTimeoutSeconds: Invalid value: 0: choose a number of seconds from 1 to 30`,
				`spec.webhookConfiguration.timeoutSeconds: Invalid value: 31: choose a number of seconds from 1 to 30`,
				`spec.webhookTimeoutSeconds: Forbidden: cannot be combined with spec.webhookConfiguration.timeoutSeconds: remove webhookTimeoutSeconds`,
			},
		},
		"overrides that contradict each other": {
			spec: "validationFailureActionOverrides: [{action: Enforce, namespaces: [a]}, {action: Audit, namespaces: [b, a]}]",
			rule: matchPods + validName,
			want: []string{
				`spec.validationFailureActionOverrides[1].namespaces[1]: Invalid value: "a": another override gives this namespace another action: name it in one override only`,
			},
		},
		"match conditions that no webhook may have": {
			spec: "webhookConfiguration: {matchConditions: [{name: a b, expression: 'true'}, {name: a, expression: ' '}, {name: a, expression: 'true'}, {expression: 'true'}]}",
			rule: matchPods + validName,
			want: []string{
				`spec.webhookConfiguration.matchConditions[0].name: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
				`spec.webhookConfiguration.matchConditions[1].expression: Required value: write a CEL expression that yields true or false`,
				`spec.webhookConfiguration.matchConditions[2].name: Duplicate value: "a"`,
				`spec.webhookConfiguration.matchConditions[3].name: Required value: give the condition a name, such as no-nodes`,
			},
		},
		"a field that has been replaced": {
			spec: "generateExistingOnPolicyUpdate: false",
			rule: matchPods + validName,
			want: []string{`spec.generateExistingOnPolicyUpdate: Forbidden: it has been replaced: use generate.generateExisting of the rule`},
		},
		"evaluated nowhere": {
			spec: "admission: false\nbackground: false",
			rule: matchPods + validName,
			want: []string{`spec.background: Forbidden: disabling both admission and background processing is not allowed: let one of them be true`},
		},
		"a mutate rule without admission": {
			spec: "admission: false",
			rule: matchPods + "mutate: {patchStrategicMerge: {}}",
			want: []string{`spec.admission: Forbidden: only policies whose rules are all validate rules may switch admission off, and rules[0] is none: remove admission, or move the rule to another policy`},
		},
		"targets that there are not": {
			spec: "mutateExistingOnPolicyUpdate: true",
			rule: matchPods + "mutate: {patchStrategicMerge: {}}",
			want: []string{`spec.mutateExistingOnPolicyUpdate: Forbidden: rules[0].mutate has no targets: say which resources are to be changed, or set mutate.mutateExistingOnPolicyUpdate in the rules that have them`},
		},
		"the policy's value beside the rule's": {
			spec: "validationFailureAction: Audit",
			rule: matchPods + "validate: {failureAction: Enforce, pattern: {}}",
		},
	})
}

func TestRules(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"two types": {
			rule: matchPods + validName + "mutate: {patchStrategicMerge: {}}\ngenerate: {apiVersion: v1, kind: Secret, name: s, data: {}}",
			want: []string{
				`spec.rules[0].mutate: Forbidden: cannot be combined with validate: give each a rule of its own`,
				`spec.rules[0].generate: Forbidden: cannot be combined with validate: give each a rule of its own`,
			},
		},
		"no type": {
			rule: matchPods + "verifyImages: []",
			want: []string{`spec.rules[0]: Required value: specify one of validate, mutate, generate and verifyImages`},
		},
		"a name that is too long": {
			rule: "name: " + strings.Repeat("x", 64) + "\n" + matchPods + validName,
			want: []string{`spec.rules[0].name: Too long: may not be more than 63 bytes`},
		},
		"names that repeat or are missing": {
			rule: matchPods + validName,
			spec: `
rules:
- name: r
  match: {any: [{resources: {kinds: [Pod]}}]}
  validate: {deny: {}}
- match: {any: [{resources: {kinds: [Pod]}}]}
  validate: {deny: {}}`,
			want: []string{
				`spec.rules[1].name: Duplicate value: "r"`,
				`spec.rules[2].name: Required value: give the rule a name of at most 63 characters`,
			},
		},
		"CEL conditions without CEL": {
			rule: matchPods + validName + "celPreconditions: [{name: a, expression: 'true'}]",
			want: []string{`spec.rules[0].celPreconditions: Forbidden: only rules with validate.cel may have them: use preconditions`},
		},
		"CEL conditions with names for people": {
			rule: matchPods + "celPreconditions: [{name: Label is red, expression: 'true'}]\nvalidate: {cel: {expressions: [{expression: 'true'}]}}",
		},
		"CEL with a context": {
			rule: matchPods + "context: [{name: a, variable: {value: 1}}]\nvalidate: {cel: {expressions: [{expression: 'true'}]}}",
			want: []string{`spec.rules[0].context: Forbidden: a rule with validate.cel has no context: use validate.cel.variables and paramKind`},
		},
	})
}
