package webhookconfig

import (
	"maps"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

var endpoint = Endpoint{
	Namespace: "kyverno", Service: "kyverno-svc", Port: 443,
	Accounts:  []string{"kyverno-admission-controller", "kyverno-background-controller", "kyverno-api-server"},
	Workloads: []string{"kyverno-admission-controller", "kyverno-background-controller", "kyverno-api-server"},
}

// matcher compiles the conditions as kube-apiserver does.
func matcher(t *testing.T, conditions []admissionregistrationv1.MatchCondition) matchconditions.Matcher {
	t.Helper()
	var expressions []cel.ExpressionAccessor
	for i := range conditions {
		expressions = append(expressions, (*matchconditions.MatchCondition)(&conditions[i]))
	}
	compiled := cel.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())).
		CompileCondition(expressions, cel.OptionalVariableDeclarations{HasAuthorizer: true}, environment.NewExpressions)
	if errs := compiled.CompilationErrors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	fail := admissionregistrationv1.Fail
	return matchconditions.NewMatcher(compiled, &fail, "webhook", "validating", "test")
}

// request is one that kube-apiserver might ask about. What is empty is absent, as it is there.
type request struct {
	resource, namespace, name string // resource as group/resource or group/resource/subresource
	user                      string
	groups                    []string
	labels                    map[string]string
}

func (r request) attributes() *admission.VersionedAttributes {
	group, rest, _ := strings.Cut(r.resource, "/")
	resource, subresource, _ := strings.Cut(rest, "/")
	kind := schema.GroupVersionKind{Group: group, Version: "v1", Kind: "X"}
	object := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{}}}
	object.SetName(r.name)
	object.SetNamespace(r.namespace)
	object.SetLabels(r.labels)
	attributes := admission.NewAttributesRecord(object, nil, kind, r.namespace, r.name, schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource},
		subresource, admission.Create, nil, false, &user.DefaultInfo{Name: r.user, Groups: r.groups})
	return &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind, VersionedObject: admission.NewLazyObject(object)}
}

func serviceAccount(namespace string, more ...string) []string {
	return append([]string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}, more...)
}

