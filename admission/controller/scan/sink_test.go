package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/generated/clientset/versioned/fake"
)

func newClientSink(standing ...runtime.Object) (*ClientSink, *fake.Clientset) {
	clientset := fake.NewSimpleClientset(standing...)
	return NewClientSink(clientset.Wgpolicyk8sV1alpha2()), clientset
}

// wanted is a report with one result; without a namespace it is on a Namespace.
func wanted(namespace, name string, result eval.Result) *v1alpha2.PolicyReport {
	subject := corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: "web", UID: types.UID(name),
	}
	if namespace == "" {
		subject.Kind = "Namespace"
	}
	return report.New(subject, []eval.Decision{
		{Policy: eval.PolicyRef{Name: "p"}, Rule: "r", Result: result, Scored: true},
	}, time.Unix(1000, 0))
}

func changeTo(standing *v1alpha2.PolicyReport, stands bool) report.Change {
	return report.Change{Namespace: standing.Namespace, Name: standing.Name, Report: standing, Stands: stands}
}

func mustList(t *testing.T, sink report.Sink) []string {
	t.Helper()
	var listed []string
	err := sink.List(t.Context(), func(r *v1alpha2.PolicyReport) {
		listed = append(listed, fmt.Sprintf("%s/%s=%s", r.Namespace, r.Name, r.Results[0].Result))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(listed)
	return listed
}

func TestClientSinkWritesBothKinds(t *testing.T) {
	sink, clientset := newClientSink()
	pod, namespace := wanted("team", "u1", eval.Fail), wanted("", "u2", eval.Fail)

	// The hint is wrong in half of these, and must not matter.
	for _, stands := range []bool{false, true} {
		if err := sink.Apply(t.Context(), []report.Change{changeTo(pod, stands), changeTo(namespace, !stands)}); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustList(t, sink); !slices.Equal(got, []string{"/u2=fail", "team/u1=fail"}) {
		t.Errorf("reports %v", got)
	}
	cluster, err := clientset.Wgpolicyk8sV1alpha2().ClusterPolicyReports().Get(t.Context(), "u2", metav1.GetOptions{})
	if err != nil || cluster.Scope.Kind != "Namespace" {
		t.Errorf("cluster-scoped report %v, %v", cluster, err)
	}

	pod, namespace = wanted("team", "u1", eval.Pass), wanted("", "u2", eval.Pass)
	if err := sink.Apply(t.Context(), []report.Change{changeTo(pod, false), changeTo(namespace, true)}); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, sink); !slices.Equal(got, []string{"/u2=pass", "team/u1=pass"}) {
		t.Errorf("reports %v", got)
	}

	gone := []report.Change{{Namespace: "team", Name: "u1"}, {Name: "u2"}, {Namespace: "team", Name: "never was"}}
	if err := sink.Apply(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, sink); len(got) != 0 {
		t.Errorf("reports %v, want none", got)
	}
}

func TestClientSinkWritesNothingForTheSame(t *testing.T) {
	sink, clientset := newClientSink(wanted("team", "u1", eval.Fail))
	later := wanted("team", "u1", eval.Fail)
	later.Results[0].Timestamp = &metav1.Timestamp{Seconds: 5000}
	for _, stands := range []bool{true, false} {
		if err := sink.Apply(t.Context(), []report.Change{changeTo(later, stands)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, action := range clientset.Actions() {
		if action.GetVerb() == "update" {
			t.Error("a report that says what is wanted was written again")
		}
	}
}

func TestClientSinkReadsAgainAfterAConflict(t *testing.T) {
	sink, clientset := newClientSink(wanted("team", "u1", eval.Fail))
	conflicts := 0
	clientset.PrependReactor("update", "policyreports", func(clienttesting.Action) (bool, runtime.Object, error) {
		if conflicts++; conflicts <= 2 {
			return true, nil, apierrors.NewConflict(v1alpha2.Resource("policyreports"), "u1", errors.New("changed"))
		}
		return false, nil, nil
	})
	if err := sink.Apply(t.Context(), []report.Change{changeTo(wanted("team", "u1", eval.Pass), true)}); err != nil {
		t.Fatal(err)
	}
	if got := mustList(t, sink); !slices.Equal(got, []string{"team/u1=pass"}) {
		t.Errorf("reports %v", got)
	}
}

func TestClientSinkGivesUpOnEndlessConflicts(t *testing.T) {
	sink, clientset := newClientSink(wanted("team", "u1", eval.Fail))
	clientset.PrependReactor("update", "policyreports", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewConflict(v1alpha2.Resource("policyreports"), "u1", errors.New("changed"))
	})
	err := sink.Apply(t.Context(), []report.Change{changeTo(wanted("team", "u1", eval.Pass), true)})
	var failed *report.ApplyError
	if !errors.As(err, &failed) || !apierrors.IsConflict(errors.Unwrap(failed.Failed[0])) {
		t.Errorf("error %v, want the conflict", err)
	}
}

func TestClientSinkNamesTheChangesThatFailed(t *testing.T) {
	sink, clientset := newClientSink()
	clientset.PrependReactor("create", "policyreports", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.GetNamespace() == "full" {
			return true, nil, apierrors.NewInternalError(errors.New("no space"))
		}
		return false, nil, nil
	})
	err := sink.Apply(t.Context(), []report.Change{
		changeTo(wanted("team", "u1", eval.Fail), false),
		changeTo(wanted("full", "u2", eval.Fail), false),
		changeTo(wanted("team", "u3", eval.Fail), false),
	})
	var partly *report.ApplyError
	if !errors.As(err, &partly) || len(partly.Failed) != 1 || !apierrors.IsInternalError(errors.Unwrap(partly.Failed[1])) {
		t.Fatalf("error %v, want one about the second change", err)
	}
	if got := mustList(t, sink); !slices.Equal(got, []string{"team/u1=fail", "team/u3=fail"}) {
		t.Errorf("reports %v", got)
	}
}

func TestClientSinkLeavesReportsOfOthersAlone(t *testing.T) {
	foreign := wanted("team", "u1", eval.Fail)
	foreign.Labels = nil
	foreignSource := wanted("team", "u2", eval.Fail)
	foreignSource.Results[0].Source = "Trivy"
	sink, _ := newClientSink(foreign, foreignSource)

	for _, change := range []report.Change{
		changeTo(wanted("team", "u1", eval.Pass), false), changeTo(wanted("team", "u1", eval.Pass), true),
		changeTo(wanted("team", "u2", eval.Pass), true), {Namespace: "team", Name: "u1"}, {Namespace: "team", Name: "u2"},
	} {
		if err := sink.Apply(t.Context(), []report.Change{change}); !errors.Is(err, report.ErrForeign) {
			t.Errorf("%+v: error %v, want ErrForeign", change, err)
		}
	}
	if got := mustList(t, sink); len(got) != 0 {
		t.Errorf("%v are listed as ours", got)
	}
	for _, name := range []string{"u1", "u2"} {
		standing, err := sink.reports.PolicyReports("team").Get(t.Context(), name, metav1.GetOptions{})
		if err != nil || standing.Results[0].Result != v1alpha2.Fail {
			t.Errorf("%s: %v, %v; want it as it was", name, standing, err)
		}
	}
}

func TestClientSinkInANamespaceThatGoes(t *testing.T) {
	sink, clientset := newClientSink()
	clientset.PrependReactor("create", "policyreports", func(clienttesting.Action) (bool, runtime.Object, error) {
		err := apierrors.NewForbidden(v1alpha2.Resource("policyreports"), "u1", errors.New("being terminated"))
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
		return true, nil, err
	})
	if err := sink.Apply(t.Context(), []report.Change{changeTo(wanted("team", "u1", eval.Fail), false)}); err != nil {
		t.Errorf("error %v, want none: there is nothing to report on soon", err)
	}
}

func TestClientSinkListsPageByPage(t *testing.T) {
	sink, clientset := newClientSink()
	var asked []metav1.ListOptions
	clientset.PrependReactor("list", "policyreports", func(action clienttesting.Action) (bool, runtime.Object, error) {
		options := action.(clienttesting.ListActionImpl).ListOptions
		asked = append(asked, options)
		page := &v1alpha2.PolicyReportList{Items: []v1alpha2.PolicyReport{
			*wanted("team", fmt.Sprintf("u%d", len(asked)), eval.Pass),
		}}
		if len(asked) < 3 {
			page.Continue = "more"
		}
		return true, page, nil
	})
	if got := mustList(t, sink); !slices.Equal(got, []string{"team/u1=pass", "team/u2=pass", "team/u3=pass"}) {
		t.Errorf("listed %v", got)
	}
	for _, options := range asked {
		if options.Limit != pageSize || options.LabelSelector != "app.kubernetes.io/managed-by=kyverno" {
			t.Errorf("asked with limit %d and selector %q", options.Limit, options.LabelSelector)
		}
	}
}

func TestClientSinkListFailsRatherThanTellHalf(t *testing.T) {
	sink, clientset := newClientSink(wanted("team", "u1", eval.Pass))
	clientset.PrependReactor("list", "clusterpolicyreports", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewServiceUnavailable("store is broken")
	})
	err := sink.List(context.Background(), func(*v1alpha2.PolicyReport) {})
	if !apierrors.IsServiceUnavailable(err) {
		t.Errorf("error %v, want that of the list", err)
	}
}
