package engine

import (
	"strings"

	"github.com/edict-dev/edict/admission/engine/compile"
	"github.com/edict-dev/edict/admission/engine/demand"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/exception"
)

// except asks what the rule demands, less what exceptions take away: all of it, or some controls of the Pod Security
// Standards. It returns those that made the difference.
func except(rule *compile.Rule, exceptions []*exception.Exception, asked demand.Question) (v demand.Verdict, excepted []string, ok bool) {
	standards := demand.IsPodSecurity(rule.Demand)
	var whole, lowering []string
	less := asked
	for _, e := range exceptions {
		// A condition that cannot be evaluated exempts nothing.
		if applies, err := e.Applies(asked.Scope); err != nil || !applies {
			continue
		}
		exclusions := e.PodSecurity()
		switch {
		case exclusions == nil:
			whole = append(whole, e.Name())
		case standards:
			lowering = append(lowering, e.Name())
			less.Lowered = append(less.Lowered, exclusions)
		}
	}
	switch {
	case len(whole) > 0 && standards:
		return demand.Verdict{Result: eval.Skip, Message: "rule is skipped due to policy exception " + whole[0]}, whole[:1], true
	case len(whole) > 0:
		return demand.Verdict{Result: eval.Skip, Message: "rule is skipped due to policy exceptions" + strings.Join(whole, ", ")}, whole, true
	}
	v, ok = rule.Demand.Judge(less)
	if ok && v.Result == eval.Skip && len(lowering) > 0 {
		v.Message = "rule is skipped due to policy exceptions " + strings.Join(lowering, ", ")
		return v, lowering, true
	}
	return v, nil, ok
}
