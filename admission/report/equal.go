package report

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// Digest stands for everything that a report says, but for when it was said and what others added to its metadata. It
// lets a scan remember what it wrote in 32 bytes a report.
type Digest [sha256.Size]byte

// DigestOf computes the Digest of a report.
func DigestOf(report *v1alpha2.PolicyReport) Digest {
	d := digester{taken: make([]byte, 0, 4096)}
	d.text(report.Labels[ManagedByLabel])
	d.count(len(report.OwnerReferences))
	for i := range report.OwnerReferences {
		owner := &report.OwnerReferences[i]
		d.text(owner.APIVersion, owner.Kind, owner.Name, string(owner.UID))
	}
	d.flag(report.Scope != nil)
	if scope := report.Scope; scope != nil {
		d.text(scope.APIVersion, scope.Kind, scope.Namespace, scope.Name, string(scope.UID))
	}
	summary := &report.Summary
	for _, n := range []int{int(summary.Pass), int(summary.Fail), int(summary.Warn), int(summary.Error), int(summary.Skip)} {
		d.count(n)
	}
	d.count(len(report.Results))
	for i := range report.Results {
		d.result(&report.Results[i])
	}
	return d.sum()
}

// Equal tells whether two reports say the same; when they said it is not compared.
func Equal(a, b *v1alpha2.PolicyReport) bool {
	return DigestOf(a) == DigestOf(b)
}

// Update returns what must be stored so that the report that stands says what is wanted: metadata that others added
// stays, and a result that did not change keeps its timestamp. Where nothing changed it returns the standing report
// and false. Neither argument is changed.
func Update(standing, wanted *v1alpha2.PolicyReport) (updated *v1alpha2.PolicyReport, changed bool) {
	if Equal(standing, wanted) {
		return standing, false
	}
	since := make(map[Digest]*metav1.Timestamp, len(standing.Results))
	for i := range standing.Results {
		since[digestOfResult(&standing.Results[i])] = standing.Results[i].Timestamp
	}
	wanted = wanted.DeepCopy()
	for i := range wanted.Results {
		if timestamp := since[digestOfResult(&wanted.Results[i])]; timestamp != nil {
			wanted.Results[i].Timestamp = timestamp
		}
	}
	updated = standing.DeepCopy()
	if updated.Labels == nil {
		updated.Labels = make(map[string]string, 1)
	}
	updated.Labels[ManagedByLabel] = ManagedBy
	updated.OwnerReferences = wanted.OwnerReferences
	updated.Scope = wanted.Scope
	updated.Summary = wanted.Summary
	updated.Results = wanted.Results
	return updated, true
}

func digestOfResult(result *v1alpha2.PolicyReportResult) Digest {
	var d digester
	d.result(result)
	return d.sum()
}

// digester takes values down, each with its length, so that no two sequences of values look the same.
type digester struct {
	taken []byte
}

func (d *digester) result(result *v1alpha2.PolicyReportResult) {
	d.text(result.Source, result.Policy, result.Rule, result.Message, string(result.Result), string(result.Severity),
		result.Category)
	d.flag(ptr.Deref(result.Scored, false))
	d.count(len(result.Properties))
	for _, key := range slices.Sorted(maps.Keys(result.Properties)) {
		d.text(key, result.Properties[key])
	}
}

func (d *digester) text(values ...string) {
	for _, value := range values {
		d.count(len(value))
		d.taken = append(d.taken, value...)
	}
}

func (d *digester) count(n int) {
	d.taken = binary.AppendVarint(d.taken, int64(n))
}

func (d *digester) flag(set bool) {
	if set {
		d.count(1)
	} else {
		d.count(0)
	}
}

func (d *digester) sum() Digest {
	return sha256.Sum256(d.taken)
}