func TestConditions(t *testing.T) {
	people := []string{"dev", "system:authenticated"}
	const (
		kube      = "system:serviceaccount:kube-system:"
		own       = "system:serviceaccount:kyverno:"
		admission = own + "kyverno-admission-controller"
	)
	tests := []struct {
		name string
		request
		sent bool
	}{
		{"Pod of a person", request{"/pods", "team", "web", "jane", people, nil}, true},
		{"Pod of nobody", request{"/pods", "team", "web", "", nil, nil}, true},
		{"Pod without a name", request{"/pods", "team", "", "jane", people, nil}, true},
		{"Pod of an administrator", request{"/pods", "team", "web", "admin", []string{"system:masters", "system:authenticated"}, nil}, true},
		{"Pod made by the ReplicaSet controller elsewhere", request{"/pods", "team", "web", kube + "replicaset-controller", serviceAccount("kube-system"), nil}, true},
		{"Namespace", request{"/namespaces", "team", "team", "jane", people, nil}, true},
		{"cluster-scoped", request{"rbac.authorization.k8s.io/clusterroles", "", "x", "jane", people, nil}, true},

		{"Event", request{"/events", "team", "x", "jane", people, nil}, false},
		{"Event, new group", request{"events.k8s.io/events", "team", "x", "jane", people, nil}, false},
		{"events of somebody else's group", request{"example.com/events", "team", "x", "jane", people, nil}, true},
		{"TokenReview", request{"authentication.k8s.io/tokenreviews", "", "", "x", people, nil}, false},
		{"SubjectAccessReview", request{"authorization.k8s.io/subjectaccessreviews", "", "", "x", people, nil}, false},
		{"LocalSubjectAccessReview", request{"authorization.k8s.io/localsubjectaccessreviews", "team", "", "x", people, nil}, false},
		{"reviews of somebody else's group", request{"authorization.k8s.io.example.com/subjectaccessreviews", "", "", "x", people, nil}, true},
		{"ClusterPolicy", request{"kyverno.io/clusterpolicies", "", "x", "jane", people, nil}, false},
		{"status of a Policy", request{"kyverno.io/policies/status", "team", "x", "jane", people, nil}, false},
		{"PolicyReport", request{"wgpolicyk8s.io/policyreports", "team", "x", "jane", people, nil}, false},
		{"a group that ends like ours", request{"notkyverno.io/clusterpolicies", "", "x", "jane", people, nil}, true},

		{"kube-system", request{"/pods", "kube-system", "x", "jane", people, nil}, false},
		{"the Namespace kube-system", request{"/namespaces", "kube-system", "kube-system", "jane", people, nil}, false},
		{"a namespace that begins so", request{"/pods", "kube-system-2", "x", "jane", people, nil}, true},
		{"kube-public", request{"/pods", "kube-public", "x", "jane", people, nil}, true},
		{"M02 a label that says kube-system", request{"/pods", "team", "x", "jane", people, map[string]string{"kubernetes.io/metadata.name": "kube-system"}}, true},
		{"M02 labels that others exempt by", request{"/pods", "team", "x", "jane", people, map[string]string{
			"admission.gatekeeper.sh/ignore": "true", "app.kubernetes.io/part-of": "edict", "webhook.kyverno.io/managed-by": "kyverno"}}, true},

		{"kubelet registers", request{"/nodes", "", "n1", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, false},
		{"kubelet reports", request{"/nodes/status", "", "n1", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, false},
		{"node is labelled by a person", request{"/nodes", "", "n1", "jane", people, nil}, true},
		{"node is labelled by an administrator", request{"/nodes", "", "n1", "admin", []string{"system:masters", "system:authenticated"}, nil}, true},
		{"node is tainted by its controller", request{"/nodes", "", "n1", kube + "node-controller", serviceAccount("kube-system"), nil}, false},
		{"node is tainted by the controller manager", request{"/nodes", "", "n1", "system:kube-controller-manager", []string{"system:authenticated"}, nil}, false},
		{"CSR of a bootstrapping node", request{"certificates.k8s.io/certificatesigningrequests", "", "x", "system:bootstrap:abc", []string{"system:bootstrappers", "system:authenticated"}, nil}, false},
		{"CSR is approved by its controller", request{"certificates.k8s.io/certificatesigningrequests/approval", "", "x", kube + "certificate-controller", serviceAccount("kube-system"), nil}, false},
		{"CSR of a person", request{"certificates.k8s.io/certificatesigningrequests", "", "x", "jane", people, nil}, true},
		{"lease of a node", request{"coordination.k8s.io/leases", "kube-node-lease", "n1", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, false},
		{"lease of a person", request{"coordination.k8s.io/leases", "team", "x", "jane", people, nil}, true},
		{"Pod of a kubelet", request{"/pods", "team", "x", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, true},
		{"a group that begins like that of nodes", request{"/nodes", "", "n1", "jane", []string{"system:nodes-2", "system:authenticated"}, nil}, true},
		{"a user that is nearly one of the control plane", request{"/nodes", "", "n1", "system:kube", people, nil}, true},
		{"a ServiceAccount of kube-system without its group", request{"/nodes", "", "n1", kube + "node-controller", people, nil}, true},
		{"nodes of somebody else's group", request{"example.com/nodes", "", "n1", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, true},

		{"own account, own namespace", request{"/secrets", "kyverno", "x", admission, serviceAccount("kyverno"), nil}, false},
		{"own account, lease", request{"coordination.k8s.io/leases", "kyverno", "x", own + "kyverno-background-controller", serviceAccount("kyverno"), nil}, false},
		{"M14 own account elsewhere", request{"/secrets", "team", "x", admission, serviceAccount("kyverno"), nil}, true},
		{"M14 own account, cluster-scoped", request{"/namespaces", "team", "team", admission, serviceAccount("kyverno"), nil}, true},
		{"M14 a name that begins so", request{"/secrets", "kyverno", "x", admission + "-2", serviceAccount("kyverno"), nil}, true},
		{"M14 a name that is shorter", request{"/secrets", "kyverno", "x", own + "kyverno-admission", serviceAccount("kyverno"), nil}, true},
		{"M14 a name in capitals", request{"/secrets", "kyverno", "x", own + "Kyverno-admission-controller", serviceAccount("kyverno"), nil}, true},
		{"M14 a user of that name without groups", request{"/secrets", "kyverno", "x", admission, nil, nil}, true},
		{"M14 impersonated with groups of a person", request{"/secrets", "kyverno", "x", admission, people, nil}, true},
		{"M14 impersonated with one group more", request{"/secrets", "kyverno", "x", admission, serviceAccount("kyverno", "dev"), nil}, true},
		{"M14 the same name in another namespace", request{"/secrets", "kyverno", "x", "system:serviceaccount:team:kyverno-admission-controller", serviceAccount("team"), nil}, true},
		{"A07 another account of the namespace", request{"/pods", "kyverno", "x", own + "default", serviceAccount("kyverno"), nil}, true},
		{"A07 Pod of a person", request{"/pods", "kyverno", "x", "jane", people, nil}, true},
		{"A07 Pod of a person under the name of a workload", request{"/pods", "kyverno", "kyverno-admission-controller", "jane", people, nil}, true},
		{"A07 ConfigMap of an administrator", request{"/configmaps", "kyverno", "x", "admin", []string{"system:masters", "system:authenticated"}, nil}, true},
		{"A07 another Deployment", request{"apps/deployments", "kyverno", "miner", "jane", people, nil}, true},
		{"A07 a Deployment whose name begins so", request{"apps/deployments", "kyverno", "kyverno-admission-controller-2", "jane", people, nil}, true},
		{"A07 a DaemonSet under the name of a workload", request{"apps/daemonsets", "kyverno", "kyverno-admission-controller", "jane", people, nil}, true},
		{"own Deployment", request{"apps/deployments", "kyverno", "kyverno-admission-controller", "jane", people, nil}, false},
		{"own Deployment is scaled", request{"apps/deployments/scale", "kyverno", "kyverno-admission-controller", "jane", people, nil}, false},
		{"own StatefulSet", request{"apps/statefulsets", "kyverno", "kyverno-api-server", "jane", people, nil}, false},
		{"a Deployment of that name elsewhere", request{"apps/deployments", "team", "kyverno-admission-controller", "jane", people, nil}, true},

		{"own ReplicaSet by its controller", request{"apps/replicasets", "kyverno", "kyverno-admission-controller-1", kube + "deployment-controller", serviceAccount("kube-system"), nil}, false},
		{"own Pod by its controller", request{"/pods", "kyverno", "", kube + "replicaset-controller", serviceAccount("kube-system"), nil}, false},
		{"own Pod by the controller manager", request{"/pods", "kyverno", "", "system:kube-controller-manager", []string{"system:authenticated"}, nil}, false},
		{"own Pod is bound", request{"/pods/binding", "kyverno", "x", "system:kube-scheduler", []string{"system:authenticated"}, nil}, false},
		{"own Pod is run", request{"/pods/status", "kyverno", "x", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, false},
		{"own Pod's token", request{"/serviceaccounts/token", "kyverno", "kyverno-api-server", "system:node:n1", []string{"system:nodes", "system:authenticated"}, nil}, false},
		{"own endpoints", request{"discovery.k8s.io/endpointslices", "kyverno", "", kube + "endpointslice-controller", serviceAccount("kube-system"), nil}, false},
		{"A07 an add-on of kube-system", request{"/pods", "kyverno", "x", kube + "coredns", serviceAccount("kube-system"), nil}, true},
		{"A07 the controller's name without its group", request{"/pods", "kyverno", "x", kube + "replicaset-controller", people, nil}, true},
		{"A07 the controller's name in another namespace", request{"/pods", "kyverno", "x", "system:serviceaccount:team:replicaset-controller", serviceAccount("team"), nil}, true},
	}
	m := matcher(t, conditions(endpoint.Namespace, endpoint.Accounts, endpoint.Workloads))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := m.Match(t.Context(), test.attributes(), nil, nil)
			if result.Error != nil {
				t.Fatalf("a condition fails, and with it the request: %v", result.Error)
			}
			if result.Matches != test.sent {
				t.Errorf("sent: %v, want %v (%s)", result.Matches, test.sent, result.FailedConditionName)
			}
		})
	}
}

// M02 labels change nothing, whatever the request.
func TestM02LabelsNeverExempt(t *testing.T) {
	m := matcher(t, conditions(endpoint.Namespace, endpoint.Accounts, endpoint.Workloads))
	labels := map[string]string{"kubernetes.io/metadata.name": "kube-system", "app.kubernetes.io/part-of": "kyverno", "control-plane": "true"}
	for _, r := range []request{
		{"/pods", "team", "x", "jane", nil, labels}, {"/pods", "kyverno", "x", "jane", nil, labels}, {"/nodes", "", "x", "jane", nil, labels},
	} {
		if result := m.Match(t.Context(), r.attributes(), nil, nil); !result.Matches || result.Error != nil {
			t.Errorf("%+v: %+v", r, result)
		}
	}
}

func TestConditionsWithoutAccountsAndWorkloads(t *testing.T) {
	m := matcher(t, conditions("edict", nil, nil))
	r := request{resource: "apps/deployments", namespace: "edict", name: "x", user: "jane"}
	if result := m.Match(t.Context(), r.attributes(), nil, nil); !result.Matches || result.Error != nil {
		t.Errorf("%+v", result)
	}
}

func TestConditionsAreFewAndNamed(t *testing.T) {
	names := map[string]bool{}
	for _, c := range conditions(endpoint.Namespace, endpoint.Accounts, endpoint.Workloads) {
		names[c.Name] = true
		if strings.Contains(c.Expression, "$") || strings.Contains(c.Expression, "label") || strings.Contains(c.Expression, "object") {
			t.Errorf("%s: %s", c.Name, c.Expression)
		}
	}
	if len(names) != 8 {
		t.Errorf("%d conditions: %v", len(names), maps.Keys(names))
	}
}

func TestNeverSentAgreesWithTheConditions(t *testing.T) {
	m := matcher(t, conditions(endpoint.Namespace, endpoint.Accounts, endpoint.Workloads))
	for _, resource := range []string{"/events", "events.k8s.io/events", "example.com/events", "authentication.k8s.io/tokenreviews",
		"authorization.k8s.io/subjectaccessreviews", "kyverno.io/policies", "kyverno.io/policies/status", "wgpolicyk8s.io/policyreports", "/pods", "/nodes"} {
		group, rest, _ := strings.Cut(resource, "/")
		sent := m.Match(t.Context(), request{resource: resource, namespace: "team", user: "jane"}.attributes(), nil, nil).Matches
		if got := neverSent(schema.GroupResource{Group: group, Resource: rest}); got == sent {
			t.Errorf("%s: never sent: %v, but sent: %v", resource, got, sent)
		}
	}
}
