package suite

import (
	"fmt"
	"strings"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/cmd/edict/offline"
)

// missing says for what a policy cannot be evaluated yet, as far as it cannot.
type missing struct {
	// whole is set when nothing of the policy is evaluated, and rules says it of single rules.
	whole string
	rules map[string]string
}

// of returns the feature that a rule needs, or nothing. Of all rules together, which are meant where none is named, it
// returns what none of them can do without.
func (m *missing) of(rule string) string {
	if m == nil {
		return ""
	}
	if m.whole != "" {
		return m.whole
	}
	for name, feature := range m.rules {
		if rule != "" && concerns(name, rule) {
			return feature
		}
	}
	return ""
}

// mutate is the feature that changes what all other policies see.
const mutate = "mutate"

// missingFeatures says by the name of the policy what is not evaluated yet.
func missingFeatures(policies *offline.Policies) map[string]*missing {
	out := map[string]*missing{}
	for _, other := range policies.Unsupported {
		out[other.Document.Name()] = &missing{whole: featureOfKind(other.Document.APIVersion())}
	}
	for _, p := range policies.Valid {
		for _, err := range p.Unsupported() {
			name := p.Object.GetName()
			if out[name] == nil {
				out[name] = &missing{rules: map[string]string{}}
			}
			for i, rule := range p.Object.PolicySpec().Rules {
				if field, ok := strings.CutPrefix(err.Field, fmt.Sprintf("spec.rules[%d].", i)); ok {
					out[name].rules[rule.Name] = field
				}
			}
		}
	}
	return out
}

// featureOfKind is what policies that are not of this group are counted as.
func featureOfKind(apiVersion string) string {
	switch group, _, _ := strings.Cut(apiVersion, "/"); group {
	case "policies.kyverno.io":
		return group
	case v1.GroupName:
		return "cleanup"
	}
	return "other"
}

// mutates tells that something changes resources before they are judged, and that it is not evaluated yet.
func mutates(policies map[string]*missing) bool {
	for _, m := range policies {
		for _, feature := range m.rules {
			if feature == mutate {
				return true
			}
		}
	}
	return false
}
