package scan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

func TestNewAsksForWhatItNeeds(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a Controller of nothing was made")
	}
	w := newWorld(t)
	w.config.Interval = -1
	if _, err := New(w.config); err == nil {
		t.Error("a negative interval was accepted")
	}
}

func TestPolicyReportsOnPodsThatExist(t *testing.T) {
	w := newWorld(t, newPod("team", "good", labelled), newPod("team", "bad", nil), newPod("kube-system", "dns", nil))
	w.start()
	w.started()
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))

	// Those of kube-system, too: a scan stands in nobody's way.
	w.says("Pod kube-system/dns: labels=fail", "Pod team/bad: labels=fail", "Pod team/good: labels=pass")
}

func TestReportFollowsItsPod(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=fail")
	w.watching(pods)

	w.update(pods, newPod("team", "web", labelled))
	w.says("Pod team/web: labels=pass")

	second := newPod("team", "second", nil)
	w.create(pods, second)
	w.says("Pod team/second: labels=fail", "Pod team/web: labels=pass")

	w.delete(pods, second)
	w.says("Pod team/web: labels=pass")
}

func TestPodOfTheSameNameIsAnother(t *testing.T) {
	old := newPod("team", "web-0", nil)
	w := newWorld(t, old)
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web-0: labels=fail")
	w.watching(pods)

	w.delete(pods, old)
	next := newPod("team", "web-0", labelled)
	next.SetUID("another")
	w.create(pods, next)
	w.says("Pod team/web-0: labels=pass")
	if w.sink.get("team", "another") == nil {
		t.Error("the report that stands is not that of the new Pod")
	}
}

func TestReportsFollowPolicies(t *testing.T) {
	w := newWorld(t, newPod("team", "web", labelled), newPod("other", "web", nil))
	w.start()
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.says("Pod other/web: labels=fail", "Pod team/web: labels=pass")

	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "owner", "")) // changed
	w.says("Pod other/web: labels=fail", "Pod team/web: labels=fail")

	w.policies.put("team/names", requireLabel(t, "team", "names", "Pod", "team", "")) // namespaced
	w.says("Pod other/web: labels=fail", "Pod team/web: labels=fail team/names=pass")

	w.policies.remove("labels")
	w.says("Pod team/web: team/names=pass")

	w.policies.remove("team/names")
	w.says()
	w.eventually("only namespaces are watched", func() bool { return w.scan.Status().Kinds == 1 })

	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", "")) // and again
	w.says("Pod other/web: labels=fail", "Pod team/web: labels=pass")
}

func TestPolicyThatLooksElsewhereLeavesNoReport(t *testing.T) {
	w := newWorld(t, newPod("team", "web", labelled))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=pass")
	w.policies.put("labels", requireLabel(t, "", "labels", "Secret", "team", ""))
	w.says()
}

