package app

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestWarnsOfWhatIsNeverEvaluated(t *testing.T) {
	spec := func(kind, admission string) (spec kyvernov1.Spec) {
		t.Helper()
		manifest := "admission: " + admission + `
rules:
- name: team
  match: {any: [{resources: {kinds: [` + kind + `]}}]}
  validate: {message: no team, pattern: {metadata: {labels: {team: "?*"}}}}
`
		if err := yaml.UnmarshalStrict([]byte(manifest), &spec); err != nil {
			t.Fatal(err)
		}
		return spec
	}
	for _, test := range []struct {
		name   string
		policy kyvernov1.Object
		want   bool
	}{
		{"Events", &kyvernov1.ClusterPolicy{Spec: spec("Event", "true")}, true},
		{"Events, for scans only", &kyvernov1.ClusterPolicy{Spec: spec("Event", "false")}, false},
		{"ConfigMaps", &kyvernov1.ClusterPolicy{Spec: spec("ConfigMap", "true")}, false},
		{"ConfigMaps of kube-system", &kyvernov1.Policy{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system"}, Spec: spec("ConfigMap", "true")}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			warnings, errs := compiler{}.Validate(test.policy)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if got := slices.Contains(warnings, webhookconfig.Exempt); got != test.want {
				t.Errorf("%q", warnings)
			}
		})
	}
}
