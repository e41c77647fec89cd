package app

import (
	"context"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
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
			v := &validator{}
			if errs := v.Validate(t.Context(), test.policy); len(errs) > 0 {
				t.Fatal(errs)
			}
			warnings := v.Warnings(t.Context(), test.policy)
			if got := slices.Contains(warnings, webhookconfig.Exempt); got != test.want {
				t.Errorf("%q", warnings)
			}
		})
	}
}

// What the kinds of the cluster make of a policy.
func TestKindsOfTheCluster(t *testing.T) {
	team := metav1.ObjectMeta{Namespace: "team"}
	for _, test := range []struct {
		name   string
		policy kyvernov1.Object
		err    string
		warn   string
	}{
		{name: "kinds that there are", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Secret, apps/v1/Deployment", "true")}},
		{name: "a kind that there is not", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Secret, Widget", "true")},
			warn: "the kind defined in the match resource is invalid: unable to convert GVK to GVR for kinds Widget: "},
		{name: "a kind of a subresource", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Scale", "true")},
			err: "background scan enabled with subresource Scale: "},
		{name: "a kind of a subresource, not in scans", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Scale", "false")},
			warn: "unable to convert GVK to GVR for kinds Scale: "},
		{name: "every subresource", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Pod/*", "true")},
			err: "background scan enabled with subresource Pod/*: "},
		{name: "everything", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "'*/*'", "true")},
			err: "background scan enabled with subresource */*: "},
		{name: "a subresource of every kind", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "'*/status'", "true")},
			err: "background scan enabled with subresource "},
		{name: "a subresource, not in scans", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Pod/status", "false")}},
		{name: "a subresource that there is not", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Pod/nothing", "false")},
			warn: "unable to convert GVK to GVR for kinds Pod/nothing: "},
		{name: "a Policy on what is in namespaces", policy: &kyvernov1.Policy{ObjectMeta: team, Spec: onKinds(t, "Secret", "true")}},
		{name: "a Policy on what is in none", policy: &kyvernov1.Policy{ObjectMeta: team, Spec: onKinds(t, "Secret, Namespace", "true")},
			err: "a Policy concerns its own namespace only"},
		{name: "a ClusterPolicy on what is in none", policy: &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Namespace", "true")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := &validator{cluster: newCluster(newServes()), authorizer: authorizerfactory.NewAlwaysAllowAuthorizer(), scanner: "system:serviceaccount:kyverno:scanner"}
			errs := v.Validate(t.Context(), test.policy)
			if test.err == "" && len(errs) > 0 || test.err != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), test.err)) {
				t.Fatalf("got %v, want %q", errs, test.err)
			}
			if test.err != "" {
				return
			}
			warnings := v.Warnings(t.Context(), test.policy)
			if test.warn == "" && len(warnings) > 0 || test.warn != "" && (len(warnings) != 1 || !strings.Contains(warnings[0], test.warn)) {
				t.Errorf("warnings %q, want %q", warnings, test.warn)
			}
		})
	}
}

// The author is told of what cannot be scanned because the background role may not read it.
func TestWarnsOfWhatCannotBeScanned(t *testing.T) {
	var groups []string
	noSecrets := authorizer.AuthorizerFunc(func(_ context.Context, request authorizer.Attributes) (authorizer.Decision, string, error) {
		groups = request.GetUser().GetGroups()
		if request.GetUser().GetName() != "system:serviceaccount:kyverno:scanner" || request.GetResource() == "secrets" && request.GetVerb() == "watch" {
			return authorizer.DecisionNoOpinion, "", nil
		}
		return authorizer.DecisionAllow, "", nil
	})
	v := &validator{cluster: newCluster(newServes()), authorizer: noSecrets, scanner: "system:serviceaccount:kyverno:scanner"}
	const want = "system:serviceaccount:kyverno:scanner requires permissions get,list,watch for resource secrets: until it has them, what exists is not scanned"
	if got := v.Warnings(t.Context(), &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Secret, Deployment", "true")}); !slices.Equal(got, []string{want}) {
		t.Errorf("warnings %q", got)
	}
	if !slices.Contains(groups, "system:serviceaccounts:kyverno") {
		t.Errorf("asked for a member of %v", groups)
	}
	if got := v.Warnings(t.Context(), &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Secret", "false")}); len(got) > 0 {
		t.Errorf("warnings %q of what is not scanned", got)
	}
}

// What is not done yet is refused by a server, and accepted elsewhere.
func TestRefusesWhatIsNotDoneYet(t *testing.T) {
	policy := &kyvernov1.ClusterPolicy{Spec: onKinds(t, "Secret", "true")}
	policy.Spec.Rules[0].Validate = nil
	policy.Spec.Rules[0].Mutate = &kyvernov1.Mutation{PatchesJSON6902: "[]"}
	if errs := (&validator{}).Validate(t.Context(), policy); len(errs) == 0 {
		t.Error("a mutate rule is accepted")
	}
}

func TestValidatesExceptions(t *testing.T) {
	exception := &kyvernov2.PolicyException{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "team"}}
	manifest := `
match: {any: [{resources: {kinds: [Pod], names: [a]}}]}
exceptions: [{policyName: p, ruleNames: [r]}]
conditions: {any: [{key: "{{ request.object.KEY }}", operator: Equals, value: a}]}`
	for _, test := range []struct {
		key   string
		valid bool
	}{{"metadata.name", true}, {"metadata.name |", false}} {
		if err := yaml.UnmarshalStrict([]byte(strings.ReplaceAll(manifest, "KEY", test.key)), &exception.Spec); err != nil {
			t.Fatal(err)
		}
		if errs := (&validator{}).ValidateException(exception); (len(errs) == 0) != test.valid {
			t.Errorf("%s: %v", test.key, errs)
		}
	}
}