func TestPolicyWithoutBackgroundIsNotScanned(t *testing.T) {
	w := newWorld(t, newPod("team", "web", labelled))
	policy := labelPolicy(t, "", "labels", "Pod", "team", "")
	policy.PolicySpec().Background = ptr.To(false)
	w.policies.put("labels", compile(t, policy))
	w.policies.put("other", requireLabel(t, "", "other", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: other=pass")
}

func TestPolicyThatIsKeptOutOfReports(t *testing.T) {
	w := newWorld(t, newPod("team", "web", labelled))
	policy := labelPolicy(t, "", "labels", "Pod", "team", "")
	policy.SetLabels(map[string]string{"reports.kyverno.io/disabled": ""})
	w.policies.put("labels", compile(t, policy))
	w.policies.put("other", requireLabel(t, "", "other", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: other=pass")
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.says("Pod team/web: labels=pass other=pass")
}

func TestNewsOfNothingNewIsNotActedUpon(t *testing.T) {
	w := newWorld(t, newPod("team", "web", labelled))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=pass")
	asked, discovered := w.policies.timesAsked(), w.cluster.timesAsked()
	for range 3 { // the status of a policy is written, say
		w.policies.change(func() {})
		w.eventually("the policies were looked at", func() bool { return w.policies.timesAsked() > asked })
		asked = w.policies.timesAsked()
	}
	if again := w.cluster.timesAsked(); again != discovered {
		t.Errorf("discovery was asked %d times because of no change", again-discovered)
	}
}

func TestClusterScopedObjects(t *testing.T) {
	team := newNamespace("team", labelled)
	w := newWorld(t, team)
	w.policies.put("owner", requireLabel(t, "", "owner", "Namespace", "team", ""))
	w.start()
	w.says("Namespace team: owner=pass")
	standing := w.sink.get("", "uid-of-team")
	if standing == nil || standing.Namespace != "" {
		t.Fatalf("the report on a Namespace is %v, want a cluster-scoped one", standing)
	}
	w.watching(namespaces.name)

	w.create(namespaces.name, newNamespace("other", nil))
	w.says("Namespace other: owner=fail", "Namespace team: owner=pass")

	w.policies.remove("owner") // namespaces stay watched, their reports go
	w.says()
	w.policies.put("owner", requireLabel(t, "", "owner", "Namespace", "team", ""))
	w.says("Namespace other: owner=fail", "Namespace team: owner=pass")
}

func TestM03RelabelledNamespaceIsScannedAgain(t *testing.T) {
	w := newWorld(t, newNamespace("team", nil), newPod("team", "web", nil))
	w.policies.put("prod", requireLabel(t, "", "prod", "Pod", "team", "namespaceSelector: {matchLabels: {tier: prod}}"))
	w.policies.put("all", requireLabel(t, "", "all", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: all=fail")
	w.watching(namespaces.name)

	team := newNamespace("team", map[string]string{"tier": "prod"})
	w.update(namespaces.name, team)
	w.says("Pod team/web: all=fail prod=fail")

	team.SetLabels(nil)
	w.update(namespaces.name, team)
	w.says("Pod team/web: all=fail")
}

// exceptionByTier exempts Pods of namespaces of one tier from the policy labels.
const exceptionByTier = `
metadata: {name: tier, namespace: security}
spec:
  match:
    any:
    - resources: {kinds: [Pod], namespaceSelector: {matchLabels: {tier: dev}}}
  exceptions: [{policyName: labels, ruleNames: ["*"]}]
`

func TestReportsFollowExceptions(t *testing.T) {
	w := newWorld(t, newNamespace("team", map[string]string{"tier": "dev"}), newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=fail")
	w.policies.except(t, exceptionByTier)
	w.says("Pod team/web: labels=skip")
	w.policies.except(t)
	w.says("Pod team/web: labels=fail")
}

func TestM03RelabelledNamespaceAndExceptions(t *testing.T) {
	w := newWorld(t, newNamespace("team", map[string]string{"tier": "dev"}), newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.policies.except(t, exceptionByTier)
	w.start()
	w.says("Pod team/web: labels=skip")
	w.watching(namespaces.name)
	w.update(namespaces.name, newNamespace("team", map[string]string{"tier": "prod"}))
	w.says("Pod team/web: labels=fail")
}

func TestNamespacesThatAreSeenLast(t *testing.T) {
	w := newWorld(t, newNamespace("team", map[string]string{"tier": "prod"}), newPod("team", "web", nil))
	var open atomic.Bool
	w.client.PrependReactor("list", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		if open.Load() {
			return false, nil, nil
		}
		return true, nil, apierrors.NewServiceUnavailable("not yet")
	})
	w.policies.put("prod", requireLabel(t, "", "prod", "Pod", "team", "namespaceSelector: {matchLabels: {tier: prod}}"))
	w.start()
	w.says("Pod team/web: prod=error")
	if err := w.scan.Check(nil); err == nil {
		t.Error("healthy without having seen the namespaces")
	}
	open.Store(true)
	w.says("Pod team/web: prod=fail")
}

func TestObjectBeforeItsNamespaceIsJudgedAgain(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("prod", requireLabel(t, "", "prod", "Pod", "team", "namespaceSelector: {matchLabels: {tier: prod}}"))
	w.start()
	w.says("Pod team/web: prod=error") // never "not selected", and so no report
	w.watching(namespaces.name)
	w.create(namespaces.name, newNamespace("team", map[string]string{"tier": "prod"}))
	w.says("Pod team/web: prod=fail")
}

func TestSecondPassWritesNothing(t *testing.T) {
	w := newWorld(t, newPod("team", "a", nil), newPod("team", "b", labelled), newNamespace("team", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.config.Interval = 10 * time.Millisecond
	w.start()
	w.says("Pod team/a: labels=fail", "Pod team/b: labels=pass")
	written, tried := w.sink.timesWritten(), w.sink.timesTried()
	w.passes(5)
	if again := w.sink.timesWritten(); again != written {
		t.Errorf("%d writes in passes over what did not change", again-written)
	}
	if again := w.sink.timesTried(); again != tried {
		t.Errorf("%d batches in passes over what did not change", again-tried)
	}
}

func TestRestartWritesNothing(t *testing.T) {
	w := newWorld(t, newPod("team", "a", nil), newPod("team", "b", labelled))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/a: labels=fail", "Pod team/b: labels=pass")
	written := w.sink.timesWritten()

	w.start()
	w.started()
	w.create(secrets, newObject("v1", "Secret", "team", "s", nil))
	w.policies.put("secrets", requireLabel(t, "", "secrets", "Secret", "team", ""))
	w.says("Pod team/a: labels=fail", "Pod team/b: labels=pass", "Secret team/s: secrets=fail")
	if again := w.sink.timesWritten(); again != written+1 {
		t.Errorf("%d writes after a restart, want 1", again-written)
	}
}

func TestPassHealsWhatOthersDidToReports(t *testing.T) {
	w := newWorld(t, newPod("team", "a", nil), newPod("team", "b", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.config.Interval = 20 * time.Millisecond
	w.start()
	w.says("Pod team/a: labels=fail", "Pod team/b: labels=fail")

	w.sink.remove("team", "uid-of-team/a")
	edited := w.sink.get("team", "uid-of-team/b")
	edited.Results[0].Result = v1alpha2.Pass
	w.sink.put(edited)
	w.says("Pod team/a: labels=fail", "Pod team/b: labels=fail")
}

// orphan is a report of ours on an object of which the cluster holds none.
func orphan(apiVersion, kind, namespace, name string) *v1alpha2.PolicyReport {
	return report.New(corev1.ObjectReference{
		APIVersion: apiVersion, Kind: kind, Namespace: namespace, Name: name, UID: types.UID("uid-of-" + name),
	}, []eval.Decision{{Policy: eval.PolicyRef{Name: "old"}, Rule: "r", Result: eval.Fail, Scored: true}}, time.Unix(1, 0))
}

func TestOrphansGoAtTheStart(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.sink.put(orphan("v1", "Pod", "team", "gone"))          // of a kind that is scanned
	w.sink.put(orphan("v1", "Secret", "team", "unscanned"))  // of one that no policy concerns
	w.sink.put(orphan("v1", "Namespace", "", "nobody"))      // cluster-scoped
	w.sink.put(orphan("gone.dev/v1", "Thing", "team", "it")) // of one that is not served any more
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=fail")
}

func TestReportsOfOthersAreLeftAlone(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	foreign := orphan("v1", "Pod", "team", "team/web") // under the very name of the Pod's report
	foreign.Labels[report.ManagedByLabel] = "trivy-operator"
	foreign.Results[0].Source = "Trivy"
	w.sink.put(foreign)
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.create(pods, newPod("team", "other", nil))
	w.start()
	w.says("Pod team/other: labels=fail", "Pod team/team/web: old=fail")
	w.policies.remove("labels")
	w.says("Pod team/team/web: old=fail")
}

func TestNothingIsRemovedBeforePoliciesAreKnown(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.sink.put(orphan("v1", "Pod", "team", "gone"))
	w.policies.setKnown(false)
	w.start()
	w.eventually("the policies were asked for five times", func() bool { return w.policies.timesAsked() >= 5 })
	w.says("Pod team/gone: old=fail")
	if err := w.scan.Check(nil); err == nil {
		t.Error("healthy without policies")
	}
	if listed := w.sink.timesListed(); listed != 0 {
		t.Errorf("the reports were listed %d times", listed)
	}

	w.policies.setKnown(true) // and there are none
	w.says()
}

func TestPoliciesThatBecomeUnknownChangeNothing(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=fail")
	w.watching(pods)

	w.policies.change(func() { w.policies.known = false; clear(w.policies.byName) })
	w.create(pods, newPod("team", "second", nil))
	w.says("Pod team/second: labels=fail", "Pod team/web: labels=fail")
}

func TestSinkThatFailsAndRecovers(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.says("Pod team/web: labels=fail")
	w.watching(pods)

	w.sink.setDown(true)
	tried := w.sink.timesTried()
	w.update(pods, newPod("team", "web", labelled))
	w.create(pods, newPod("team", "second", nil))
	w.eventually("writing was tried", func() bool { return w.sink.timesTried() > tried })
	w.says("Pod team/web: labels=fail")
	w.sink.setDown(false)
	w.says("Pod team/second: labels=fail", "Pod team/web: labels=pass")
}

func TestStartWhileTheSinkIsDown(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.sink.put(orphan("v1", "Pod", "team", "gone"))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.sink.setDown(true)
	w.start()
	w.watching(pods)
	if err := w.scan.Check(nil); err == nil {
		t.Error("healthy without knowing which reports stand")
	}
	w.sink.setDown(false)
	w.says("Pod team/web: labels=fail")
	w.eventually("healthy", func() bool { return w.scan.Check(nil) == nil })
}

func TestKindThatMayNotBeReadIsPassedOver(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil), newObject("v1", "Secret", "team", "s", nil))
	w.sink.put(orphan("v1", "Secret", "team", "unseen"))
	var allowed atomic.Bool
	w.client.PrependReactor("list", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		if allowed.Load() {
			return false, nil, nil
		}
		return true, nil, apierrors.NewForbidden(secrets.GroupResource(), "", nil)
	})
	w.policies.put("pods", requireLabel(t, "", "pods", "Pod", "team", ""))
	w.policies.put("secrets", requireLabel(t, "", "secrets", "Secret", "team", ""))
	w.config.Interval = 10 * time.Millisecond
	w.start()

	w.says("Pod team/web: pods=fail", "Secret team/unseen: old=fail") // not seen is not gone
	w.eventually("the refusal is named", func() bool {
		return apierrors.IsForbidden(w.scan.Status().Refused["/v1, Resource=secrets"])
	})
	w.eventually("healthy", func() bool { return w.scan.Check(nil) == nil })
	w.passes(3)
	w.says("Pod team/web: pods=fail", "Secret team/unseen: old=fail")

	allowed.Store(true)
	w.says("Pod team/web: pods=fail", "Secret team/s: secrets=fail")
	w.eventually("nothing is refused", func() bool { return len(w.scan.Status().Refused) == 0 })
}

func TestEventsAndOurOwnKindsAreNotScanned(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil), newObject("v1", "Event", "team", "e", nil),
		newObject("kyverno.io/v1", "ClusterPolicy", "", "p", nil))
	for _, kind := range []string{"Event", "ClusterPolicy", "Pod"} {
		w.policies.put(kind, requireLabel(t, "", kind, kind, "team", ""))
	}
	w.start()
	w.says("Pod team/web: Pod=fail")
	for _, action := range w.client.Actions() {
		if resource := action.GetResource().Resource; resource == "events" || resource == "clusterpolicies" {
			t.Errorf("%s are listed", resource)
		}
	}
}

func TestPolicyThatNamesAnotherVersion(t *testing.T) {
	w := newWorld(t, newObject("example.dev/v2", "Widget", "team", "w", labelled),
		newObject("example.dev/v1", "Widget", "team", "w", nil)) // the same object, as each version shows it
	w.policies.put("any", requireLabel(t, "", "any", "Widget", "team", ""))
	w.policies.put("old", requireLabel(t, "", "old", "v1/Widget", "team", ""))
	w.start()
	w.says("Widget team/w: any=pass old=fail")
	if got := w.sink.get("team", "uid-of-team/w").Scope.APIVersion; got != "example.dev/v2" {
		t.Errorf("the report is about %s, want the preferred version", got)
	}
}

func TestKindsThatComeAndGo(t *testing.T) {
	w := newWorld(t, newObject("late.dev/v1", "Gizmo", "team", "g", nil))
	w.policies.put("gizmos", requireLabel(t, "", "gizmos", "Gizmo", "team", ""))
	w.config.DiscoveryInterval = 5 * time.Millisecond
	w.start()
	w.started()
	w.cluster.serve("late.dev/v1", listable("gizmos", "Gizmo"))
	w.says("Gizmo team/g: gizmos=fail")

	w.cluster.failFor("late.dev/v1") // its API server is away for a while
	asked := w.cluster.timesAsked()
	w.eventually("discovery failed five times", func() bool { return w.cluster.timesAsked() >= asked+5 })
	w.says("Gizmo team/g: gizmos=fail")

	w.cluster.failFor()
	w.cluster.drop("late.dev/v1")
	w.says()
}

func TestReportsOfAGroupThatDiscoveryNeverToldOfStay(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.sink.put(orphan("example.dev/v1", "Widget", "team", "w"))
	w.sink.put(orphan("v1", "Pod", "team", "gone"))
	w.cluster.failFor("example.dev/v1", "example.dev/v2")
	w.config.Interval = 10 * time.Millisecond
	w.config.DiscoveryInterval = 5 * time.Millisecond
	w.start()
	w.passes(3)
	w.says("Widget team/w: old=fail")
	w.cluster.failFor()
	w.says()
}

func TestStartWithoutDiscovery(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.sink.put(orphan("v1", "Secret", "team", "s"))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.cluster.fail(errors.New("connection refused"))
	w.start()
	w.eventually("discovery was asked five times", func() bool { return w.cluster.timesAsked() >= 5 })
	w.says("Secret team/s: old=fail")
	w.cluster.fail(nil)
	w.says("Pod team/web: labels=fail")
}

func TestManyObjectsGoInBatches(t *testing.T) {
	const many = 500
	var objects []*unstructured.Unstructured
	for i := range many {
		objects = append(objects, newPod("team", fmt.Sprintf("web-%d", i), labelled))
	}
	w := newWorld(t, objects...)
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.start()
	w.eventually("every Pod has a report", func() bool { return len(w.sink.said()) == many })
	if written := w.sink.timesWritten(); written != many {
		t.Errorf("%d writes for %d reports", written, many)
	}
	w.policies.remove("labels")
	w.says()
}

func TestBurstOfChangesIsOneEvaluation(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.config.Settle = 300 * time.Millisecond
	w.start()
	w.says("Pod team/web: labels=fail")
	w.watching(pods)
	written := w.sink.timesWritten()
	pod := newPod("team", "web", nil)
	for i := range 20 { // labelled and not, labelled at the end
		pod.SetLabels(map[string]string{"other": "x"})
		if i%2 == 1 {
			pod.SetLabels(labelled)
		}
		w.update(pods, pod)
	}
	w.says("Pod team/web: labels=pass")
	if again := w.sink.timesWritten() - written; again > 2 {
		t.Errorf("%d writes for a burst of changes", again)
	}
}

func TestRunAgainAfterItEnded(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	scan, err := New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.scan = scan
	for _, label := range []string{"team", "owner"} {
		w.policies.put("labels", requireLabel(t, "", "labels", "Pod", label, ""))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); scan.Run(ctx) }()
		w.says("Pod team/web: labels=fail")
		w.eventually("healthy", func() bool { return scan.Check(nil) == nil && scan.Status().Running })
		cancel()
		<-ended
		if scan.Status().Running || scan.Check(nil) != nil {
			t.Error("a scan that does not run says that it runs, or fails its check")
		}
	}
}

func TestStatus(t *testing.T) {
	w := newWorld(t, newPod("team", "web", nil))
	w.policies.put("labels", requireLabel(t, "", "labels", "Pod", "team", ""))
	w.config.Interval = 100 * time.Millisecond
	w.start()
	w.says("Pod team/web: labels=fail")
	status := w.scan.Status()
	if status.Kinds != 2 || status.Reports != 1 || time.Since(status.LastPass) > time.Minute {
		t.Errorf("status %+v", status)
	}
	w.eventually("healthy", func() bool { return w.scan.Check(nil) == nil })
	w.sink.setDown(true) // passes fail from here on
	w.eventually("a pass is overdue", func() bool {
		err := w.scan.Check(nil)
		return err != nil && strings.Contains(err.Error(), "the last pass")
	})
}

// BenchmarkJudge is the work for one Pod in a pass that finds everything as it was: decode, 17 policies, compare.
func BenchmarkJudge(b *testing.B) {
	pod := newPod("team", "web", labelled)
	container := map[string]any{"name": "c", "image": "registry.internal/web:v1", "resources": map[string]any{
		"limits": map[string]any{"cpu": "1", "memory": "1Gi"}, "requests": map[string]any{"cpu": "1", "memory": "1Gi"},
	}}
	pod.Object["spec"] = map[string]any{"containers": []any{container, container, container}}
	w := newWorld(b, pod)
	for i := range 17 {
		name := fmt.Sprintf("policy-%d", i)
		w.policies.put(name, requireLabel(b, "", name, "Pod", "team", ""))
	}
	w.start()
	w.eventually("the Pod has its report", func() bool { return len(w.sink.said()) == 1 })
	l := w.scan.loop
	jobs := l.standing.jobs()
	b.ReportAllocs()
	for b.Loop() {
		change, told, err := l.judge(b.Context(), jobs[0])
		if err != nil || !told || !l.standing.says(jobs[0].uid, change.Report) {
			b.Fatal(change, told, err)
		}
	}
}
