package webhookconfig

import (
	"errors"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestJudge(t *testing.T) {
	no := false
	scanOnly := clusterPolicy("a", on(t, "Pod"))
	scanOnly.Spec.Admission = &no
	replicas := clusterPolicy("a", on(t, "Deployment"))
	replicas.Spec.Rules[0].Validate.Pattern = &apiextensionsv1.JSON{Raw: []byte(`{"spec":{"replicas":">1"}}`)}
	holding := []replica{{"pod-1", map[string]string{"clusterpolicies": "10", "policies": "10"}}}
	tests := []struct {
		name    string
		policy  v1.Object
		state   func(*engine.Program) state
		live    []replica
		unknown bool // whether nothing can be said
		want    metav1.ConditionStatus
		message string
	}{
		{name: "in place and held", policy: clusterPolicy("a", on(t, "Pod")), state: settled(Need{}), live: holding, want: "True", message: "Ready"},
		{name: "a Policy", policy: policy("team", "a", on(t, "Pod")), state: settled(Need{}), live: holding, want: "True", message: "Ready"},
		{name: "not looked at yet", policy: clusterPolicy("a", on(t, "Pod")), state: func(*engine.Program) state { return state{} }, live: holding, unknown: true},
		{name: "not writable", policy: clusterPolicy("a", on(t, "Pod")), state: func(*engine.Program) state { return state{failure: errors.New("forbidden")} }, live: holding,
			want: "False", message: "Not Ready; the webhook configuration could not be written: forbidden"},
		{name: "a failure later on", policy: clusterPolicy("a", on(t, "Pod")), state: func(p *engine.Program) state {
			s := settled(Need{})(p)
			s.failure = errors.New("down")
			return s
		}, live: holding, want: "True", message: "Ready"},
		{name: "unknown kinds", policy: clusterPolicy("a", on(t, "Pod")), state: settled(Need{unknown: []string{"A", "B"}}), live: holding,
			want: "True", message: "Ready; the API server does not serve A, B"},
		{name: "no replica", policy: clusterPolicy("a", on(t, "Pod")), state: settled(Need{}),
			want: "False", message: "Not Ready; no replica of the admission role has published that it holds policies"},
		{name: "one replica behind", policy: clusterPolicy("a", on(t, "Pod")), state: settled(Need{}),
			live: append([]replica{{"pod-0", map[string]string{"clusterpolicies": "9", "policies": "99"}}}, holding...),
			want: "False", message: "Not Ready; not held yet by the admission replicas pod-0"},
		{name: "for scans only", policy: scanOnly, state: func(*engine.Program) state { return state{} }, want: "True", message: "Ready"},
		{name: "never sent", policy: clusterPolicy("a", on(t, "Event")), state: settled(Need{unsent: true}), live: holding,
			want: "True", message: "Ready; all that the policy concerns is kept from admission, so that the cluster cannot be locked: it is never evaluated there"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			program, _ := engine.Compile(test.policy)
			got, known := judge(test.policy, program, test.state(program), test.live, "10")
			if known == test.unknown {
				t.Fatalf("known: %v", known)
			}
			if test.unknown {
				return
			}
			reason := map[metav1.ConditionStatus]string{"True": "Succeeded", "False": "Failed"}[test.want]
			if got.Type != "Ready" || got.Status != test.want || got.Reason != reason || got.Message != test.message {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("warnings of the engine are part of the message", func(t *testing.T) {
		program, _ := engine.Compile(replicas)
		if len(program.Warnings()) == 0 {
			t.Fatal("the engine has no warning about a policy on replicas that can be scaled past it: this test needs another policy")
		}
		got, _ := judge(replicas, program, settled(Need{})(program), holding, "10")
		if got.Status != "True" || got.Message != "Ready; "+program.Warnings()[0] {
			t.Errorf("%+v", got)
		}
	})
}

func settled(need Need) func(*engine.Program) state {
	return func(program *engine.Program) state {
		return state{needs: map[*engine.Program]Need{program: need}}
	}
}

func TestCountRules(t *testing.T) {
	spec := &v1.Spec{Rules: []v1.Rule{
		{Validate: &v1.Validation{}}, {Validate: &v1.Validation{}}, {Mutate: &v1.Mutation{}}, {Generate: &v1.Generation{}},
		{VerifyImages: []v1.ImageVerification{{}}},
	}}
	if got := *countRules(spec); got != (v1.RuleCount{Validate: 2, Mutate: 1, Generate: 1, VerifyImages: 1}) {
		t.Errorf("%+v", got)
	}
}
