package offline

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/cmd/edict/manifest"
)

func documents(t *testing.T, content string) []*manifest.Document {
	t.Helper()
	docs, errs := manifest.Parse("f.yaml", []byte(content))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return docs
}

// policy is a ClusterPolicy with one rule on Pods.
func policy(name, check string) string {
	return `---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: ` + name + `
spec:
  rules:
  - name: r
    match: {any: [{resources: {kinds: [Pod]}}]}
` + check
}

const limits = "    validate: {message: never, pattern: {spec: {hostNetwork: false}}}\n"

func TestReadPoliciesSorts(t *testing.T) {
	p := ReadPolicies(documents(t, policy("a", limits)+strings.Replace(policy("b", limits), "kyverno.io/v1", "kyverno.io/v2beta1", 1)+`---
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: ns}
spec:
  match: {any: [{resources: {kinds: [Pod]}}]}
  exceptions: [{policyName: a, ruleNames: [r]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: vpol}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: vap}
---
apiVersion: kyverno.io/v2
kind: ClusterCleanupPolicy
metadata: {name: cleanup}
---
apiVersion: kyverno.io/v9
kind: ClusterPolicy
metadata: {name: future}
---
foo: bar
`))
	got := struct{ Valid, Exceptions, Invalid, Unsupported, Others []string }{}
	for _, v := range p.Valid {
		got.Valid = append(got.Valid, v.Program.Ref().String())
	}
	for _, e := range p.Exceptions {
		got.Exceptions = append(got.Exceptions, e.Object.Name)
	}
	for _, i := range p.Invalid {
		got.Invalid = append(got.Invalid, i.Name+": "+i.Errors[0].Error())
	}
	for _, u := range p.Unsupported {
		got.Unsupported = append(got.Unsupported, u.String())
	}
	for _, o := range p.Others {
		got.Others = append(got.Others, o.String())
	}
	want := got
	want.Valid = []string{"a", "b"}
	want.Exceptions = []string{"e"}
	want.Invalid = []string{"future: f.yaml:45:13: apiVersion: kyverno.io/v9 is no version of ClusterPolicy; write kyverno.io/v1, or kyverno.io/v2 for a PolicyException"}
	want.Unsupported = []string{
		"f.yaml:33: ValidatingPolicy vpol: policies of the group policies.kyverno.io are not evaluated yet",
		"f.yaml:37: ValidatingAdmissionPolicy vap: the API server's own admission policies are not evaluated yet",
		"f.yaml:41: ClusterCleanupPolicy cleanup: cleanup policies are not evaluated yet",
	}
	want.Others = []string{"f.yaml:29: ClusterRole reader: not a policy", "f.yaml:49: a document without kind: not a policy"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestInvalidPoliciesPointAtTheirErrors(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"an unknown field":       {policy("p", "    validate:\n      patern: {a: b}\n"), `f.yaml:11:7: unknown field "spec.rules[0].validate.patern"`},
		"M12 a field in capital": {policy("p", "    Validate: {pattern: {a: b}}\n"), `f.yaml:10:5: unknown field "spec.rules[0].Validate"`},
		"a wrong type":           {policy("p", "    validate:\n      message: [a]\n      pattern: {a: b}\n"), "f.yaml:11:7: spec.rules[0].validate.message: array found where string is wanted"},
		"no check":               {policy("p", "    validate:\n      message: a\n"), "f.yaml:10:5: spec.rules[0].validate: "},
		"a bad pattern":          {policy("p", "    validate:\n      pattern:\n        spec:\n          ^(a): b\n"), "f.yaml:13:17: spec.rules[0].validate.pattern.spec.^(a): "},
		"an expression":          {policy("p", "    validate:\n      message: \"{{ request.object.a[ }}\"\n      pattern: {a: b}\n"), "f.yaml:11:16: spec.rules[0].validate.message: "},
		"v2beta1": {strings.Replace(strings.Replace(policy("p", limits), "kyverno.io/v1", "kyverno.io/v2beta1", 1), "{any: [{resources: {kinds: [Pod]}}]}", "{resources: {kinds: [Pod]}}", 1),
			"f.yaml:9:13: spec.rules[0].match.resources: "},
	} {
		t.Run(name, func(t *testing.T) {
			p := ReadPolicies(documents(t, test.content))
			if len(p.Invalid) != 1 || len(p.Valid) != 0 {
				t.Fatalf("%d invalid, %d valid", len(p.Invalid), len(p.Valid))
			}
			if got := p.Invalid[0].Errors[0].Error(); !strings.HasPrefix(got, test.want) {
				t.Errorf("got %v, want %s", p.Invalid[0].Errors, test.want)
			}
		})
	}
}

func TestUnsupportedRules(t *testing.T) {
	p := ReadPolicies(documents(t, policy("p", limits+`  - name: m
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}
`)))
	if len(p.Valid) != 1 {
		t.Fatalf("invalid: %v", p.Invalid)
	}
	for rule, want := range map[string]bool{"r": false, "autogen-r": false, "m": true, "autogen-m": true, "autogen-cronjob-m": true} {
		if what, ok := p.Valid[0].unsupportedRule(rule); ok != want || ok && !strings.Contains(what, "mutate") {
			t.Errorf("%s: %v %q", rule, ok, what)
		}
	}
}

func TestRuleCountHasAutogen(t *testing.T) {
	p := ReadPolicies(documents(t, policy("p", limits)))
	if got := p.Valid[0].RuleCount(); got != 3 {
		t.Errorf("%d rules, want 3", got)
	}
}

func FuzzReadPolicies(f *testing.F) {
	f.Add(policy("p", limits))
	f.Add("apiVersion: kyverno.io/v2\nkind: PolicyException\nspec: {match: {any: [{}]}}")
	f.Fuzz(func(t *testing.T, content string) {
		docs, _ := manifest.Parse("f", []byte(content))
		p := ReadPolicies(docs)
		if len(p.Valid)+len(p.Exceptions)+len(p.Invalid)+len(p.Unsupported)+len(p.Others) != len(docs) {
			t.Error("a document was lost")
		}
	})
}
