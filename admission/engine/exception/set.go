package exception

import "github.com/edict-dev/edict/admission/engine/eval"

// Set is exceptions by the policies that they are from. It is immutable; a nil Set has none.
type Set struct {
	byPolicy map[policyName][]entry
}

// entry is what one exception says of one policy.
type entry struct {
	exception *Exception
	rules     []rules
}

// NewSet keeps exceptions in the order in which they are given.
func NewSet(exceptions []*Exception) *Set {
	s := &Set{byPolicy: map[policyName][]entry{}}
	for _, e := range exceptions {
		for _, r := range e.rules {
			entries := s.byPolicy[r.policy]
			if last := len(entries) - 1; last >= 0 && entries[last].exception == e {
				entries[last].rules = append(entries[last].rules, r)
			} else {
				entries = append(entries, entry{exception: e, rules: []rules{r}})
			}
			s.byPolicy[r.policy] = entries
		}
	}
	return s
}

// For returns the exceptions from a rule, each once. The rule is called what it is evaluated as: an exception from a rule
// on Pods is none from the rule that is derived from it for their controllers.
func (s *Set) For(policy eval.PolicyRef, rule string) []*Exception {
	if s == nil {
		return nil
	}
	var found []*Exception
	for _, entry := range s.byPolicy[policyName{policy.Namespace, policy.Name}] {
		for i := range entry.rules {
			if entry.rules[i].name(rule) {
				found = append(found, entry.exception)
				break
			}
		}
	}
	return found
}
