package validation

import (
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	minTimeoutSeconds = 1
	maxTimeoutSeconds = 30
	maxRuleNameLength = 63
)

func (c *checker) checkSpec(path *field.Path) field.ErrorList {
	spec := c.spec
	errs := oneOfValues(path.Child("applyRules"), spec.ApplyRules, kyvernov1.ApplyAll, kyvernov1.ApplyOne)
	errs = append(errs, checkFailurePolicy(path.Child("failurePolicy"), spec.FailurePolicy)...)
	errs = append(errs, checkFailureAction(path.Child("validationFailureAction"), spec.ValidationFailureAction)...)
	overrides := path.Child("validationFailureActionOverrides")
	if c.namespaced && len(spec.ValidationFailureActionOverrides) > 0 {
		errs = append(errs, field.Forbidden(overrides, "a Policy concerns its own namespace only: remove the overrides, or write a ClusterPolicy"))
	}
	errs = append(errs, checkOverrides(overrides, spec.ValidationFailureActionOverrides)...)
	errs = append(errs, checkTimeout(path.Child("webhookTimeoutSeconds"), spec.WebhookTimeoutSeconds)...)
	errs = append(errs, checkWebhookConfiguration(path.Child("webhookConfiguration"), spec.WebhookConfiguration)...)
	errs = append(errs, c.checkDeprecatedPairs(path)...)

	if spec.GenerateExistingOnPolicyUpdate != nil {
		errs = append(errs, field.Forbidden(path.Child("generateExistingOnPolicyUpdate"),
			"it has been replaced: use generate.generateExisting of the rule"))
	}
	if !spec.AdmissionEnabled() {
		if !spec.BackgroundEnabled() {
			errs = append(errs, field.Forbidden(path.Child("background"),
				"disabling both admission and background processing is not allowed: let one of them be true"))
		}
		for i, rule := range spec.Rules {
			if rule.Validate == nil {
				errs = append(errs, field.Forbidden(path.Child("admission"),
					fmt.Sprintf("only policies whose rules are all validate rules may switch admission off, and rules[%d] is none: remove admission, or move the rule to another policy", i)))
			}
		}
	}
	if mutatesExisting(spec.MutateExistingOnPolicyUpdate) {
		for i, rule := range spec.Rules {
			if rule.Mutate != nil && len(rule.Mutate.Targets) == 0 {
				errs = append(errs, field.Forbidden(path.Child("mutateExistingOnPolicyUpdate"),
					fmt.Sprintf("rules[%d].mutate has no targets: say which resources are to be changed, or set mutate.mutateExistingOnPolicyUpdate in the rules that have them", i)))
			}
		}
	}
	return append(errs, c.checkRules(path.Child("rules"))...)
}

func (c *checker) checkRules(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i := range c.spec.Rules {
		rule, rulePath := &c.spec.Rules[i], path.Index(i)
		switch {
		case rule.Name == "":
			errs = append(errs, field.Required(rulePath.Child("name"), fmt.Sprintf("give the rule a name of at most %d characters", maxRuleNameLength)))
		case len(rule.Name) > maxRuleNameLength:
			errs = append(errs, field.TooLong(rulePath.Child("name"), rule.Name, maxRuleNameLength))
		case names.Has(rule.Name):
			errs = append(errs, field.Duplicate(rulePath.Child("name"), rule.Name))
		}
		names.Insert(rule.Name)
		errs = append(errs, c.checkRule(rulePath, rule)...)
	}
	return errs
}

func (c *checker) checkRule(path *field.Path, rule *kyvernov1.Rule) field.ErrorList {
	if errs := checkNesting(path, rule); len(errs) > 0 {
		return errs
	}
	errs := exactlyOne(path, []choice{
		{"validate", rule.Validate != nil},
		{"mutate", rule.Mutate != nil},
		{"generate", rule.Generate != nil},
		{"verifyImages", len(rule.VerifyImages) > 0},
	}, "give each a rule of its own")

	errs = append(errs, c.checkMatch(path.Child("match"), &rule.Match)...)
	errs = append(errs, c.checkExclude(path.Child("exclude"), rule.Exclude)...)
	errs = append(errs, checkEmptySet(path, rule)...)
	errs = append(errs, checkEveryKind(path, rule)...)
	errs = append(errs, c.checkContext(path.Child("context"), rule.Context, ruleContext)...)
	walkRuleConditions(path, rule, func(at *field.Path, conditions conditionsField) {
		errs = append(errs, checkConditions(at, conditions, operators)...)
	})

	cel := rule.Validate != nil && rule.Validate.CEL != nil
	if len(rule.CELPreconditions) > 0 && !cel {
		errs = append(errs, field.Forbidden(path.Child("celPreconditions"),
			"only rules with validate.cel may have them: use preconditions"))
	}
	errs = append(errs, checkMatchConditions(path.Child("celPreconditions"), rule.CELPreconditions)...)
	if len(rule.Context) > 0 && cel {
		errs = append(errs, field.Forbidden(path.Child("context"),
			"a rule with validate.cel has no context: use validate.cel.variables and paramKind"))
	}
	errs = append(errs, checkImageExtractors(path.Child("imageExtractors"), rule)...)

	if rule.Validate != nil {
		errs = append(errs, c.checkValidation(path.Child("validate"), rule.Validate)...)
		if rule.Validate.PodSecurity != nil {
			errs = append(errs, checkPodSecurity(path, rule.Validate.PodSecurity)...)
		}
	}
	if rule.Mutate != nil {
		errs = append(errs, c.checkMutation(path.Child("mutate"), rule.Mutate)...)
	}
	if rule.Generate != nil {
		errs = append(errs, c.checkGeneration(path.Child("generate"), rule)...)
	}
	for i := range rule.VerifyImages {
		errs = append(errs, c.checkImageVerification(path.Child("verifyImages").Index(i), &rule.VerifyImages[i])...)
	}
	return errs
}

