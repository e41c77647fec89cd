package webhookconfig

import (
	"cmp"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// A policy with match conditions has a webhook of its own, for which kube-apiserver evaluates them beside ours: what they
// exclude it need not ask about, also when nobody answers. The engine evaluates them in any case. So a policy for which
// that cannot be done, or in whose place others are asked already, shares the common webhooks and loses nothing.
const finegrained = "-finegrained-"

const (
	// What kube-apiserver allows.
	maxConditions  = 64
	maxWebhookName = validation.DNS1123SubdomainMaxLength
)

// own is what a policy has for itself.
type own struct {
	name, path    string
	failurePolicy admissionregistrationv1.FailurePolicyType
	timeout       int32
	conditions    []admissionregistrationv1.MatchCondition
	atoms         []atom
}

// ownOf tells what webhook a policy needs for itself, if any. The name of a policy becomes part of a path (W06): it is
// that of an object, or there is no such webhook.
func ownOf(ref eval.PolicyRef, program *engine.Program, need Need) (own, bool) {
	if len(need.conditions) == 0 || len(validation.IsDNS1123Subdomain(ref.Name)) > 0 {
		return own{}, false
	}
	o := own{
		name: IgnoreWebhook + finegrained, path: IgnorePath + "/finegrained/", failurePolicy: admissionregistrationv1.Ignore,
		timeout: cmp.Or(program.WebhookTimeoutSeconds(), defaultTimeout), conditions: need.conditions, atoms: need.atoms,
	}
	if need.failClosed {
		o.name, o.path, o.failurePolicy = FailWebhook+finegrained, FailPath+"/finegrained/", admissionregistrationv1.Fail
	}
	if ref.Namespace != "" {
		if len(validation.IsDNS1123Label(ref.Namespace)) > 0 {
			return own{}, false
		}
		o.name, o.path = o.name+ref.Namespace+"-", o.path+ref.Namespace+"/"
	}
	o.name, o.path = o.name+ref.Name, o.path+ref.Name
	// A version may follow the name.
	return o, len(o.name)+validation.DNS1123LabelMaxLength <= maxWebhookName
}

// fitsBeside tells that the conditions of a policy can stand beside ours.
func fitsBeside(ours, theirs []admissionregistrationv1.MatchCondition) bool {
	all := slices.Concat(ours, theirs)
	names := map[string]bool{}
	for _, condition := range all {
		names[condition.Name] = true
	}
	return len(all) <= maxConditions && len(names) == len(all)
}

// conditionsOf are the match conditions of a policy.
func conditionsOf(policy v1.Object) []admissionregistrationv1.MatchCondition {
	if w := policy.PolicySpec().WebhookConfiguration; w != nil {
		return w.MatchConditions
	}
	return nil
}
