package validation

import "testing"

func TestValidation(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"deny without conditions": {rule: matchPods + "validate: {deny: {}}"},
		"an empty pattern":        {rule: matchPods + "validate: {pattern: {}}"},
		"a foreach in a foreach":  {rule: matchPods + "validate: {foreach: [{list: a, elementScope: false, foreach: [{list: b, anyPattern: [{a: b}]}]}]}"},
		"no demand": {
			rule: matchPods + "validate: {message: m, assert: {a: b}}",
			want: []string{`spec.rules[0].validate: Required value: specify one of pattern, anyPattern, deny, foreach, podSecurity, cel and manifests`},
		},
		"two demands": {
			rule: matchPods + "validate: {deny: {}, pattern: {}}",
			want: []string{`spec.rules[0].validate.deny: Forbidden: cannot be combined with pattern: give each a rule of its own`},
		},
		"actions that a rule does not know": {
			rule: matchPods + "validate: {failureAction: enforce, failureActionOverrides: [{action: Deny}], deny: {}}",
			want: []string{
				`spec.rules[0].validate.failureAction: Unsupported value: "enforce": supported values: "Audit", "Enforce"`,
				`spec.rules[0].validate.failureActionOverrides[0].action: Unsupported value: "Deny": supported values: "Audit", "Enforce", "audit", "enforce"`,
			},
		},
		"an action that says nothing": {
			rule: matchPods + "validate: {failureAction: '', deny: {}}",
			want: []string{`spec.rules[0].validate.failureAction: Required value: say Audit or Enforce, or remove the field`},
		},
		"anyPattern without a list": {
			rule: matchPods + "validate: {anyPattern: {a: b}}",
			want: []string{`spec.rules[0].validate.anyPattern: Invalid value: "{\"a\":\"b\"}": write a list of patterns, or use pattern for a single one`},
		},
		"incomplete foreach": {
			rule: matchPods + "validate: {foreach: [{pattern: {}, deny: {}}, {list: a}, {list: b, anyPattern: x, context: [{name: a}]}]}",
			want: []string{
				`spec.rules[0].validate.foreach[0].deny: Forbidden: cannot be combined with pattern: give each an entry of its own`,
				`spec.rules[0].validate.foreach[0].list: Required value: write a JMESPath expression that yields the elements, such as request.object.spec.containers`,
				`spec.rules[0].validate.foreach[1]: Required value: specify one of pattern, anyPattern, deny and foreach`,
				`spec.rules[0].validate.foreach[2].context[0]: Required value: specify one of configMap, apiCall, imageRegistry, variable and globalReference`,
				`spec.rules[0].validate.foreach[2].anyPattern: Invalid value: "\"x\"": write a list of patterns, or use pattern for a single one`,
			},
		},
		"incomplete CEL": {
			rule: matchPods + "validate: {cel: {variables: [{name: a, expression: '1'}, {name: a}, {expression: '1'}]}}",
			want: []string{
				`spec.rules[0].validate.cel.expressions: Required value: write at least one expression`,
				`spec.rules[0].validate.cel.variables[1].name: Duplicate value: "a"`,
				`spec.rules[0].validate.cel.variables[1].expression: Required value: write a CEL expression`,
				`spec.rules[0].validate.cel.variables[2].name: Required value: give the variable a name`,
			},
		},
		"incomplete manifests": {
			rule: matchPods + "validate: {manifests: {}}",
			want: []string{`spec.rules[0].validate.manifests.attestors: Required value: say who must have signed`},
		},
		"manifests signed by nobody": {
			rule: matchPods + "validate: {manifests: {attestors: [{}]}}",
			want: []string{`spec.rules[0].validate.manifests.attestors[0].entries: Required value: say who must have signed`},
		},
	})
}
