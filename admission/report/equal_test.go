package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

func TestEqualSeesEverythingButTimeAndForeignMetadata(t *testing.T) {
	report := New(pod, []eval.Decision{decided("a", "1", eval.Pass), decided("b", "1", eval.Fail)}, noon)

	for name, change := range map[string]func(*v1alpha2.PolicyReport){
		"timestamp":       func(r *v1alpha2.PolicyReport) { r.Results[0].Timestamp = &metav1.Timestamp{Seconds: 1} },
		"no timestamp":    func(r *v1alpha2.PolicyReport) { r.Results[0].Timestamp = nil },
		"resourceVersion": func(r *v1alpha2.PolicyReport) { r.ResourceVersion = "5" },
		"another label":   func(r *v1alpha2.PolicyReport) { r.Labels["team"] = "a" },
		"annotation":      func(r *v1alpha2.PolicyReport) { r.Annotations = map[string]string{"a": "b"} },
		"no type":         func(r *v1alpha2.PolicyReport) { r.TypeMeta = metav1.TypeMeta{} },
	} {
		other := report.DeepCopy()
		change(other)
		if !Equal(report, other) {
			t.Errorf("%s makes a difference", name)
		}
	}
	for name, change := range map[string]func(*v1alpha2.PolicyReport){
		"our label":      func(r *v1alpha2.PolicyReport) { delete(r.Labels, ManagedByLabel) },
		"owner":          func(r *v1alpha2.PolicyReport) { r.OwnerReferences[0].UID = "x" },
		"no owner":       func(r *v1alpha2.PolicyReport) { r.OwnerReferences = nil },
		"scope":          func(r *v1alpha2.PolicyReport) { r.Scope.Name = "x" },
		"no scope":       func(r *v1alpha2.PolicyReport) { r.Scope = nil },
		"summary":        func(r *v1alpha2.PolicyReport) { r.Summary.Fail++ },
		"source":         func(r *v1alpha2.PolicyReport) { r.Results[0].Source = "x" },
		"policy":         func(r *v1alpha2.PolicyReport) { r.Results[0].Policy = "x" },
		"rule":           func(r *v1alpha2.PolicyReport) { r.Results[0].Rule = "x" },
		"message":        func(r *v1alpha2.PolicyReport) { r.Results[0].Message = "x" },
		"result":         func(r *v1alpha2.PolicyReport) { r.Results[0].Result = "error" },
		"severity":       func(r *v1alpha2.PolicyReport) { r.Results[0].Severity = "low" },
		"category":       func(r *v1alpha2.PolicyReport) { r.Results[0].Category = "x" },
		"scored":         func(r *v1alpha2.PolicyReport) { r.Results[0].Scored = nil },
		"property":       func(r *v1alpha2.PolicyReport) { r.Results[0].Properties["process"] = "x" },
		"more property":  func(r *v1alpha2.PolicyReport) { r.Results[0].Properties["x"] = "" },
		"result missing": func(r *v1alpha2.PolicyReport) { r.Results = r.Results[:1] },
		"order":          func(r *v1alpha2.PolicyReport) { r.Results[0], r.Results[1] = r.Results[1], r.Results[0] },
		"text moved":     func(r *v1alpha2.PolicyReport) { r.Results[0].Policy, r.Results[0].Rule = "a1", "" },
	} {
		other := report.DeepCopy()
		change(other)
		if Equal(report, other) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

func TestUpdateOfTheSameWritesNothing(t *testing.T) {
	decisions := []eval.Decision{decided("a", "1", eval.Pass), decided("b", "1", eval.Fail)}
	standing := New(pod, decisions, noon)
	later := New(pod, []eval.Decision{decisions[1], decisions[0]}, noon.Add(time.Hour))
	if got, changed := Update(standing, later); changed || got != standing {
		t.Error("the same decisions, an hour later and in another order, are written again")
	}
}

func TestUpdateKeepsWhatDidNotChange(t *testing.T) {
	standing := New(pod, []eval.Decision{decided("a", "1", eval.Pass), decided("b", "1", eval.Fail)}, noon)
	standing.ResourceVersion = "7"
	standing.UID = "report-uid"
	standing.Labels["team"] = "payments"
	standing.Annotations = map[string]string{"note": "seen"}
	before := standing.DeepCopy()
	wanted := New(pod, []eval.Decision{
		decided("a", "1", eval.Pass), decided("b", "1", eval.Pass), decided("c", "1", eval.Skip),
	}, noon.Add(time.Hour))
	asked := wanted.DeepCopy()

	got, changed := Update(standing, wanted)

	if !changed || !Equal(got, wanted) {
		t.Fatalf("changed %v, report %v", changed, got)
	}
	if got.ResourceVersion != "7" || got.UID != "report-uid" || got.Labels["team"] != "payments" ||
		got.Annotations["note"] != "seen" {
		t.Errorf("metadata of others is lost: %+v", got.ObjectMeta)
	}
	old, new := noon.Unix(), noon.Add(time.Hour).Unix()
	var times []int64
	for _, result := range got.Results {
		times = append(times, result.Timestamp.Seconds)
	}
	if diff := cmp.Diff([]int64{old, new, new}, times); diff != "" {
		t.Errorf("timestamps of the kept, the changed and the new result (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, standing); diff != "" {
		t.Errorf("Update changed the standing report:\n%s", diff)
	}
	if diff := cmp.Diff(asked, wanted); diff != "" {
		t.Errorf("Update changed the wanted report:\n%s", diff)
	}
}

func TestUpdateRestoresTheLabel(t *testing.T) {
	standing := New(pod, []eval.Decision{decided("a", "1", eval.Pass)}, noon)
	wanted := standing.DeepCopy()
	standing.Labels = nil
	got, changed := Update(standing, wanted)
	if !changed || got.Labels[ManagedByLabel] != ManagedBy {
		t.Errorf("changed %v, labels %v", changed, got.Labels)
	}
}

func TestUpdateFollowsARename(t *testing.T) {
	standing := New(pod, []eval.Decision{decided("a", "1", eval.Pass)}, noon)
	renamed := pod
	renamed.APIVersion = "v2"
	wanted := New(renamed, []eval.Decision{decided("a", "1", eval.Pass)}, noon)
	got, _ := Update(standing, wanted)
	want := &corev1.ObjectReference{APIVersion: "v2", Kind: "Pod", Namespace: "team", Name: "web", UID: "u-1"}
	if diff := cmp.Diff(want, got.Scope); diff != "" || got.OwnerReferences[0].APIVersion != "v2" {
		t.Errorf("scope (-want +got):\n%sowners %v", diff, got.OwnerReferences)
	}
}
