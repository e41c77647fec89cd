package app

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	"github.com/edict-dev/edict/admission/engine"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/registry/kyverno"
)

// compiler refuses what the engine cannot compile, so that an author learns it when he writes and not when he relies on
// it.
type compiler struct{}

var _ kyverno.Validator = compiler{}

// Validate implements kyverno.Validator.
func (compiler) Validate(policy kyvernov1.Object) (warnings []string, errs field.ErrorList) {
	program, errs := engine.Compile(policy)
	warnings = program.Warnings()
	if webhookconfig.ConcernsOnlyExempt(policy, program) {
		warnings = append(warnings, webhookconfig.Exempt)
	}
	return warnings, errs
}