// checkDeprecatedPairs refuses a deprecated field beside the one that replaced it, since one of them would be ignored.
// Fields that moved into the rules are not among them: the policy's value holds for the rules that have none.
func (c *checker) checkDeprecatedPairs(path *field.Path) field.ErrorList {
	spec := c.spec
	var errs field.ErrorList
	refuse := func(older string, newer *field.Path) {
		errs = append(errs, field.Forbidden(path.Child(older), fmt.Sprintf("cannot be combined with %s: remove %s", newer, older)))
	}
	if webhook := spec.WebhookConfiguration; webhook != nil {
		if spec.FailurePolicy != "" && webhook.FailurePolicy != nil {
			refuse("failurePolicy", path.Child("webhookConfiguration", "failurePolicy"))
		}
		if spec.WebhookTimeoutSeconds != nil && webhook.TimeoutSeconds != nil {
			refuse("webhookTimeoutSeconds", path.Child("webhookConfiguration", "timeoutSeconds"))
		}
	}
	return errs
}

// checkOverrides checks failure actions for some namespaces, of the policy or of a rule.
func checkOverrides(path *field.Path, overrides []kyvernov1.FailureActionOverride) field.ErrorList {
	var errs field.ErrorList
	actions := map[string]bool{}
	for i, override := range overrides {
		at := path.Index(i)
		errs = append(errs, checkFailureAction(at.Child("action"), override.Action)...)
		errs = append(errs, checkLabels(at.Child("namespaceSelector"), override.NamespaceSelector)...)
		for j, namespace := range override.Namespaces {
			enforces, seen := actions[namespace]
			if seen && enforces != override.Action.Enforces() {
				errs = append(errs, field.Invalid(at.Child("namespaces").Index(j), namespace,
					"another override gives this namespace another action: name it in one override only"))
			}
			actions[namespace] = override.Action.Enforces()
		}
	}
	return errs
}

func checkWebhookConfiguration(path *field.Path, webhook *kyvernov1.WebhookConfiguration) field.ErrorList {
	if webhook == nil {
		return nil
	}
	errs := checkTimeout(path.Child("timeoutSeconds"), webhook.TimeoutSeconds)
	if webhook.FailurePolicy != nil {
		errs = append(errs, requireFailurePolicy(path.Child("failurePolicy"), *webhook.FailurePolicy)...)
	}
	conditions := path.Child("matchConditions")
	for i, condition := range webhook.MatchConditions {
		// They become part of a webhook configuration, for which the API server demands such names.
		if problems := validation.IsQualifiedName(condition.Name); condition.Name != "" && len(problems) > 0 {
			errs = append(errs, field.Invalid(conditions.Index(i).Child("name"), condition.Name, strings.Join(problems, "; ")))
		}
	}
	return append(errs, checkMatchConditions(conditions, webhook.MatchConditions)...)
}

// checkMatchConditions checks that CEL conditions have a name and an expression; the engine compiles them.
func checkMatchConditions(path *field.Path, conditions []admissionregistrationv1.MatchCondition) field.ErrorList {
	var errs field.ErrorList
	names := sets.New[string]()
	for i, condition := range conditions {
		at := path.Index(i)
		if condition.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "give the condition a name, such as no-nodes"))
		} else if names.Has(condition.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), condition.Name))
		}
		names.Insert(condition.Name)
		if strings.TrimSpace(condition.Expression) == "" {
			errs = append(errs, field.Required(at.Child("expression"), "write a CEL expression that yields true or false"))
		}
	}
	return errs
}

func checkTimeout(path *field.Path, seconds *int32) field.ErrorList {
	if seconds == nil || (*seconds >= minTimeoutSeconds && *seconds <= maxTimeoutSeconds) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *seconds, fmt.Sprintf("choose a number of seconds from %d to %d", minTimeoutSeconds, maxTimeoutSeconds))}
}

func checkFailurePolicy(path *field.Path, policy kyvernov1.FailurePolicy) field.ErrorList {
	return oneOfValues(path, policy, kyvernov1.Ignore, kyvernov1.Fail)
}

func requireFailurePolicy(path *field.Path, policy kyvernov1.FailurePolicy) field.ErrorList {
	if policy == "" {
		return field.ErrorList{field.Required(path, "say Fail or Ignore, or remove the field")}
	}
	return checkFailurePolicy(path, policy)
}

func checkFailureAction(path *field.Path, action kyvernov1.FailureAction) field.ErrorList {
	return oneOfValues(path, action, kyvernov1.Audit, kyvernov1.Enforce, kyvernov1.AuditLowerCase, kyvernov1.EnforceLowerCase)
}

// checkRuleFailureAction checks the failure action of a rule, for which the older spelling was never valid.
func checkRuleFailureAction(path *field.Path, action *kyvernov1.FailureAction) field.ErrorList {
	if action == nil {
		return nil
	}
	if *action == "" {
		return field.ErrorList{field.Required(path, "say Audit or Enforce, or remove the field")}
	}
	return oneOfValues(path, *action, kyvernov1.Audit, kyvernov1.Enforce)
}

func mutatesExisting(flag *bool) bool { return flag != nil && *flag }
