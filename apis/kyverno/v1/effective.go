package v1

import "strings"

// DefaultTimeoutSeconds is how long the API server waits for a webhook when a policy does not say.
const DefaultTimeoutSeconds int32 = 10

// AdmissionEnabled says whether the policy is evaluated for admission requests; silence means yes.
func (s *Spec) AdmissionEnabled() bool { return s.Admission == nil || *s.Admission }

// BackgroundEnabled says whether existing resources are scanned; silence means yes.
func (s *Spec) BackgroundEnabled() bool { return s.Background == nil || *s.Background }

// EmitsWarning says whether audited failures are returned as warnings; silence means no.
func (s *Spec) EmitsWarning() bool { return s.EmitWarning != nil && *s.EmitWarning }

// EffectiveFailurePolicy is what happens to requests when the policy cannot be evaluated; silence means Fail.
func (s *Spec) EffectiveFailurePolicy() FailurePolicy {
	if s.WebhookConfiguration != nil && s.WebhookConfiguration.FailurePolicy != nil {
		return *s.WebhookConfiguration.FailurePolicy
	}
	if s.FailurePolicy != "" {
		return s.FailurePolicy
	}
	return Fail
}

// EffectiveTimeoutSeconds is how long the API server waits for the policy's webhook.
func (s *Spec) EffectiveTimeoutSeconds() int32 {
	if s.WebhookConfiguration != nil && s.WebhookConfiguration.TimeoutSeconds != nil {
		return *s.WebhookConfiguration.TimeoutSeconds
	}
	if s.WebhookTimeoutSeconds != nil {
		return *s.WebhookTimeoutSeconds
	}
	return DefaultTimeoutSeconds
}

// CountRules counts the rules by type.
func (s *Spec) CountRules() RuleCount {
	var count RuleCount
	for i := range s.Rules {
		rule := &s.Rules[i]
		if rule.Validate != nil {
			count.Validate++
		}
		if rule.Mutate != nil {
			count.Mutate++
		}
		if rule.Generate != nil {
			count.Generate++
		}
		if len(rule.VerifyImages) > 0 {
			count.VerifyImages++
		}
	}
	return count
}

// Enforces says whether a failure refuses the request. Both spellings are understood; silence means no.
func (a FailureAction) Enforces() bool { return strings.EqualFold(string(a), string(Enforce)) }

// ToleratesExistingViolations says whether a resource that violated the rule before may still be changed; silence
// means yes.
func (v *Validation) ToleratesExistingViolations() bool {
	return v.AllowExistingViolations == nil || *v.AllowExistingViolations
}
