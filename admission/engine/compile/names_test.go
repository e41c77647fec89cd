package compile

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct{ background, rule, field, detail string }{
		{"false", `validate: {message: "{{ request.object.a }} {{ images.containers }} {{ serviceAccountName }}", deny: {}}`, "", ""},
		{"false", `context: [{name: v, variable: {value: 1}}], validate: {message: "{{ v }}", deny: {}}`, "", ""},
		{"false", `validate: {message: "{{ v.x }}", deny: {}}`, "spec.rules[0].validate.message", "variable v.x must match regex"},
		{"false", `preconditions: {all: [{key: "{{ typo.object }}", operator: Equals, value: x}]}, validate: {deny: {}}`, "spec.rules[0].preconditions.all[0].key", "typo.object"},
		{"false", `validate: {message: "{{ element.name }}", deny: {}}`, "spec.rules[0].validate.message", "variable 'element.name' present outside of foreach"},
		{"false", `validate: {foreach: [{list: request.object.l, context: [{name: w, variable: {value: "{{ element }}"}}], deny: {conditions: {any: [{key: "{{ w }}{{ elementIndex }}", operator: Equals, value: x}]}}}]}`, "", ""},
		{"true", `validate: {message: "{{ request.userInfo.username }}", deny: {}}`, "spec.rules[0].validate.message", "only select variables are allowed in background mode"},
		{"true", `validate: {message: "{{ serviceAccountName }}", deny: {}}`, "spec.rules[0].validate.message", "background"},
		{"true", `validate: {pattern: {data: {"{{ request.roles }}": x}}}`, "spec.rules[0].validate.pattern.data.{{ request.roles }}", "background"},
		{"true", `validate: {message: "{{ request.operation }}", deny: {}}`, "", ""},
		{"false", `exclude: {any: [{resources: {names: ["{{ request.name }}"]}}]}, validate: {deny: {}}`, "spec.rules[0].exclude.any[0].resources.names[0]", "not allowed in match and exclude"},
		{"false", `validate: {cel: {expressions: [{expression: "object.metadata.name != '{{ x }}'"}]}}`, "", ""},
	} {
		_, errs := New(policy(t, `{metadata: {name: p}, spec: {background: `+test.background+`, rules: [{%RULE%, `+test.rule+`}]}}`))
		switch {
		case test.field == "" && len(errs) > 0:
			t.Errorf("%s: %v", test.rule, errs)
		case test.field != "" && (len(errs) != 1 || errs[0].Field != test.field || !strings.Contains(errs[0].Detail, test.detail)):
			t.Errorf("%s: %v; want %s about %q", test.rule, errs, test.field, test.detail)
		}
	}
}
