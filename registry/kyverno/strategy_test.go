package kyverno

import (
	"context"
	"reflect"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// broken refuses policies whose first rule has that name, and warns of all others.
type broken struct{ calls *int }

func (b broken) Validate(_ context.Context, policy kyvernov1.Object) field.ErrorList {
	*b.calls++
	if rules := policy.PolicySpec().Rules; len(rules) > 0 && rules[0].Name == "broken" {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "rules").Index(0), "broken", "mend it")}
	}
	return nil
}

func (b broken) Warnings(context.Context, kyvernov1.Object) []string { return []string{"judged"} }

// mayNothing lets nobody do anything.
type mayNothing struct{}

func (mayNothing) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	return authorizer.DecisionNoOpinion, "", nil
}

func newStrategy(calls *int) strategy {
	nothing := func(kyvernov1.Object) field.ErrorList { return nil }
	nothingChanged := func(_, _ kyvernov1.Object) field.ErrorList { return nil }
	return strategy{
		resource: Resource{
			Validate: nothing, ValidateUpdate: nothingChanged, ValidateStatusUpdate: nothingChanged,
			Overwrite: func(policy, with kyvernov1.Object) {
				with.(*kyvernov1.ClusterPolicy).DeepCopyInto(policy.(*kyvernov1.ClusterPolicy))
			},
		},
		validator:  broken{calls},
		authorizer: mayNothing{},
	}
}

func policy(rule, pattern string) *kyvernov1.ClusterPolicy {
	return &kyvernov1.ClusterPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Generation: 4},
		Spec: kyvernov1.Spec{Rules: []kyvernov1.Rule{{
			Name: rule, Validate: &kyvernov1.Validation{Pattern: &apiextensionsv1.JSON{Raw: []byte(pattern)}},
		}}},
		Status: kyvernov1.PolicyStatus{Author: &kyvernov1.Author{Username: "alice"}},
	}
}

func as(name string) context.Context {
	return genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: name})
}

func TestAuthorAndGeneration(t *testing.T) {
	const pattern = `{"a":1,"b":[2]}`
	annotated := policy("r", pattern)
	annotated.Annotations = map[string]string{"a": "b"}
	for _, c := range []struct {
		name       string
		ctx        context.Context
		change     *kyvernov1.ClusterPolicy
		generation int64
		author     *kyvernov1.Author
	}{
		{"nothing", as("bob"), policy("r", pattern), 4, &kyvernov1.Author{Username: "alice"}},
		{"metadata", as("bob"), annotated, 4, &kyvernov1.Author{Username: "alice"}},
		{"the order of keys and white space", as("bob"), policy("r", `{"b": [2], "a": 1}`), 4, &kyvernov1.Author{Username: "alice"}},
		{"a value in any JSON", as("bob"), policy("r", `{"a":1,"b":[3]}`), 5, &kyvernov1.Author{Username: "bob"}},
		{"a rule", as("bob"), policy("s", pattern), 5, &kyvernov1.Author{Username: "bob"}},
		{"a rule, by nobody known", context.Background(), policy("s", pattern), 5, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.change.Status.Author = &kyvernov1.Author{Username: "forged"}
			old := policy("r", pattern)
			newStrategy(new(int)).PrepareForUpdate(c.ctx, c.change, old)
			if c.change.Generation != c.generation || !reflect.DeepEqual(c.change.Status.Author, c.author) {
				t.Errorf("generation %d by %+v, want %d by %+v", c.change.Generation, c.change.Status.Author, c.generation, c.author)
			}
			if !reflect.DeepEqual(old, policy("r", pattern)) {
				t.Error("the stored policy was changed")
			}
		})
	}
}

// An empty list is not silence: it is read back, so a change from one to the other is a change.
func TestEmptyIsNotSilence(t *testing.T) {
	silent, empty := policy("r", "{}"), policy("r", "{}")
	empty.Spec.Rules[0].Context = []kyvernov1.ContextEntry{}
	if sameSpec(silent, empty) {
		t.Error("an empty list counts as none")
	}
}

func TestValidator(t *testing.T) {
	annotated := func(p *kyvernov1.ClusterPolicy) *kyvernov1.ClusterPolicy {
		p.Annotations = map[string]string{"a": "b"}
		return p
	}
	labelled := func(p *kyvernov1.ClusterPolicy) *kyvernov1.ClusterPolicy {
		p.Labels = map[string]string{"a": "b"}
		return p
	}
	for _, c := range []struct {
		name           string
		policy, old    *kyvernov1.ClusterPolicy
		refused, asked bool
	}{
		{"a spec that is broken", policy("broken", "{}"), policy("r", "{}"), true, true},
		{"a spec that is mended", policy("r", "{}"), policy("broken", "{}"), false, true},
		{"a label on a broken policy", labelled(policy("broken", "{}")), policy("broken", "{}"), false, false},
		{"an annotation on a broken policy", annotated(policy("broken", "{}")), policy("broken", "{}"), false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := 0
			s := newStrategy(&calls)
			if errs := s.ValidateUpdate(as("bob"), c.policy, c.old); (len(errs) > 0) != c.refused {
				t.Errorf("errors: %v", errs)
			}
			if (calls > 0) != c.asked {
				t.Errorf("the validator was asked %d times", calls)
			}
		})
	}
}

func TestWarningsOnlyOfWhatChanged(t *testing.T) {
	s := newStrategy(new(int))
	labelled := policy("r", "{}")
	labelled.Labels = map[string]string{"a": "b"}
	if warnings := s.WarningsOnUpdate(as("bob"), labelled, policy("r", "{}")); len(warnings) > 0 {
		t.Errorf("a label warns of %v", warnings)
	}
	if warnings := s.WarningsOnUpdate(as("bob"), policy("s", "{}"), policy("r", "{}")); len(warnings) != 1 || warnings[0] != "judged" {
		t.Errorf("a changed rule warns of %v", warnings)
	}
	if warnings := (statusStrategy{s}).WarningsOnUpdate(as("bob"), policy("s", "{}"), policy("r", "{}")); len(warnings) > 0 {
		t.Errorf("a status warns of %v", warnings)
	}
}
