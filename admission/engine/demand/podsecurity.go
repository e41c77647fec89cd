package demand

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/podsecurity"
)

// standards demands a level of the Pod Security Standards. What goes away needs to meet none.
type standards struct {
	check *podsecurity.Check
}

// IsPodSecurity tells whether a demand is a level of the Pod Security Standards, which exceptions may lower in part.
func IsPodSecurity(d Demand) bool {
	_, ok := d.(*standards)
	return ok
}

func newStandards(rule string, ps *v1.PodSecurity, path *field.Path) (Demand, field.ErrorList) {
	check, errs := podsecurity.Compile(rule, ps, path)
	return &standards{check: check}, errs
}

func (s *standards) Judge(q Question) (Verdict, bool) {
	req := q.Request
	if req.Operation == eval.Delete {
		return Verdict{}, false
	}
	v := s.check.Evaluate(req.Object, req.Kind, q.Lowered)
	return Verdict{Result: v.Result, Message: v.Message, Properties: v.Properties}, true
}

// Static implements Demand.
func (s *standards) Static() bool { return true }

// Violations implements Demand.
func (s *standards) Violations(q Question) ([]string, bool) {
	req := q.Request
	return s.check.Violations(req.Object, req.Kind, q.Lowered), true
}
