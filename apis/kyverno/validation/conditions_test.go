package validation

import "testing"

func TestConditions(t *testing.T) {
	const good = `{key: "{{ a }}", operator: Equals, value: 1}`
	runClusterCases(t, map[string]ruleCase{
		"both forms, valid": {
			rule: matchPods + "preconditions: {any: [" + good + "], all: [" + good + "]}\nvalidate: {deny: {conditions: [" + good + "]}}",
		},
		"something else": {
			rule: matchPods + "preconditions: {alll: [" + good + "]}\nvalidate: {deny: {conditions: x}}",
			want: []string{
				`spec.rules[0].preconditions: Invalid value: "{\"alll\":[{\"key\":\"{{ a }}\",\"operator\":\"Equals\",\"value\":1}]}": write an object with any and all, each a list of conditions with key, operator, value and message: decoding conditions: unknown field "alll"`,
				`spec.rules[0].validate.deny.conditions: Invalid value: "\"x\"": write an object with any and all, each a list of conditions with key, operator, value and message: decoding conditions: json: cannot unmarshal string into Go value of type v1.AnyAllConditions`,
			},
		},
		"incomplete": {
			rule: matchPods + validName + "preconditions: {any: [{}], all: [{key: a, operator: equals, value: 1}]}",
			want: []string{
				`spec.rules[0].preconditions.any[0].key: Required value: say which value is looked at`,
				`spec.rules[0].preconditions.any[0].value: Required value: say with which value it is compared`,
				`spec.rules[0].preconditions.any[0].operator: Required value: say how key and value are compared, such as Equals`,
				`spec.rules[0].preconditions.all[0].operator: Unsupported value: "equals": supported values: "Equals", "NotEquals", "Equal", "NotEqual", "AnyIn", "AllIn", "AnyNotIn", "AllNotIn", "GreaterThan", "GreaterThanOrEquals", "LessThan", "LessThanOrEquals", "DurationGreaterThan", "DurationGreaterThanOrEquals", "DurationLessThan", "DurationLessThanOrEquals", "In", "NotIn"`,
			},
		},
		"operations that there are not": {
			rule: matchPods + validName + `
preconditions:
- {key: "{{request.operation}}", operator: Equals, value: create}
- {key: "{{ request.operation }}", operator: AnyIn, value: [CREATE, patch, "{{ a }}", "*"]}
- {key: "{{ request.operation || 'BACKGROUND' }}", operator: Equals, value: BACKGROUND}
- {key: "{{ request.operation }}", operator: Equals, value: 1}`,
			want: []string{
				`spec.rules[0].preconditions[0].value: Unsupported value: "create": supported values: "CONNECT", "CREATE", "DELETE", "UPDATE"`,
				`spec.rules[0].preconditions[1].value[1]: Unsupported value: "patch": supported values: "CONNECT", "CREATE", "DELETE", "UPDATE"`,
			},
		},
	})
}

// Every field that holds conditions is looked at, however deep it lies.
func TestConditionsEverywhere(t *testing.T) {
	const bad = "{all: [{key: a, operator: x, value: 1}]}"
	unsupported := func(path string) string {
		return path + `.all[0].operator: Unsupported value: "x": supported values: "Equals", "NotEquals", "Equal", "NotEqual", "AnyIn", "AllIn", "AnyNotIn", "AllNotIn", "GreaterThan", "GreaterThanOrEquals", "LessThan", "LessThanOrEquals", "DurationGreaterThan", "DurationGreaterThanOrEquals", "DurationLessThan", "DurationLessThanOrEquals", "In", "NotIn"`
	}
	runClusterCases(t, map[string]ruleCase{
		"validate": {
			rule: matchPods + "preconditions: " + bad + "\nvalidate: {foreach: [{list: a, preconditions: " + bad + ", foreach: [{list: b, deny: {conditions: " + bad + "}}]}]}",
			want: []string{
				unsupported("spec.rules[0].preconditions"),
				unsupported("spec.rules[0].validate.foreach[0].preconditions"),
				unsupported("spec.rules[0].validate.foreach[0].foreach[0].deny.conditions"),
			},
		},
		"mutate": {
			rule: matchPods + "mutate: {targets: [{apiVersion: v1, kind: Secret, preconditions: " + bad + "}], foreach: [{list: a, foreach: [{list: b, patchStrategicMerge: {}, preconditions: " + bad + "}]}]}",
			want: []string{
				unsupported("spec.rules[0].mutate.targets[0].preconditions"),
				unsupported("spec.rules[0].mutate.foreach[0].foreach[0].preconditions"),
			},
		},
		"generate": {
			rule: matchPods + "generate: {foreach: [{list: a, apiVersion: v1, kind: Secret, name: s, preconditions: " + bad + "}]}",
			want: []string{unsupported("spec.rules[0].generate.foreach[0].preconditions")},
		},
		"verifyImages": {
			rule: matchPods + "verifyImages: [{failureAction: Enforce, imageReferences: ['*'], attestations: [{type: t, conditions: [" + bad + "]}], validate: {deny: {conditions: " + bad + "}}}]",
			want: []string{
				unsupported("spec.rules[0].verifyImages[0].attestations[0].conditions[0]"),
				unsupported("spec.rules[0].verifyImages[0].validate.deny.conditions"),
			},
		},
	})
}
