package webhookconfig

import (
	"encoding/json"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The match conditions say what never reaches the webhooks, so that their absence cannot lock the cluster.
// kube-apiserver evaluates them; a request for which one is false is not sent. They go by resource, namespace, name and
// user, all of which authorization guards, and never by labels, which whoever may edit an object can set (M02). An
// expression must not fail either, since that would refuse the request: fields that may be absent are asked for first.
const (
	// Everything reports its troubles in Events, also those with admission.
	notEvents = `!(request.resource.resource == "events" && request.resource.group in ["", "events.k8s.io"])`

	// Without TokenReviews and SubjectAccessReviews nobody is let in to repair anything.
	notReviews = `!(request.resource.group in ["authentication.k8s.io", "authorization.k8s.io"])`

	// Policies, exceptions and reports have validation of their own, and must stay mendable when a policy is wrong.
	notOwnGroups = `!(request.resource.group in $GROUPS)`

	// What the control plane keeps in its namespace, the Namespace itself included, whose namespace is its own name.
	notKubeSystem = `!(has(request.namespace) && request.namespace == "kube-system")`

	// Nodes register, renew and obtain certificates, or the cluster falls apart. A person's kubectl label node is judged.
	notClusterUpkeep = `!((request.resource.group == "" && request.resource.resource == "nodes"` +
		` || request.resource.group == "certificates.k8s.io" && request.resource.resource == "certificatesigningrequests"` +
		` || request.resource.group == "coordination.k8s.io" && request.resource.resource == "leases")` +
		` && (has(request.userInfo.groups) && request.userInfo.groups.exists(g, g in ["system:nodes", "system:bootstrappers", "system:serviceaccounts:kube-system"])` +
		` || has(request.userInfo.username) && request.userInfo.username.startsWith("system:kube-")))`

	// Edict's own accounts in Edict's own namespace: leases, certificates. Exactly these names with exactly the groups
	// that a ServiceAccount has (M14); impersonation with other groups is judged.
	notOwnAccounts = `!(has(request.namespace) && request.namespace == $NAMESPACE` +
		` && has(request.userInfo.username) && request.userInfo.username in $ACCOUNTS` +
		` && has(request.userInfo.groups) && sets.equivalent(request.userInfo.groups,` +
		` ["system:serviceaccounts", "system:serviceaccounts:" + $NAMESPACE, "system:authenticated"]))`

	// Edict's own workloads, by name, whoever writes them: scaling them up again must not need them.
	notOwnWorkloads = `!(has(request.namespace) && request.namespace == $NAMESPACE` +
		` && request.resource.group == "apps" && request.resource.resource in ["deployments", "statefulsets"]` +
		` && has(request.name) && request.name in $WORKLOADS)`

	// What turns those workloads into running Pods behind a Service: the controllers of kube-system, the scheduler and
	// the kubelets. Whoever else writes there is judged (A07).
	notOwnStart = `!(has(request.namespace) && request.namespace == $NAMESPACE` +
		` && has(request.userInfo.username) && has(request.userInfo.groups)` +
		` && (request.userInfo.username in ["system:kube-controller-manager", "system:kube-scheduler"]` +
		` || "system:nodes" in request.userInfo.groups && request.userInfo.username.startsWith("system:node:")` +
		` || "system:serviceaccounts:kube-system" in request.userInfo.groups` +
		` && request.userInfo.username in $CONTROLLERS))`
)

// The groups that are ours, now or in other installations of the same APIs.
var ownGroups = []string{"kyverno.io", "policies.kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io", "openreports.io"}

// The controllers of kube-system on the way from a Deployment or StatefulSet to endpoints of a Service.
var startingControllers = []string{
	"deployment-controller", "replicaset-controller", "statefulset-controller", "daemon-set-controller", "job-controller", "cronjob-controller",
	"endpoint-controller", "endpointslice-controller",
}

// conditions are the match conditions of every webhook, for Edict in the namespace, with these ServiceAccounts and
// these Deployments and StatefulSets.
func conditions(namespace string, accounts, workloads []string) []admissionregistrationv1.MatchCondition {
	fill := strings.NewReplacer(
		"$NAMESPACE", literal(namespace),
		"$GROUPS", literal(ownGroups),
		"$ACCOUNTS", literal(usernames(namespace, accounts)),
		"$WORKLOADS", literal(append([]string{}, workloads...)), // an empty list, never null
		"$CONTROLLERS", literal(usernames("kube-system", startingControllers)),
	)
	var conditions []admissionregistrationv1.MatchCondition
	for _, c := range []struct{ name, expression string }{
		{"not-events", notEvents},
		{"not-reviews", notReviews},
		{"not-own-groups", notOwnGroups},
		{"not-kube-system", notKubeSystem},
		{"not-cluster-upkeep", notClusterUpkeep},
		{"not-own-accounts", notOwnAccounts},
		{"not-own-workloads", notOwnWorkloads},
		{"not-own-start", notOwnStart},
	} {
		conditions = append(conditions, admissionregistrationv1.MatchCondition{Name: c.name, Expression: fill.Replace(c.expression)})
	}
	return conditions
}

func usernames(namespace string, accounts []string) []string {
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = "system:serviceaccount:" + namespace + ":" + account
	}
	return names
}

// literal writes a string or a list of strings as CEL does, which for names of Kubernetes is as JSON does.
func literal(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // strings can be encoded
	}
	return string(encoded)
}

// neverSent tells that the conditions keep a resource from the webhooks, whoever writes it.
func neverSent(resource schema.GroupResource) bool {
	name, _, _ := strings.Cut(resource.Resource, "/")
	return name == "events" && (resource.Group == "" || resource.Group == "events.k8s.io") ||
		resource.Group == "authentication.k8s.io" || resource.Group == "authorization.k8s.io" ||
		slices.Contains(ownGroups, resource.Group)
}
