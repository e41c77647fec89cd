package v1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
)

// What silence means is decided here and nowhere else, so both silence and each explicit value are pinned.
func TestEffectiveFailurePolicy(t *testing.T) {
	for name, test := range map[string]struct {
		spec Spec
		want FailurePolicy
	}{
		"silence":                      {Spec{}, Fail},
		"older field":                  {Spec{FailurePolicy: Ignore}, Ignore},
		"newer field":                  {Spec{WebhookConfiguration: &WebhookConfiguration{FailurePolicy: ptr.To(Ignore)}}, Ignore},
		"newer field wins":             {Spec{FailurePolicy: Ignore, WebhookConfiguration: &WebhookConfiguration{FailurePolicy: ptr.To(Fail)}}, Fail},
		"configuration without policy": {Spec{FailurePolicy: Ignore, WebhookConfiguration: &WebhookConfiguration{}}, Ignore},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.spec.EffectiveFailurePolicy(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestEffectiveTimeoutSeconds(t *testing.T) {
	for name, test := range map[string]struct {
		spec Spec
		want int32
	}{
		"silence":          {Spec{}, 10},
		"older field":      {Spec{WebhookTimeoutSeconds: ptr.To[int32](7)}, 7},
		"newer field wins": {Spec{WebhookTimeoutSeconds: ptr.To[int32](7), WebhookConfiguration: &WebhookConfiguration{TimeoutSeconds: ptr.To[int32](9)}}, 9},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.spec.EffectiveTimeoutSeconds(); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestWhatSilenceMeans(t *testing.T) {
	type flags struct{ admission, background, warning, tolerates bool }
	read := func(value *bool) flags {
		spec := Spec{Admission: value, Background: value, EmitWarning: value}
		rule := Validation{AllowExistingViolations: value}
		return flags{spec.AdmissionEnabled(), spec.BackgroundEnabled(), spec.EmitsWarning(), rule.ToleratesExistingViolations()}
	}
	for name, test := range map[string]struct {
		value *bool
		want  flags
	}{
		"silence": {nil, flags{true, true, false, true}},
		"true":    {ptr.To(true), flags{true, true, true, true}},
		"false":   {ptr.To(false), flags{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := read(test.value); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestFailureActionEnforces(t *testing.T) {
	for action, want := range map[FailureAction]bool{
		Enforce: true, EnforceLowerCase: true, Audit: false, AuditLowerCase: false, "": false,
	} {
		if got := action.Enforces(); got != want {
			t.Errorf("%q: got %v, want %v", action, got, want)
		}
	}
}

func TestCountRules(t *testing.T) {
	spec := Spec{Rules: []Rule{
		{Validate: &Validation{}}, {Validate: &Validation{}}, {Mutate: &Mutation{}}, {Generate: &Generation{}},
		{VerifyImages: []ImageVerification{{}, {}}}, {VerifyImages: []ImageVerification{}},
	}}
	if diff := cmp.Diff(RuleCount{Validate: 2, Mutate: 1, Generate: 1, VerifyImages: 1}, spec.CountRules()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
