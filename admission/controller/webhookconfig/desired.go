package webhookconfig

import (
	"iter"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	// The names of the two configurations; both are installed empty, with the rest of Edict.
	ValidatingName = "kyverno-resource-validating-webhook-cfg"
	MutatingName   = "kyverno-resource-mutating-webhook-cfg"

	// The webhooks that fail closed and those that fail open, and the paths they are served on. A webhook for one version
	// of resources alone (see spread) has the version after the name: validate.kyverno.svc-fail-v1.
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
	failClosed bool
	atoms      []atom
	// conditions are the policy's own, for kube-apiserver to evaluate.
	conditions []admissionregistrationv1.MatchCondition
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
	// Refused are policies that have no webhooks of their own, for the API server did not accept these; it may be nil.
	Refused map[*engine.Program]bool
}

// Desired says what the validating webhooks should be, and what each policy needs of them.
//
// Whatever webhook is called, every policy that concerns the request is evaluated. So what a webhook that fails closed
// asks for is not asked for again by one that fails open: the request would be refused anyhow without an answer.
func Desired(in Input) ([]admissionregistrationv1.ValidatingWebhook, map[*engine.Program]Need) {
	needs := map[*engine.Program]Need{}
	exempt := conditions(in.Endpoint.Namespace, in.Endpoint.Accounts, in.Endpoint.Workloads)
	closed := newCommon(FailWebhook, FailPath, admissionregistrationv1.Fail)
	open := newCommon(IgnoreWebhook, IgnorePath, admissionregistrationv1.Ignore)
	owned := map[string]own{}
	for policy, program := range in.Policies {
		if !program.Admission() {
			continue
		}
		need, found := in.Needs[program]
		if !found {
			need = needOf(policy, program, in.Resources)
		}
		needs[program] = need
		if o, ok := ownOf(program.Ref(), program, need); ok && !in.Refused[program] && fitsBeside(exempt, o.conditions) {
			// Two policies may share a name: that of a namespace and that of a policy are put together.
			if _, taken := owned[o.name]; !taken {
				owned[o.name] = o
				continue
			}
		}
		// An answer that fails closed is about all policies, also those that fail open.
		closed.timeout = max(closed.timeout, program.WebhookTimeoutSeconds())
		if need.failClosed {
			closed.add(need.atoms)
		} else {
			open.add(need.atoms)
			open.timeout = max(open.timeout, program.WebhookTimeoutSeconds())
		}
	}
	for _, webhook := range in.Live {
		for _, a := range atomsIn(webhook.Rules) {
			switch {
			case !in.Resources.unknown[a.group]:
			case strings.HasPrefix(webhook.Name, FailWebhook):
				closed.add([]atom{a})
			case strings.HasPrefix(webhook.Name, IgnoreWebhook):
				open.add([]atom{a})
			}
		}
	}
	asked := closed.sorted()
	webhooks := in.webhooks(own{closed.name, closed.path, closed.failurePolicy, closed.timeout, exempt, asked})
	webhooks = append(webhooks, in.webhooks(own{open.name, open.path, open.failurePolicy, open.timeout, exempt, without(open.sorted(), asked, in.Resources)})...)
	for _, name := range slices.Sorted(maps.Keys(owned)) {
		o := owned[name]
		o.atoms = without(o.atoms, asked, in.Resources)
		if o.failurePolicy == admissionregistrationv1.Ignore {
			o.atoms = without(o.atoms, open.sorted(), in.Resources)
		}
		o.conditions = slices.Concat(exempt, o.conditions)
		webhooks = append(webhooks, in.webhooks(o)...)
	}
	return webhooks, needs
}

// common is what policies share that fail alike. Many ask for the same.
type common struct {
	name, path    string
	failurePolicy admissionregistrationv1.FailurePolicyType
	timeout       int32
	atoms         map[atom]bool
	added         map[*atom]bool // the first of each slice
}

func newCommon(name, path string, failurePolicy admissionregistrationv1.FailurePolicyType) *common {
	return &common{name: name, path: path, failurePolicy: failurePolicy, timeout: defaultTimeout, atoms: map[atom]bool{}, added: map[*atom]bool{}}
}

func (c *common) add(atoms []atom) {
	if len(atoms) == 0 || c.added[&atoms[0]] {
		return
	}
	c.added[&atoms[0]] = true
	for _, a := range atoms {
		c.atoms[a] = true
	}
}

func (c *common) sorted() []atom { return slices.SortedFunc(maps.Keys(c.atoms), compareAtoms) }

// webhooks are those that ask for the atoms: one, one for each version where that is needed, or none.
func (in Input) webhooks(o own) []admissionregistrationv1.ValidatingWebhook {
	var webhooks []admissionregistrationv1.ValidatingWebhook
	versions := spread(o.atoms, in.Resources)
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		webhook := in.webhook(o)
		webhook.Rules = rulesOf(versions[version])
		if version != "" {
			webhook.Name += "-" + version
		}
		webhooks = append(webhooks, webhook)
	}
	return webhooks
}

// webhook is one without rules. Everything that has a default is set, so that what is read back is what was written.
func (in Input) webhook(o own) admissionregistrationv1.ValidatingWebhook {
	equivalent, none := admissionregistrationv1.Equivalent, admissionregistrationv1.SideEffectClassNone
	timeout := min(o.timeout, maxTimeout)
	return admissionregistrationv1.ValidatingWebhook{
		Name: o.name,
		ClientConfig: admissionregistrationv1.WebhookClientConfig{
			Service: &admissionregistrationv1.ServiceReference{
				Namespace: in.Endpoint.Namespace, Name: in.Endpoint.Service, Path: &o.path, Port: &in.Endpoint.Port,
			},
			CABundle: in.CABundle,
		},
		FailurePolicy:           &o.failurePolicy,
		MatchPolicy:             &equivalent,
		NamespaceSelector:       &metav1.LabelSelector{},
		ObjectSelector:          &metav1.LabelSelector{},
		SideEffects:             &none,
		TimeoutSeconds:          &timeout,
		AdmissionReviewVersions: []string{"v1"},
		MatchConditions:         o.conditions,
	}
}

func needOf(policy v1.Object, program *engine.Program, resources *Resources) Need {
	need := Need{failClosed: program.FailClosed(), conditions: conditionsOf(policy)}
	sent := false
	for _, target := range program.Targets() {
		found := resources.resolve(target)
		if target.Subresource == "" {
			found = append(found, resources.changesOf(program, found)...)
		}
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
	need.atoms = resources.memo.same(distinct(need.atoms))
	need.unsent = len(need.atoms) > 0 && !sent || onlyInKubeSystem(policy)
	return need
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
