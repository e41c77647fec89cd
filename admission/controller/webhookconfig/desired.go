package webhookconfig

import (
	"iter"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	// The names of the two configurations; both are installed empty, with the rest of Edict.
	ValidatingName = "kyverno-resource-validating-webhook-cfg"
	MutatingName   = "kyverno-resource-mutating-webhook-cfg"

	// The webhooks of policies that fail closed and of those that fail open, and the paths they are served on.
	FailWebhook   = "validate.kyverno.svc-fail"
	FailPath      = "/validate/fail"
	IgnoreWebhook = "validate.kyverno.svc-ignore"
	IgnorePath    = "/validate/ignore"

	managedByLabel = "webhook.kyverno.io/managed-by"
	managedByValue = "kyverno"

	defaultTimeout = 10
	maxTimeout     = 30
)

// Endpoint is where the webhooks are served and who belongs to Edict. Nothing in it comes from a policy (W06).
type Endpoint struct {
	// Namespace, Service and Port are those of the Service. The namespace is Edict's own.
	Namespace, Service string
	Port               int32
	// Accounts and Workloads are the names of Edict's ServiceAccounts, and of its Deployments and StatefulSets, in the
	// namespace.
	Accounts, Workloads []string
}

// Need is what a policy needs of the configuration.
type Need struct {
	// webhook is the name of the webhook that serves the policy.
	webhook string
	atoms   []atom
	// unknown are kinds that the API server does not serve, as the policy names them.
	unknown []string
	// unsent tells that all that the policy asks for is kept from the webhooks by the match conditions.
	unsent bool
}

// Input is all that the configuration depends on.
type Input struct {
	Policies  iter.Seq2[v1.Object, *engine.Program]
	Resources *Resources
	Endpoint  Endpoint
	CABundle  []byte
	// Live are the webhooks as they are. They matter only for groups of which it is not known what they serve, and whose
	// rules stay.
	Live []admissionregistrationv1.ValidatingWebhook
	// Needs are what was found with the same Resources before; it may be nil.
	Needs map[*engine.Program]Need
}

// Desired says what the validating webhooks should be, and what each policy needs of them.
func Desired(in Input) ([]admissionregistrationv1.ValidatingWebhook, map[*engine.Program]Need) {
	needs := map[*engine.Program]Need{}
	atoms, timeouts := map[string][]atom{}, map[string]int32{}
	for _, program := range in.Policies {
		if !program.Admission() {
			continue
		}
		need, found := in.Needs[program]
		if !found {
			need = needOf(program, in.Resources)
		}
		needs[program] = need
		atoms[need.webhook] = append(atoms[need.webhook], need.atoms...)
		timeouts[need.webhook] = max(timeouts[need.webhook], program.WebhookTimeoutSeconds())
	}
	for _, webhook := range in.Live {
		for _, a := range atomsIn(webhook.Rules) {
			if in.Resources.unknown[a.group] {
				atoms[webhook.Name] = append(atoms[webhook.Name], a)
			}
		}
	}
	var webhooks []admissionregistrationv1.ValidatingWebhook
	for _, w := range []struct {
		name, path    string
		failurePolicy admissionregistrationv1.FailurePolicyType
	}{
		{FailWebhook, FailPath, admissionregistrationv1.Fail},
		{IgnoreWebhook, IgnorePath, admissionregistrationv1.Ignore},
	} {
		rules := rulesOf(atoms[w.name])
		if len(rules) == 0 {
			continue
		}
		// Everything that has a default is set, so that what is read back is what was written.
		equivalent, none := admissionregistrationv1.Equivalent, admissionregistrationv1.SideEffectClassNone
		timeout := min(max(defaultTimeout, timeouts[w.name]), maxTimeout)
		webhooks = append(webhooks, admissionregistrationv1.ValidatingWebhook{
			Name: w.name,
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				Service: &admissionregistrationv1.ServiceReference{
					Namespace: in.Endpoint.Namespace, Name: in.Endpoint.Service, Path: &w.path, Port: &in.Endpoint.Port,
				},
				CABundle: in.CABundle,
			},
			Rules:                   rules,
			FailurePolicy:           &w.failurePolicy,
			MatchPolicy:             &equivalent,
			NamespaceSelector:       &metav1.LabelSelector{},
			ObjectSelector:          &metav1.LabelSelector{},
			SideEffects:             &none,
			TimeoutSeconds:          &timeout,
			AdmissionReviewVersions: []string{"v1"},
			MatchConditions:         conditions(in.Endpoint.Namespace, in.Endpoint.Accounts, in.Endpoint.Workloads),
		})
	}
	return webhooks, needs
}

func needOf(program *engine.Program, resources *Resources) Need {
	need := Need{webhook: IgnoreWebhook}
	if program.FailClosed() {
		need.webhook = FailWebhook
	}
	sent := false
	for _, target := range program.Targets() {
		found := resources.resolve(target)
		if len(found) == 0 {
			need.unknown = append(need.unknown, nameOf(target))
		}
		for _, m := range found {
			sent = sent || !neverSent(m.GroupResource())
		}
		need.atoms = append(need.atoms, atomsOf(target, found)...)
	}
	slices.Sort(need.unknown)
	need.unknown = slices.Compact(need.unknown)
	need.unsent = len(need.atoms) > 0 && !sent || program.Ref().Namespace == metav1.NamespaceSystem
	return need
}

// inPlace tells whether the live webhooks do for a policy what the desired ones would.
func inPlace(need Need, live, desired []admissionregistrationv1.ValidatingWebhook) bool {
	if len(need.atoms) == 0 {
		return true
	}
	is, ok := webhookNamed(live, need.webhook)
	should, known := webhookNamed(desired, need.webhook)
	if !ok || !known || !sameButRules(is, should) {
		return false
	}
	atoms := atomsIn(is.Rules)
	return !slices.ContainsFunc(need.atoms, func(a atom) bool { return !coveredBy(atoms, a) })
}

func webhookNamed(webhooks []admissionregistrationv1.ValidatingWebhook, name string) (admissionregistrationv1.ValidatingWebhook, bool) {
	i := slices.IndexFunc(webhooks, func(w admissionregistrationv1.ValidatingWebhook) bool { return w.Name == name })
	if i < 0 {
		return admissionregistrationv1.ValidatingWebhook{}, false
	}
	return webhooks[i], true
}

// nameOf writes a target as policies do.
func nameOf(target engine.Target) string {
	var parts []string
	switch {
	case target.Group != "*":
		parts = append(parts, target.Group, target.Version)
	case target.Version != "*":
		parts = append(parts, target.Version)
	}
	parts = append(parts, target.Kind)
	if target.Subresource != "" {
		parts = append(parts, target.Subresource)
	}
	return strings.TrimPrefix(strings.Join(parts, "/"), "/")
}

func sameButRules(a, b admissionregistrationv1.ValidatingWebhook) bool {
	a.Rules, b.Rules = nil, nil
	return apiequality.Semantic.DeepEqual(a, b)
}
