package validation

import "testing"

func TestGeneration(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"nothing but a name": {rule: matchPods + "generate: {apiVersion: v1, kind: Secret, name: s, namespace: a}"},
		"a list of clones":   {rule: matchPods + "generate: {namespace: a, cloneList: {namespace: b, kinds: [v1/Secret], selector: {matchLabels: {a: b}}}}"},
		"for each element":   {rule: matchPods + "generate: {foreach: [{list: a, apiVersion: v1, kind: Secret, name: s, data: {}}]}"},
		"nothing": {
			rule: matchPods + "generate: {synchronize: true}",
			want: []string{
				`spec.rules[0].generate.apiVersion: Required value: say the group and version of the generated resource, such as v1`,
				`spec.rules[0].generate.kind: Required value: say the kind of the generated resource`,
				`spec.rules[0].generate.name: Required value: name the generated resource`,
			},
		},
		"two sources": {
			rule: matchPods + "generate: {apiVersion: v1, kind: Secret, name: s, data: {}, clone: {}}",
			want: []string{
				`spec.rules[0].generate.clone: Forbidden: cannot be combined with data: give each a rule of its own`,
				`spec.rules[0].generate.clone.name: Required value: name the resource that is copied`,
			},
		},
		"a source beside foreach, and an incomplete one": {
			rule: matchPods + "generate: {data: {}, foreach: [{apiVersion: v1, kind: Secret, name: s, context: [{name: a}], data: {}, clone: {name: a}}]}",
			want: []string{
				`spec.rules[0].generate.data: Forbidden: cannot be combined with foreach: give each a rule of its own`,
				`spec.rules[0].generate.foreach[0].list: Required value: write a JMESPath expression that yields the elements, such as request.object.spec.containers`,
				`spec.rules[0].generate.foreach[0].context[0]: Required value: specify one of configMap, apiCall, imageRegistry, variable and globalReference`,
				`spec.rules[0].generate.foreach[0].clone: Forbidden: cannot be combined with data: give each an entry of its own`,
			},
		},
		"a list of clones that says too little and too much": {
			rule: matchPods + "generate: {kind: Secret, name: s, cloneList: {selector: {matchLabels: {b: 'c*', 'a?': x}}}}",
			want: []string{
				`spec.rules[0].generate.cloneList.kinds: Required value: say which kinds are copied, such as v1/Secret`,
				`spec.rules[0].generate.kind: Forbidden: cloneList says what is copied: remove it`,
				`spec.rules[0].generate.name: Forbidden: cloneList says what is copied: remove it`,
				`spec.rules[0].generate.cloneList.selector.matchLabels[a?]: Invalid value: "x": wildcards are not allowed here: write the label out`,
				`spec.rules[0].generate.cloneList.selector.matchLabels[b]: Invalid value: "c*": wildcards are not allowed here: write the label out`,
			},
		},
		"a rule that triggers itself": {
			rule: "match: {resources: {kinds: [Pod, Secret]}}\ngenerate: {apiVersion: v1, kind: Secret, name: s, data: {}}",
			want: []string{`spec.rules[0].generate.kind: Invalid value: "Secret": generation kind and match resource kind should not be the same: the rule would trigger itself`},
		},
	})
}
