package policyexception

import (
	"context"
	"reflect"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// broken refuses exceptions from a rule of that name.
type broken struct{}

func (broken) ValidateException(exception *kyvernov2.PolicyException) field.ErrorList {
	if exception.Spec.Exceptions[0].RuleNames[0] == "broken" {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "exceptions").Index(0), "broken", "mend it")}
	}
	return nil
}

// exceptionIn exempts what is named a from one rule.
func exceptionIn(namespace string) *kyvernov2.PolicyException {
	return &kyvernov2.PolicyException{
		ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: namespace},
		Spec: kyvernov2.PolicyExceptionSpec{
			Match: kyvernov1.MatchResources{Any: []kyvernov1.ResourceFilter{
				{Resources: &kyvernov1.ResourceDescription{Kinds: []string{"Pod"}, Names: []string{"a"}}},
			}},
			Exceptions: []kyvernov2.Exception{{PolicyName: "p", RuleNames: []string{"r"}}},
		},
	}
}

func as(name string) context.Context {
	return genericapirequest.WithUser(context.Background(), &user.DefaultInfo{Name: name})
}

func newStrategy() strategy { return strategy{validator: broken{}, authorizer: &may{}} }

func TestGenerationAndStatus(t *testing.T) {
	created := exceptionIn("team")
	created.Generation = 7
	created.Status.Conditions = []metav1.Condition{{Type: "Ready"}}
	newStrategy().PrepareForCreate(as("bob"), created)
	if created.Generation != 1 || created.Status.Conditions != nil {
		t.Errorf("created with generation %d and status %+v", created.Generation, created.Status)
	}
	labelled := exceptionIn("team")
	labelled.Labels = map[string]string{"a": "b"}
	changed := exceptionIn("team")
	changed.Spec.Exceptions[0].RuleNames = []string{"s"}
	for what, c := range map[string]struct {
		exception  *kyvernov2.PolicyException
		generation int64
	}{"a label": {labelled, 1}, "the spec": {changed, 2}} {
		old := created.DeepCopy()
		c.exception.Generation = 1
		c.exception.Status.Conditions = []metav1.Condition{{Type: "Ready"}}
		newStrategy().PrepareForUpdate(as("bob"), c.exception, old)
		if c.exception.Generation != c.generation || c.exception.Status.Conditions != nil {
			t.Errorf("%s: generation %d and status %+v", what, c.exception.Generation, c.exception.Status)
		}
		if !reflect.DeepEqual(old, created) {
			t.Errorf("%s: the stored exception was changed", what)
		}
	}
}

func TestValidator(t *testing.T) {
	bad := exceptionIn("team")
	bad.Spec.Exceptions[0].RuleNames = []string{"broken"}
	bad.ResourceVersion = "1"
	labelled := bad.DeepCopy()
	labelled.Labels = map[string]string{"a": "b"}
	s := newStrategy()
	if errs := s.Validate(as("bob"), bad); len(errs) != 1 || errs[0].Detail != "mend it" {
		t.Errorf("create: %v", errs)
	}
	if errs := s.ValidateUpdate(as("bob"), bad, exceptionIn("team")); len(errs) != 1 || errs[0].Detail != "mend it" {
		t.Errorf("update: %v", errs)
	}
	if errs := s.ValidateUpdate(as("bob"), labelled, bad); len(errs) > 0 {
		t.Errorf("a label on a broken exception: %v", errs)
	}
}

func TestWarnings(t *testing.T) {
	const (
		disabled = "PolicyException resources would not be processed until it is enabled."
		notSet   = "The exceptionNamespace flag is not set"
		another  = "PolicyException resource namespace must match the defined namespace."
	)
	labelled := exceptionIn("team")
	labelled.Labels = map[string]string{"a": "b"}
	changed := exceptionIn("team")
	changed.Spec.Exceptions[0].RuleNames = []string{"s"}
	for _, c := range []struct {
		settings Settings
		want     []string
	}{
		{Settings{}, []string{disabled}},
		{Settings{Enabled: true}, []string{notSet}},
		{Settings{Enabled: true, Namespace: "other"}, []string{another}},
		{Settings{Enabled: true, Namespace: "team"}, nil},
		{Settings{Enabled: true, Namespace: "*"}, nil},
	} {
		s := newStrategy()
		s.settings = c.settings
		if got := s.WarningsOnCreate(as("bob"), exceptionIn("team")); !slices.Equal(got, c.want) {
			t.Errorf("%+v: created with warnings %q, want %q", c.settings, got, c.want)
		}
		if got := s.WarningsOnUpdate(as("bob"), changed, exceptionIn("team")); !slices.Equal(got, c.want) {
			t.Errorf("%+v: changed with warnings %q, want %q", c.settings, got, c.want)
		}
		if got := s.WarningsOnUpdate(as("bob"), labelled, exceptionIn("team")); len(got) > 0 {
			t.Errorf("%+v: labelled with warnings %q", c.settings, got)
		}
	}
}
