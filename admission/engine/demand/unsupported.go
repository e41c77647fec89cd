package demand

import "github.com/edict-dev/edict/admission/engine/eval"

// Unsupported is a Demand of a type that is not evaluated yet: it answers everything with an error that says so.
func Unsupported(ruleType string) Demand { return unsupported{ruleType} }

type unsupported struct{ ruleType string }

func (u unsupported) Judge(Question) (Verdict, bool) {
	missing := &eval.Unavailable{What: "the evaluation of " + u.ruleType, Remedy: "this version evaluates validate rules; leave the rule to a later one"}
	return Verdict{Result: eval.Error, Message: missing.Error(), Unavailable: missing}, true
}

func (u unsupported) Static() bool { return true }

func (u unsupported) Violations(Question) ([]string, bool) { return nil, true }
