package policyexception

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authorization/authorizer"
	"sigs.k8s.io/yaml"

	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// may lets everybody do what it lists, each as verb group/resource namespace name.
type may struct {
	allowed []string
	err     error
}

func (m *may) Authorize(_ context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
	question := strings.Join([]string{request.GetVerb(), request.GetAPIGroup() + "/" + request.GetResource(), request.GetNamespace(), request.GetName()}, " ")
	if request.IsResourceRequest() && slices.Contains(m.allowed, question) {
		return authorizer.DecisionAllow, "", nil
	}
	return authorizer.DecisionNoOpinion, "", m.err
}

const (
	matchNamed = "match: {any: [{resources: {kinds: [Pod], names: [a]}}]}\n"
	fromRule   = "exceptions: [{policyName: p, ruleNames: [r]}]\n"
)

func TestX01BroadExceptionsAreForThoseWhoMayEditThePolicies(t *testing.T) {
	const (
		policy  = "update kyverno.io/clusterpolicies  p"
		inTeam  = "update kyverno.io/policies team p"
		every   = "update kyverno.io/clusterpolicies  "
		inEvery = "update kyverno.io/policies  p"
	)
	for name, test := range map[string]struct {
		spec  string
		needs []string // rights without which it is refused
		field string   // what is complained about
	}{
		"X01 named rules and resources":       {spec: matchNamed + fromRule},
		"X01 rules by a prefix":               {spec: matchNamed + "exceptions: [{policyName: p, ruleNames: [autogen-*]}]"},
		"X01 every rule":                      {spec: matchNamed + "exceptions: [{policyName: p, ruleNames: [r, '*']}]", needs: []string{policy}, field: "spec.exceptions[0].ruleNames[1]"},
		"X01 every rule, in other words":      {spec: matchNamed + "exceptions: [{policyName: p, ruleNames: ['?*']}]", needs: []string{policy}, field: "spec.exceptions[0].ruleNames[0]"},
		"X01 every rule of a Policy":          {spec: matchNamed + "exceptions: [{policyName: team/p, ruleNames: ['**']}]", needs: []string{inTeam}, field: "spec.exceptions[0].ruleNames[0]"},
		"X01 every rule of two":               {spec: matchNamed + "exceptions: [{policyName: p, ruleNames: ['*']}, {policyName: team/p, ruleNames: ['*']}]", needs: []string{policy, inTeam}, field: "spec.exceptions[1].ruleNames[0]"},
		"X01 every policy":                    {spec: matchNamed + "exceptions: [{policyName: '*', ruleNames: [r]}]", needs: []string{every}, field: "spec.exceptions[0].policyName"},
		"X01 the policies of every namespace": {spec: matchNamed + "exceptions: [{policyName: '*/p', ruleNames: [r]}]", needs: []string{inEvery}, field: "spec.exceptions[0].policyName"},
		"X01 no match":                        {spec: fromRule + "match: {}", needs: []string{policy}, field: "spec.match"},
		"X01 a filter that says nothing":      {spec: fromRule + "match: {any: [{}]}", needs: []string{policy}, field: "spec.match"},
		"X01 every kind":                      {spec: fromRule + "match: {any: [{resources: {kinds: [Pod], names: [a]}}, {resources: {kinds: ['*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 every kind and subresource":      {spec: fromRule + "match: {any: [{resources: {kinds: ['*/*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 every name":                      {spec: fromRule + "match: {any: [{resources: {names: ['*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 a name beside every other":       {spec: fromRule + "match: {any: [{resources: {names: [a, '*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 every namespace":                 {spec: fromRule + "match: {any: [{resources: {namespaces: ['?*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 operations, which are ignored":   {spec: fromRule + "match: {any: [{resources: {operations: [CREATE]}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 labels that demand nothing":      {spec: fromRule + "match: {any: [{resources: {namespaceSelector: {}}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 all of several that are broad":   {spec: fromRule + "match: {all: [{resources: {kinds: ['*']}}, {resources: {names: ['*']}}]}", needs: []string{policy}, field: "spec.match"},
		"X01 one of all is narrow":            {spec: fromRule + "match: {all: [{resources: {kinds: ['*']}}, {resources: {names: [a]}}]}"},
		"X01 a namespace":                     {spec: fromRule + "match: {any: [{resources: {namespaces: [team]}}]}"},
		"X01 a user":                          {spec: fromRule + "background: false\nmatch: {any: [{subjects: [{kind: User, name: a}]}]}"},
		"X01 labels":                          {spec: fromRule + "match: {any: [{resources: {selector: {matchLabels: {a: b}}}}]}"},
	} {
		t.Run(name, func(t *testing.T) {
			exception := &kyvernov2.PolicyException{}
			exception.Name, exception.Namespace = "e", "team"
			if err := yaml.UnmarshalStrict([]byte(test.spec), &exception.Spec); err != nil {
				t.Fatal(err)
			}
			s := newStrategy()
			s.authorizer = &may{allowed: test.needs}
			if errs := s.Validate(as("alice"), exception); len(errs) > 0 {
				t.Errorf("refused to somebody who may edit the policies: %v", errs)
			}
			for i := range test.needs {
				s.authorizer = &may{allowed: slices.Delete(slices.Clone(test.needs), i, i+1)}
				errs := s.Validate(as("alice"), exception)
				if len(errs) != 1 || errs[0].Field != test.field && len(test.needs) == 1 {
					t.Errorf("without %s: %v", test.needs[i], errs)
				}
			}
			if len(test.needs) == 0 {
				return
			}
			// Whoever is not known, or of whom nothing can be told, may nothing.
			if errs := s.Validate(context.Background(), exception); len(errs) == 0 {
				t.Error("accepted of nobody")
			}
			s.authorizer = &may{err: errors.New("no answer")}
			if errs := s.Validate(as("alice"), exception); len(errs) == 0 || !strings.Contains(errs[0].Detail, "no answer") {
				t.Errorf("when nothing can be told: %v", errs)
			}
			// The same on an update of the spec, and not on one of a label.
			old := exceptionIn("team")
			old.ResourceVersion = "1"
			changed := old.DeepCopy()
			changed.Spec = exception.Spec
			if errs := s.ValidateUpdate(as("alice"), changed, old); len(errs) == 0 {
				t.Error("an update is accepted")
			}
			labelled := changed.DeepCopy()
			labelled.Labels = map[string]string{"a": "b"}
			if errs := s.ValidateUpdate(as("alice"), labelled, changed); len(errs) > 0 {
				t.Errorf("a label: %v", errs)
			}
		})
	}
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	exception := exceptionIn("team")
	exception.Spec.Exceptions[0].RuleNames = []string{"*"}
	errs := newStrategy().Validate(as("alice"), exception)
	const want = `spec.exceptions[0].ruleNames[0]: Forbidden: only who may update the ClusterPolicy p may write this ` +
		`(alice may not update clusterpolicies of the group kyverno.io "p"), and it exempts from every rule, also from those that are yet to be written: name the rules`
	if len(errs) != 1 || errs[0].Error() != want {
		t.Errorf("got  %v\nwant %s", errs, want)
	}
}
