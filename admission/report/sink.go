package report

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// Sink is where reports are kept.
type Sink interface {
	// List calls visit for every report that is Ours, in no particular order. An error means that there may be
	// reports that were not visited.
	List(ctx context.Context, visit func(*v1alpha2.PolicyReport)) error
	// Apply makes every change true. It is idempotent, writes nothing where a report already says what is wanted, and
	// changes only reports that are Ours. When some changes could not be made the others are, and the error is an
	// *ApplyError; any other error means that nothing is known of any of them.
	Apply(ctx context.Context, changes []Change) error
}

// Change is one report as it shall be.
type Change struct {
	// Namespace is empty for a ClusterPolicyReport.
	Namespace string
	// Name is the UID of the object that the report is about.
	Name string
	// Report is what shall stand under that name; nil removes what stands there.
	Report *v1alpha2.PolicyReport
	// Stands is a hint that saves a sink a question: a report of that name is believed to be there.
	Stands bool
}

// ErrForeign is why a change is not made where another producer's report stands under the name.
var ErrForeign = errors.New("a report of another producer has this name")

// ApplyError names the changes that were not made, by their index.
type ApplyError struct {
	Failed map[int]error
}

func (e *ApplyError) Error() string {
	first := slices.Min(slices.Collect(maps.Keys(e.Failed)))
	if len(e.Failed) == 1 {
		return e.Failed[first].Error()
	}
	return fmt.Sprintf("%d changes failed, the first: %v", len(e.Failed), e.Failed[first])
}

// Unwrap returns the causes in the order of the changes.
func (e *ApplyError) Unwrap() []error {
	causes := make([]error, 0, len(e.Failed))
	for _, index := range slices.Sorted(maps.Keys(e.Failed)) {
		causes = append(causes, e.Failed[index])
	}
	return causes
}
