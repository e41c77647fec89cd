package validation

import "testing"

func TestMutation(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"a target by label": {rule: matchPods + "mutate: {mutateExistingOnPolicyUpdate: true, targets: [{apiVersion: v1, kind: Secret, selector: {matchLabels: {a: 'b*'}}}], patchStrategicMerge: {}}"},
		"a foreach in a foreach": {
			rule: matchPods + "mutate: {foreach: [{list: a, order: Ascending, foreach: [{list: b, patchesJson6902: '- op: remove'}]}]}",
		},
		"no patch": {
			rule: matchPods + "mutate: {}",
			want: []string{`spec.rules[0].mutate: Required value: specify one of patchStrategicMerge, patchesJson6902 and foreach`},
		},
		"two patches": {
			rule: matchPods + "mutate: {patchStrategicMerge: {}, patchesJson6902: a}",
			want: []string{`spec.rules[0].mutate.patchesJson6902: Forbidden: cannot be combined with patchStrategicMerge: give each a rule of its own`},
		},
		"targets that there are not": {
			rule: matchPods + "mutate: {mutateExistingOnPolicyUpdate: true, patchStrategicMerge: {}}",
			want: []string{`spec.rules[0].mutate.targets: Required value: say which resources are to be changed, or remove mutateExistingOnPolicyUpdate`},
		},
		"incomplete targets": {
			rule: matchPods + "mutate: {targets: [{selector: {matchExpressions: [{key: a, operator: in, values: [b]}]}, context: [{name: a}]}], patchStrategicMerge: {}}",
			want: []string{
				`spec.rules[0].mutate.targets[0].apiVersion: Required value: say the group and version of the target, such as apps/v1`,
				`spec.rules[0].mutate.targets[0].kind: Required value: say the kind of the target`,
				`spec.rules[0].mutate.targets[0].selector.matchExpressions[0].operator: Invalid value: "in": not a valid selector operator`,
				`spec.rules[0].mutate.targets[0].context[0]: Required value: specify one of configMap, apiCall, imageRegistry, variable and globalReference`,
			},
		},
		"incomplete foreach": {
			rule: matchPods + "mutate: {foreach: [{order: Random, context: [{name: a}]}, {list: a, order: '', patchStrategicMerge: {}}]}",
			want: []string{
				`spec.rules[0].mutate.foreach[0].list: Required value: write a JMESPath expression that yields the elements, such as request.object.spec.containers`,
				`spec.rules[0].mutate.foreach[0].order: Unsupported value: "Random": supported values: "Ascending", "Descending"`,
				`spec.rules[0].mutate.foreach[0]: Required value: specify one of patchStrategicMerge and patchesJson6902`,
				`spec.rules[0].mutate.foreach[0].context[0]: Required value: specify one of configMap, apiCall, imageRegistry, variable and globalReference`,
				`spec.rules[0].mutate.foreach[1].order: Required value: say Ascending or Descending, or remove the field`,
			},
		},
		"a nested foreach beside something else": {
			rule: matchPods + "mutate: {foreach: [{list: a, context: [{name: a, variable: {value: 1}}], preconditions: {}, patchStrategicMerge: {}, patchesJson6902: a, foreach: [{list: b, patchStrategicMerge: {}}]}]}",
			want: []string{
				`spec.rules[0].mutate.foreach[0].context: Forbidden: a nested foreach cannot contain other declarations: move it into the inner foreach`,
				`spec.rules[0].mutate.foreach[0].preconditions: Forbidden: a nested foreach cannot contain other declarations: move it into the inner foreach`,
				`spec.rules[0].mutate.foreach[0].patchStrategicMerge: Forbidden: a nested foreach cannot contain other declarations: move it into the inner foreach`,
				`spec.rules[0].mutate.foreach[0].patchesJson6902: Forbidden: a nested foreach cannot contain other declarations: move it into the inner foreach`,
			},
		},
	})
}
