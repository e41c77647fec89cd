package webhookconfig

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
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
