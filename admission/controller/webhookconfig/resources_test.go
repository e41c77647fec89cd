package webhookconfig

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// U11 an aggregated API that is down must not take its rules away.
func TestU11GroupsThatDoNotAnswerKeepTheirRules(t *testing.T) {
	s := cluster()
	whole := resourcesOf(t, s, nil)
	policies, _ := newSet(t, clusterPolicy("a", on(t, "PodMetrics, Pod"))).All()
	before, _ := Desired(Input{Policies: policies, Resources: whole, Endpoint: endpoint, CABundle: []byte("ca")})
	s.failed = map[schema.GroupVersion]error{{Group: "metrics.k8s.io", Version: "v1beta1"}: errors.New("down")}

	remembered, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, s, whole), Endpoint: endpoint, CABundle: []byte("ca")})
	if diff := cmp.Diff(before, remembered); diff != "" {
		t.Errorf("with what was known before: %s", diff)
	}
	kept, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, s, nil), Endpoint: endpoint, CABundle: []byte("ca"), Live: before})
	if diff := cmp.Diff(before, kept); diff != "" {
		t.Errorf("a new leader, who knows nothing from before: %s", diff)
	}
	s.err = errors.New("the API server is down")
	if _, err := Discover(s, whole); err == nil {
		t.Error("no error when nothing at all is known")
	}
}

// U06, M01, M04 a rule on an object is also asked about what changes it by way of a subresource, where the API server serves
// that.
func TestU06M04ChangesBySubresources(t *testing.T) {
	s := cluster()
	s.lists[0].APIResources = append(s.lists[0].APIResources, metav1.APIResource{Name: "pods/resize", Kind: "Pod", Namespaced: true},
		metav1.APIResource{Name: "namespaces/status", Kind: "Namespace"}, metav1.APIResource{Name: "namespaces/finalize", Kind: "Namespace"})
	for kinds, want := range map[string]string{
		"Pod":        "[] v1 Namespaced " + allOperations + " pods,pods/ephemeralcontainers,pods/resize",
		"Namespace":  "[] v1 * " + allOperations + " namespaces,namespaces/finalize,namespaces/status",
		"'*'":        "[*] * * " + allOperations + " *,namespaces/finalize,namespaces/status,pods/ephemeralcontainers,pods/resize",
		"Pod/exec":   "[] v1 Namespaced " + allOperations + " pods/exec",
		"Pod/resize": "[] v1 Namespaced " + allOperations + " pods/resize",
	} {
		policies, _ := newSet(t, clusterPolicy("a", on(t, kinds))).All()
		webhooks, _ := Desired(Input{Policies: policies, Resources: resourcesOf(t, s, nil), Endpoint: endpoint})
		if len(webhooks) != 1 || !slices.Equal(lines(webhooks[0].Rules), []string{want}) {
			t.Errorf("%s: %v", kinds, lines(webhooks[0].Rules))
		}
	}
}
