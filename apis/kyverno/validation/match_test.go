package validation

import "testing"

func TestMatch(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"a filter that is excluded as a whole": {
			rule: "match: {any: [{resources: {kinds: [Pod]}}, {resources: {kinds: [Service]}}]}\nexclude: {any: [{resources: {kinds: [Pod]}}]}\n" + validName,
			want: []string{"spec.rules[0].match.any[0]: Forbidden: Rule is matching an empty set, for all that this fits is excluded: remove it, or narrow exclude"},
		},
		"all that the older form fits is excluded": {
			rule: "match: {resources: {kinds: [Pod], names: [a]}}\nexclude: {resources: {kinds: [Pod, Service]}}\n" + validName,
			want: []string{"spec.rules[0].match: Forbidden: Rule is matching an empty set, for all that this fits is excluded: remove it, or narrow exclude"},
		},
		"a part is excluded": {
			rule: "match: {resources: {kinds: [Pod, Service]}}\nexclude: {resources: {kinds: [Pod], namespaces: [a]}}\n" + validName,
		},
		"every kind with a type that it cannot have": {
			rule: "match: {any: [{resources: {kinds: ['*']}}]}\nvalidate: {foreach: [{list: a, deny: {}}]}",
			want: []string{`spec.rules[0].match.any[0].resources.kinds[0]: Invalid value: "*": wildcard policy does not support rule type foreach: name kinds`},
		},
		"every field, valid": {
			spec: "background: false",
			rule: validName + `
match:
  all:
  - resources:
      kinds: [Pod, apps/v1/Deployment]
      names: ["a*"]
      namespaces: ["team-?"]
      annotations: {"a*": "b?"}
      selector: {matchLabels: {"app*": "?x*"}, matchExpressions: [{key: a, operator: Exists}]}
      namespaceSelector: {}
      operations: [CREATE, UPDATE, CONNECT, DELETE]
    roles: ["team:admin"]
    clusterRoles: [view]
    subjects: [{kind: User, name: bob}, {kind: Group, name: "dev*"}, {kind: ServiceAccount, name: s, namespace: team}]
exclude:
  any:
  - {}
  - resources: {namespaces: [kube-system]}
  - clusterRoles: [cluster-admin]`,
		},
		"the older form": {rule: validName + "match: {resources: {kinds: [Pod], name: a}}\nexclude: {resources: {namespaces: [a]}}"},
		"empty": {
			rule: validName + "match: {resources: {}}",
			want: []string{`spec.rules[0].match: Required value: match cannot be empty: say under any which kinds the rule concerns`},
		},
		"several forms": {
			spec: "background: false",
			rule: validName + `
match: {any: [{resources: {kinds: [Pod]}}], all: [{resources: {kinds: [Pod]}}], resources: {kinds: [Pod]}}
exclude: {all: [{resources: {names: [a]}}], subjects: [{kind: User, name: bob}]}`,
			want: []string{
				`spec.rules[0].match.all: Forbidden: cannot be combined with any: move the filters under one of them`,
				`spec.rules[0].match.resources: Forbidden: cannot be combined with any: move it into a filter under any`,
				`spec.rules[0].exclude.subjects: Forbidden: cannot be combined with all: move it into a filter under all`,
			},
		},
		"filters without kinds": {
			rule: validName + "match: {any: [{resources: {names: [a]}}, {}, {resources: {kinds: ['']}}]}",
			want: []string{
				`spec.rules[0].match.any[0].resources.kinds: Required value: say which kinds the rule concerns, such as Pod`,
				`spec.rules[0].match.any[1].resources.kinds: Required value: say which kinds the rule concerns, such as Pod`,
				`spec.rules[0].match.any[2].resources.kinds[0]: Required value: name a kind, such as Pod or apps/v1/Deployment`,
			},
		},
		"name and names": {
			rule: validName + "match: {any: [{resources: {kinds: [Pod], name: a, names: [b]}}]}",
			want: []string{`spec.rules[0].match.any[0].resources.name: Forbidden: cannot be combined with names: add it to names`},
		},
		"unknown operations": {
			rule: validName + "match: {any: [{resources: {kinds: [Pod], operations: [create, '']}}]}",
			want: []string{
				`spec.rules[0].match.any[0].resources.operations[0]: Unsupported value: "create": supported values: "CREATE", "UPDATE", "CONNECT", "DELETE"`,
				`spec.rules[0].match.any[0].resources.operations[1]: Required value: name an operation, such as CREATE`,
			},
		},
		"selectors that say nothing or nonsense": {
			rule: validName + "match: {any: [{resources: {kinds: [Pod], selector: {}, namespaceSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}}]}",
			want: []string{
				`spec.rules[0].match.any[0].resources.selector: Required value: the selector has no requirements: add matchLabels or matchExpressions, or remove it`,
				`spec.rules[0].match.any[0].resources.namespaceSelector.matchExpressions[0].operator: Invalid value: "in": not a valid selector operator`,
			},
		},
		"a user in a background scan": {
			rule: validName + "match: {any: [{resources: {kinds: [Pod]}, roles: ['a:b']}]}\nexclude: {any: [{clusterRoles: [a]}, {subjects: [{kind: User, name: a}]}]}",
			want: []string{
				`spec.rules[0].match.any[0].roles: Forbidden: a background scan has no user to compare with: set spec.background to false, or remove it`,
				`spec.rules[0].exclude.any[0].clusterRoles: Forbidden: a background scan has no user to compare with: set spec.background to false, or remove it`,
				`spec.rules[0].exclude.any[1].subjects: Forbidden: a background scan has no user to compare with: set spec.background to false, or remove it`,
			},
		},
		"users that there cannot be": {
			spec: "background: false",
			rule: validName + "match: {any: [{resources: {kinds: [Pod]}, roles: [admin, ':a'], subjects: [{kind: Robot, name: a}, {name: b}, {kind: ServiceAccount, name: c}, {kind: User}]}]}",
			want: []string{
				`spec.rules[0].match.any[0].roles[0]: Invalid value: "admin": write the role as namespace:name`,
				`spec.rules[0].match.any[0].roles[1]: Invalid value: ":a": write the role as namespace:name`,
				`spec.rules[0].match.any[0].subjects[0].kind: Unsupported value: "Robot": supported values: "User", "Group", "ServiceAccount"`,
				`spec.rules[0].match.any[0].subjects[1].kind: Required value: say User, Group or ServiceAccount`,
				`spec.rules[0].match.any[0].subjects[2].namespace: Required value: name the namespace of the service account; wildcards are allowed`,
				`spec.rules[0].match.any[0].subjects[3].name: Required value: name the subject; wildcards are allowed`,
			},
		},
	})
}
