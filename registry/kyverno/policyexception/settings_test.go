package policyexception

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
)

// K07 By default no exception is applied, and its status says why.
func TestStatusSaysWhetherAnExceptionIsApplied(t *testing.T) {
	started := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		settings Settings
		applies  bool
		reason   string
		message  string
	}{
		"the default": {Settings{}, false, "Disabled", "No exceptions are applied: edict-server runs without --enable-policy-exception."},
		"a namespace alone": {Settings{Namespace: "team"}, false, "Disabled",
			"No exceptions are applied: edict-server runs without --enable-policy-exception."},
		"enabled alone": {Settings{Enabled: true}, false, "NamespaceNotSet",
			"No exceptions are applied: --exception-namespace of edict-server is empty. It names the namespace whose exceptions are applied, or * for all."},
		"another namespace": {Settings{Enabled: true, Namespace: "platform"}, false, "NamespaceNotAllowed",
			"Exceptions of the namespace team are not applied: edict-server applies those of --exception-namespace, platform."},
		"a namespace that begins alike": {Settings{Enabled: true, Namespace: "tea"}, false, "NamespaceNotAllowed",
			"Exceptions of the namespace team are not applied: edict-server applies those of --exception-namespace, tea."},
		"its namespace":   {Settings{Enabled: true, Namespace: "team"}, true, "Succeeded", "The exception is applied."},
		"every namespace": {Settings{Enabled: true, Namespace: "*"}, true, "Succeeded", "The exception is applied."},
	} {
		t.Run(name, func(t *testing.T) {
			if test.settings.Applies("team") != test.applies {
				t.Errorf("applied: %v", !test.applies)
			}
			young, old := exceptionIn("team"), exceptionIn("team")
			young.CreationTimestamp = metav1.NewTime(started.Add(time.Hour))
			old.CreationTimestamp = metav1.NewTime(started.Add(-time.Hour))
			young.Generation = 3
			// What a client had stored once does not matter.
			old.Status.Conditions = []metav1.Condition{{Type: "Forged"}, {Type: "Ready", Status: metav1.ConditionTrue}}
			list := &kyvernov2.PolicyExceptionList{Items: []kyvernov2.PolicyException{*young, *old}}
			tell := teller{settings: test.settings, since: started}.tell
			tell(young)
			tell(list)
			want := metav1.Condition{
				Type: kyvernov1.ConditionReady, Status: metav1.ConditionFalse, Reason: test.reason, Message: test.message,
				ObservedGeneration: 3, LastTransitionTime: young.CreationTimestamp,
			}
			if test.applies {
				want.Status = metav1.ConditionTrue
			}
			for _, got := range [][]metav1.Condition{young.Status.Conditions, list.Items[0].Status.Conditions} {
				if len(got) != 1 || got[0] != want {
					t.Errorf("got  %+v\nwant %+v", got, want)
				}
			}
			want.LastTransitionTime, want.ObservedGeneration = metav1.NewTime(started), 0
			if got := list.Items[1].Status.Conditions; len(got) != 1 || got[0] != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// A bookmark of a watch has no status.
func TestBookmarkIsNoException(t *testing.T) {
	bookmark := &kyvernov2.PolicyException{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "7"}}
	teller{}.tell(bookmark)
	if bookmark.Status.Conditions != nil {
		t.Errorf("%+v", bookmark.Status)
	}
}
