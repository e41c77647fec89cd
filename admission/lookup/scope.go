package lookup

import (
	"fmt"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// ownNamespace says why a policy may not be shown what lies in a namespace, or nil. The same is asked when a policy is
// created, but a namespace may come of a variable, and a stored policy may be older than the check.
func ownNamespace(policy eval.PolicyRef, what, namespace string) error {
	if policy.Namespace == "" || policy.Namespace == namespace {
		return nil
	}
	if namespace == "" {
		return fmt.Errorf("%s: a Policy reads in its own namespace, %s; name it", what, policy.Namespace)
	}
	return fmt.Errorf("%s: namespace %q is not that of the Policy, %q, and it reads in no other", what, namespace, policy.Namespace)
}

// inNamespace says why a policy may not be shown objects of a kind that is in no namespace, or nil.
func inNamespace(policy eval.PolicyRef, kind string) error {
	if policy.Namespace == "" {
		return nil
	}
	return fmt.Errorf("paramKind %s: it is in no namespace, and a Policy reads in its own only, %s", kind, policy.Namespace)
}

// noHosts says why a policy may not have a host's name resolved, or nil. Whoever answers for the name learns it, and an
// author may put into it what he could not read himself.
func noHosts(source eval.Source) error {
	if source.Policy.Namespace != "" {
		return fmt.Errorf("host %q: a Policy has no names resolved; write a ClusterPolicy, or the address", source.Host.Name)
	}
	return nil
}

// notShared says why a policy may not be shown a global context entry, which may hold what any namespace holds.
func notShared(source eval.Source) error {
	if source.Policy.Namespace != "" {
		return fmt.Errorf("globalReference %s: not allowed in a Policy, which reads in its own namespace only", source.Global.Name)
	}
	return nil
}
