package webhookconfig

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine"
)

// M04 Every name of a kind, resource and subresource is compared with what the API server serves.
func TestServed(t *testing.T) {
	found := func(group, version, resource, kind string) Resource {
		return Resource{schema.GroupVersionResource{Group: group, Version: version, Resource: resource}, kind}
	}
	for name, test := range map[string]struct {
		kinds string
		want  Served
	}{
		"M04 kinds that there are":           {"Pod, apps/v1/Deployment", Served{Found: []Resource{found("", "v1", "pods", "Pod"), found("apps", "v1", "deployments", "Deployment")}}},
		"M04 a kind in its preferred form":   {"CronJob", Served{Found: []Resource{found("batch", "v1", "cronjobs", "CronJob")}}},
		"M04 a kind that there is not":       {"Pods, Widget", Served{Unknown: []string{"Pods", "Widget"}}},
		"M04 a group that there is not":      {"extensions/v1beta1/Deployment", Served{Unknown: []string{"extensions/v1beta1/Deployment"}}},
		"M04 a subresource that there is":    {"Pod/status", Served{}},
		"M04 one that there is not":          {"Pod/statuses", Served{Unknown: []string{"Pod/statuses"}}},
		"M04 the kind of a subresource":      {"Scale, PodExecOptions", Served{Subresources: []string{"PodExecOptions", "Scale"}}},
		"M04 kinds that are in no namespace": {"Namespace, Node, Pod", Served{ClusterScoped: []string{"Namespace", "Node"}, Found: []Resource{found("", "v1", "namespaces", "Namespace"), found("", "v1", "nodes", "Node"), found("", "v1", "pods", "Pod")}}},
		"M04 everything":                     {"'*'", Served{}},
		"M04 every subresource":              {"'*/*'", Served{}},
	} {
		t.Run(name, func(t *testing.T) {
			program, errs := engine.Compile(clusterPolicy("a", on(t, test.kinds)))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if diff := cmp.Diff(test.want, resourcesOf(t, cluster(), nil).Served(program)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Of what may be in a group that does not answer nothing is said, and nothing at all where nothing is known.
func TestServedAsFarAsIsKnown(t *testing.T) {
	s := cluster()
	s.failed = map[schema.GroupVersion]error{{Group: "metrics.k8s.io", Version: "v1beta1"}: errors.New("down")}
	program, _ := engine.Compile(clusterPolicy("a", on(t, "PodMetrics, example.com/v1/Widget")))
	if diff := cmp.Diff(Served{Unknown: []string{"example.com/v1/Widget"}}, resourcesOf(t, s, nil).Served(program)); diff != "" {
		t.Errorf("with a group that does not answer (-want +got)\n%s", diff)
	}
	for name, r := range map[string]*Resources{"never asked": nil, "an empty answer": {}} {
		if diff := cmp.Diff(Served{}, r.Served(program)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
