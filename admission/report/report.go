// Package report turns what the engine decided about one object into the report that people read, and says when two
// reports are the same. Everything here is a function of its arguments: the same decisions give the same report, and
// Update writes nothing where nothing changed. Whoever stores reports implements Sink.
//
// There is one report per object, named by the object's UID. Its content speaks PolicyReport throughout; the report of a
// cluster-scoped object has no namespace, and Cluster and FromCluster are the way to the kind of its own and back.
//
// The package stores nothing and knows no client. Scan, the outbox and the CLI call it.
package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// ManagedByLabel with the value ManagedBy marks the reports that are ours, and Source each of their results. Both are
// names that dashboards select by.
const (
	ManagedByLabel = "app.kubernetes.io/managed-by"
	ManagedBy      = "kyverno"
	Source         = "kyverno"
)

// What the property "process" of a result says. It follows the policy, not the occasion on which it was judged.
const (
	processProperty   = "process"
	processBackground = "background scan"
	processAdmission  = "admission review"
)

// exceptionsProperty names the exceptions for which a rule was skipped, or its demands lowered.
const exceptionsProperty = "exceptions"

// New returns the report of what was decided about the subject, or nil where nothing was: an object that no rule
// concerns has no report. Of the subject only the fields that identify it are used.
func New(subject corev1.ObjectReference, decisions []eval.Decision, now time.Time) *v1alpha2.PolicyReport {
	if len(decisions) == 0 {
		return nil
	}
	report := &v1alpha2.PolicyReport{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha2.SchemeGroupVersion.String(), Kind: "PolicyReport"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: subject.Namespace,
			Name:      string(subject.UID),
			Labels:    map[string]string{ManagedByLabel: ManagedBy},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: subject.APIVersion,
				Kind:       subject.Kind,
				Name:       subject.Name,
				UID:        subject.UID,
			}},
		},
		Scope: &corev1.ObjectReference{
			APIVersion: subject.APIVersion,
			Kind:       subject.Kind,
			Namespace:  subject.Namespace,
			Name:       subject.Name,
			UID:        subject.UID,
		},
		Results: make([]v1alpha2.PolicyReportResult, len(decisions)),
	}
	for i, decision := range sorted(decisions) {
		report.Results[i] = result(decision, now)
	}
	report.Summary = summarize(report.Results)
	return report
}

// sorted returns the decisions in the order of a report: by policy, then by rule. What is the same in both stays in the
// order in which it was decided.
func sorted(decisions []eval.Decision) []*eval.Decision {
	order := make([]*eval.Decision, len(decisions))
	for i := range decisions {
		order[i] = &decisions[i]
	}
	slices.SortStableFunc(order, func(a, b *eval.Decision) int {
		if a.Policy != b.Policy {
			if by := strings.Compare(a.Policy.String(), b.Policy.String()); by != 0 {
				return by
			}
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return order
}

func result(decision *eval.Decision, now time.Time) v1alpha2.PolicyReportResult {
	outcome := decision.Result
	if outcome == eval.Fail && !decision.Scored {
		outcome = eval.Warn
	}
	properties := maps.Clone(decision.Properties)
	if properties == nil {
		properties = make(map[string]string, 1)
	}
	properties[processProperty] = processAdmission
	if decision.Background {
		properties[processProperty] = processBackground
	}
	if len(decision.Exceptions) > 0 {
		properties[exceptionsProperty] = exceptionNames(decision.Exceptions)
	}
	result := v1alpha2.PolicyReportResult{
		Source:     Source,
		Policy:     decision.Policy.String(),
		Rule:       decision.Rule,
		Message:    message(decision),
		Result:     v1alpha2.PolicyResult(outcome),
		Severity:   severity(decision),
		Category:   decision.Category,
		Timestamp:  &metav1.Timestamp{Seconds: now.Unix()},
		Properties: properties,
	}
	if decision.Scored {
		result.Scored = ptr.To(true) // what does not count has no such field, as people's queries expect
	}
	return result
}

// exceptionNames are the names without their namespaces, as people's queries expect.
func exceptionNames(exceptions []string) string {
	names := make([]string, len(exceptions))
	for i, exception := range exceptions {
		names[i] = exception[strings.LastIndexByte(exception, '/')+1:]
	}
	return strings.Join(names, ",")
}

// severity leaves out what is no severity: it is an annotation that anybody may write anything into, and a report that
// its API refuses would be lost as a whole.
func severity(decision *eval.Decision) v1alpha2.PolicyResultSeverity {
	switch severity := v1alpha2.PolicyResultSeverity(decision.Severity); severity {
	case v1alpha2.Critical, v1alpha2.High, v1alpha2.Medium, v1alpha2.Low, v1alpha2.Info:
		return severity
	default:
		return ""
	}
}

// message lets the author's properties replace what the engine says: the property "message" before the one that is
// named after the verdict, "failMessage" and so on. The verdict is the rule's own, before an unscored failure became a
// warning.
func message(decision *eval.Decision) string {
	for _, key := range []string{"message", string(decision.Result) + "Message"} {
		if text := decision.Properties[key]; text != "" {
			return text
		}
	}
	return decision.Message
}

func summarize(results []v1alpha2.PolicyReportResult) v1alpha2.PolicyReportSummary {
	var summary v1alpha2.PolicyReportSummary
	for i := range results {
		switch results[i].Result {
		case v1alpha2.Pass:
			summary.Pass++
		case v1alpha2.Fail:
			summary.Fail++
		case v1alpha2.Warn:
			summary.Warn++
		case v1alpha2.Error:
			summary.Error++
		case v1alpha2.Skip:
			summary.Skip++
		}
	}
	return summary
}

// Ours tells whether Edict may change or remove the report: it has our label and is named by the object that it is
// about, as every report of New is. A report of another producer, or one that holds a single result of another, is left
// alone.
func Ours(report *v1alpha2.PolicyReport) bool {
	if report.Labels[ManagedByLabel] != ManagedBy || report.Scope == nil || string(report.Scope.UID) != report.Name {
		return false
	}
	for i := range report.Results {
		if report.Results[i].Source != Source {
			return false
		}
	}
	return true
}

// Cluster returns the report of a cluster-scoped object as the kind that it is served as. It shares memory with the
// argument.
func Cluster(report *v1alpha2.PolicyReport) *v1alpha2.ClusterPolicyReport {
	cluster := v1alpha2.ClusterPolicyReport(*report)
	cluster.Kind = "ClusterPolicyReport"
	return &cluster
}

// FromCluster is the way back.
func FromCluster(cluster *v1alpha2.ClusterPolicyReport) *v1alpha2.PolicyReport {
	report := v1alpha2.PolicyReport(*cluster)
	report.Kind = "PolicyReport"
	return &report
}
