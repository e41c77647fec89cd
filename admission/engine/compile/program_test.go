package compile

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// policy reads a ClusterPolicy; %RULE% stands for the head of a rule on ConfigMaps.
func policy(t *testing.T, text string) *v1.ClusterPolicy {
	t.Helper()
	text = strings.ReplaceAll(text, "%RULE%", "name: r, match: {any: [{resources: {kinds: [ConfigMap]}}]}")
	p := &v1.ClusterPolicy{}
	if err := yaml.UnmarshalStrict([]byte(text), p); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

const goodRule = `{%RULE%, validate: {pattern: {data: {a: x}}}}`

func TestNew(t *testing.T) {
	fail, ignore := v1.Fail, v1.Ignore
	for _, test := range []struct {
		name, spec string
		check      func(*Program) bool
	}{
		{"defaults", ``, func(p *Program) bool {
			return p.FailClosed && p.Admission && p.Background && !p.EmitWarning && !p.ApplyOne && p.Scored && p.TimeoutSeconds == 0
		}},
		{"spec.failurePolicy", `failurePolicy: Ignore`, func(p *Program) bool { return !p.FailClosed }},
		{"webhookConfiguration comes first", `{failurePolicy: ` + string(ignore) + `, webhookConfiguration: {failurePolicy: ` + string(fail) + `, timeoutSeconds: 5}, webhookTimeoutSeconds: 7}`, func(p *Program) bool {
			return p.FailClosed && p.TimeoutSeconds == 5
		}},
		{"webhookTimeoutSeconds", `webhookTimeoutSeconds: 7`, func(p *Program) bool { return p.TimeoutSeconds == 7 }},
		{"switches", `{admission: false, emitWarning: true, applyRules: One}`, func(p *Program) bool { return !p.Admission && p.EmitWarning && p.ApplyOne }},
		{"background", `background: false`, func(p *Program) bool { return !p.Background }},
	} {
		pol := policy(t, `{metadata: {name: p}, spec: {rules: [`+goodRule+`]}}`)
		if err := yaml.UnmarshalStrict([]byte(test.spec), &pol.Spec); err != nil {
			t.Fatal(err)
		}
		p, errs := New(pol)
		if len(errs) > 0 || !test.check(p) {
			t.Errorf("%s: %+v, %v", test.name, p, errs)
		}
	}
}

func TestNewNamesThePolicy(t *testing.T) {
	cluster := policy(t, `{metadata: {name: p, annotations: {policies.kyverno.io/severity: high, policies.kyverno.io/category: c, policies.kyverno.io/scored: "false"}}, spec: {rules: [`+goodRule+`]}}`)
	p, _ := New(cluster)
	if (p.Policy != eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}) || p.Severity != "high" || p.Category != "c" || p.Scored {
		t.Errorf("%+v", p)
	}
	namespaced := &v1.Policy{ObjectMeta: cluster.ObjectMeta, Spec: cluster.Spec}
	namespaced.Namespace = "a"
	if p, _ = New(namespaced); p.Policy != (eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}) {
		t.Errorf("%+v", p.Policy)
	}
}

// TestD04OneBrokenRule: what is wrong with one rule takes no other down.
func TestD04OneBrokenRule(t *testing.T) {
	p, errs := New(policy(t, `{metadata: {name: p}, spec: {rules: [
		`+goodRule+`,
		{%RULE%, validate: {pattern: {data: {a: []}}}},
		{name: no-match, match: {}, validate: {pattern: {data: {a: x}}}}]}}`))
	if len(errs) != 2 || len(p.Rules) != 3 {
		t.Fatalf("%d rules, %v", len(p.Rules), errs)
	}
	if good := p.Rules[0]; good.Broken != "" || good.Demand == nil || good.Matcher == nil {
		t.Errorf("the good rule is %+v", good)
	}
	if bad := p.Rules[1]; !strings.Contains(bad.Broken, "spec.rules[1].validate.pattern.data.a") || bad.Demand != nil || bad.Matcher == nil {
		t.Errorf("the broken rule is %+v", bad)
	}
	if unmatched := p.Rules[2]; !strings.Contains(unmatched.Broken, "spec.rules[2].match") || unmatched.Matcher != nil {
		t.Errorf("the rule without a match is %+v", unmatched)
	}
}

// TestA02UnknownAction: an action that there is not breaks the rules, and no more.
func TestA02UnknownAction(t *testing.T) {
	p, errs := New(policy(t, `{metadata: {name: p}, spec: {validationFailureActionOverrides: [{action: Deny}], rules: [`+goodRule+`]}}`))
	if len(errs) != 1 || errs[0].Field != "spec.validationFailureActionOverrides[0].action" || p.Rules[0].Broken == "" {
		t.Errorf("%v, %+v", errs, p.Rules)
	}
}
