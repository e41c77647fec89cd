package output

import (
	"encoding/json"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/cmd/edict/offline"
)

// merged is the name of the one report about everything, as scripts know it.
const merged = "merged"

// openReport is the report that --policy-report prints: a ClusterReport of openreports.io, in the fields that people's
// scripts read.
type openReport struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Source  string                        `json:"source"`
	Summary v1alpha2.PolicyReportSummary  `json:"summary"`
	Results []v1alpha2.PolicyReportResult `json:"results,omitempty"`
}

// OpenReport writes a ClusterReport of openreports.io, in YAML or JSON.
func (r *Run) OpenReport(w io.Writer, asJSON bool) error {
	out := openReport{TypeMeta: metav1.TypeMeta{APIVersion: "openreports.io/v1alpha1", Kind: "ClusterReport"}}
	out.Metadata.Name = merged
	out.Results, out.Summary = r.results()
	return encode(w, out, asJSON)
}

// PolicyReport writes a ClusterPolicyReport, the kind that the server serves.
func (r *Run) PolicyReport(w io.Writer) error {
	out := v1alpha2.ClusterPolicyReport{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha2.SchemeGroupVersion.String(), Kind: "ClusterPolicyReport"},
		ObjectMeta: metav1.ObjectMeta{Name: merged},
	}
	out.Results, out.Summary = r.results()
	return encode(w, out, false)
}

// results are those of a report, and their summary.
func (r *Run) results() ([]v1alpha2.PolicyReportResult, v1alpha2.PolicyReportSummary) {
	var results []v1alpha2.PolicyReportResult
	for i := range r.Judgements {
		j := &r.Judgements[i]
		subject := reference(j.Resource)
		decision := j.Decision
		if decision.Scored {
			decision.Result = r.Result(j)
		}
		result := report.New(subject, []eval.Decision{decision}, r.Now).Results[0]
		result.Resources = []corev1.ObjectReference{subject}
		results = append(results, result)
	}
	s := r.Summary()
	return results, v1alpha2.PolicyReportSummary{
		Pass: int32(s.Pass), Fail: int32(s.Fail), Warn: int32(s.Warn), Error: int32(s.Error), Skip: int32(s.Skip),
	}
}

func reference(resource *offline.Resource) corev1.ObjectReference {
	return corev1.ObjectReference{
		APIVersion: resource.Kind.GroupVersion().String(), Kind: resource.Kind.Kind,
		Namespace: resource.Namespace, Name: resource.Name,
	}
}

func encode(w io.Writer, v any, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(v)
	}
	text, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Errorf("YAML: %w", err)
	}
	_, err = w.Write(text)
	return err
}
