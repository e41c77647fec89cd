package autogen

import (
	"slices"
	"strings"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Annotation of a policy lists the controllers for which rules are derived, separated by commas; "none" is for none,
// and without it there are rules for all.
const Annotation = "pod-policies.kyverno.io/autogen-controllers"

// Rule is a rule that is derived from one on Pods.
type Rule struct {
	v1.Rule
	// Origin is the index in spec.rules of the rule on Pods.
	Origin int
	// Kinds are the kinds, without group and version, of the objects that the rule judges. It must be asked of no others,
	// though its match may name some.
	Kinds []string
}

// Derive returns the rules that are derived from a policy's, in the order of the policy: of each rule first the one for
// the controllers that hold a template, then the one for CronJobs.
func Derive(policy v1.Object) []Rule {
	spec := policy.PolicySpec()
	controllers := effective(policy)
	if len(controllers) == 0 || findObstacle(spec) != nil || !concernsPods(spec) {
		return nil
	}
	templates := slices.DeleteFunc(slices.Clone(controllers), func(kind string) bool { return kind == cronJob })
	var derived []Rule
	add := func(origin int, shape shape, kinds []string) {
		if rule, ok := derive(&spec.Rules[origin], shape, kinds); ok {
			derived = append(derived, Rule{Rule: rule, Origin: origin, Kinds: kinds})
		}
	}
	for i := range spec.Rules {
		if isDerivedName(spec.Rules[i].Name) || !isOnPods(&spec.Rules[i]) {
			continue
		}
		if len(templates) > 0 {
			add(i, template, templates)
		}
		if len(templates) < len(controllers) {
			add(i, jobTemplate, []string{cronJob})
		}
	}
	return derived
}

// Rules are the derived rules as a policy's status shows them.
func Rules(policy v1.Object) []v1.Rule {
	var rules []v1.Rule
	for _, rule := range Derive(policy) {
		rules = append(rules, rule.Rule)
	}
	return rules
}

// SetAside returns the kinds, without group and version, for which a rule that stands in a policy's spec is not asked:
// policies were once stored with their derived rules in spec, and such a rule makes way for the derived one.
func SetAside(rule string, derived []Rule) []string {
	if !isDerivedName(rule) {
		return nil
	}
	var kinds []string
	for _, d := range derived {
		kinds = append(kinds, d.Kinds...)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// maxName is the longest name that a rule may have.
const maxName = 63

const (
	prefix        = "autogen-"
	cronJobPrefix = "autogen-cronjob-"
)

func isDerivedName(rule string) bool { return strings.HasPrefix(rule, prefix) }

func derivedName(prefix, rule string) string {
	name := prefix + rule
	return name[:min(len(name), maxName)]
}
