package webhookconfig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

const (
	readyCondition  = "Ready"
	reasonSucceeded = "Succeeded"
	reasonFailed    = "Failed"
	readyMessage    = "Ready"
	notReadyMessage = "Not Ready"

	// How many statuses are written at the same time.
	statusWriters = 16
)

// report makes one pass over the statuses of all policies and writes those that have changed.
func (c *Controller) report(ctx context.Context) error {
	policies, loaded := c.config.Policies.All()
	if !loaded {
		return nil // the configuration loop says so already
	}
	live, forgotten := c.replicas.live(c.replicaLeases())
	for _, lease := range forgotten {
		err := c.config.Client.CoordinationV1().Leases(lease.Namespace).Delete(ctx, lease.Name,
			metav1.DeleteOptions{Preconditions: metav1.NewRVDeletionPrecondition(lease.ResourceVersion).Preconditions})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			klog.FromContext(ctx).Error(err, "Could not remove the lease of a replica that is gone", "lease", lease.Name)
		}
	}
	state := c.currentState()
	seen, written, settled := map[*engine.Program]string{}, map[*engine.Program]string{}, map[*engine.Program]judgement{}
	// A thousand policies come at once, and each status waits for the disk: they are written side by side, and the store
	// puts them together.
	var writing errgroup.Group
	writing.SetLimit(statusWriters)
	var mu sync.Mutex
	var errs []error
	for policy, program := range policies {
		// The revision at which this program was first read here. A status write moves the policy's own.
		revision, ok := c.seen[program]
		if !ok {
			revision = policy.GetResourceVersion()
		}
		seen[program] = revision
		verdict, known := judge(policy, program, state, live, revision)
		if !known {
			continue
		}
		if base := policy.GetResourceVersion(); base != "" && base == c.written[program] {
			mu.Lock()
			written[program] = base // only our copy of it has not moved yet
			mu.Unlock()
			continue
		}
		now := judgement{policy, verdict.Status, verdict.Message}
		if c.settled[program] == now {
			settled[program] = now
			continue
		}
		status := c.statusOf(policy, program, verdict)
		if apiequality.Semantic.DeepEqual(*policy.PolicyStatus(), status) {
			settled[program] = now
			continue
		}
		writing.Go(func() error {
			base, err := c.writeStatus(ctx, policy, status)
			mu.Lock()
			defer mu.Unlock()
			written[program] = base
			if err != nil {
				errs = append(errs, fmt.Errorf("status of %s: %w", program.Ref(), err))
			}
			return nil
		})
	}
	_ = writing.Wait() // their errors are in errs
	c.seen, c.written, c.settled = seen, written, settled
	return errors.Join(errs...)
}

// judgement is what the status of a policy, as it was read, was found to say already.
type judgement struct {
	policy  v1.Object
	status  metav1.ConditionStatus
	message string
}

// judge says whether a policy is Ready; known is false while that cannot be told.
func judge(policy v1.Object, program *engine.Program, state state, live []replica, revision string) (condition metav1.Condition, known bool) {
	var missing, remarks []string
	if program.Admission() {
		need, settled := state.needs[program]
		switch {
		case !settled && state.failure == nil:
			return metav1.Condition{}, false
		case !settled:
			missing = append(missing, "the webhook configuration could not be written: "+state.failure.Error())
		default:
			// Nobody can write what is not served, so nothing gets past the policy.
			if len(need.unknown) > 0 {
				remarks = append(remarks, "the API server does not serve "+strings.Join(need.unknown, ", "))
			}
			if need.unsent {
				remarks = append(remarks, Exempt)
			}
		}
		missing = append(missing, lagging(policy, live, revision)...)
	}
	remarks = append(remarks, program.Warnings()...)
	condition = metav1.Condition{Type: readyCondition, Status: metav1.ConditionTrue, Reason: reasonSucceeded, Message: readyMessage}
	said := remarks
	if len(missing) > 0 {
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, reasonFailed, notReadyMessage
		said = missing
	}
	if len(said) > 0 {
		condition.Message += "; " + strings.Join(said, "; ")
	}
	return condition, true
}

// lagging names the replicas that do not hold the policy yet.
func lagging(policy v1.Object, live []replica, revision string) []string {
	kind := "clusterpolicies"
	if policy.GetNamespace() != "" {
		kind = "policies"
	}
	var names []string
	for _, r := range live {
		if !r.holds(kind, revision) {
			names = append(names, r.name)
		}
	}
	switch {
	case len(live) == 0:
		return []string{"no replica of the admission role has published that it holds policies"}
	case len(names) > 0:
		return []string{"not held yet by the admission replicas " + strings.Join(names, ", ")}
	}
	return nil
}

// statusOf is the status that the policy should have.
func (c *Controller) statusOf(policy v1.Object, program *engine.Program, condition metav1.Condition) v1.PolicyStatus {
	status := *policy.PolicyStatus()
	condition.LastTransitionTime = metav1.NewTime(c.config.Clock.Now())
	if len(status.Conditions) == 1 && status.Conditions[0].Type == condition.Type && status.Conditions[0].Status == condition.Status {
		condition.LastTransitionTime = status.Conditions[0].LastTransitionTime
	}
	// The only one: suites compare the whole list.
	status.Conditions = []metav1.Condition{condition}
	status.RuleCount = countRules(policy.PolicySpec())
	status.Autogen = derived(program)
	return status
}

// writeStatus writes a policy's status. It returns the resourceVersion that the write was based on: a policy that is still
// at that one has been written. Without a write it is empty.
func (c *Controller) writeStatus(ctx context.Context, policy v1.Object, status v1.PolicyStatus) (string, error) {
	changed := policy.DeepCopyObject().(v1.Object)
	*changed.PolicyStatus() = status
	var err error
	switch p := changed.(type) {
	case *v1.ClusterPolicy:
		_, err = c.config.Statuses.ClusterPolicies().UpdateStatus(ctx, p, metav1.UpdateOptions{})
	case *v1.Policy:
		_, err = c.config.Statuses.Policies(p.Namespace).UpdateStatus(ctx, p, metav1.UpdateOptions{})
	}
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return "", nil // changed or gone; the event of that is on its way to us
	}
	if err != nil {
		return "", err
	}
	return policy.GetResourceVersion(), nil
}

// derived are the rules that hold for controllers of Pods, which are shown there and nowhere else.
func derived(program *engine.Program) *v1.AutogenStatus {
	rules := program.AutogenRules()
	if len(rules) == 0 {
		return nil
	}
	return &v1.AutogenStatus{Rules: rules}
}

func countRules(spec *v1.Spec) *v1.RuleCount {
	count := &v1.RuleCount{}
	for i := range spec.Rules {
		rule := &spec.Rules[i]
		switch {
		case rule.Validate != nil:
			count.Validate++
		case rule.Mutate != nil:
			count.Mutate++
		case rule.Generate != nil:
			count.Generate++
		case len(rule.VerifyImages) > 0:
			count.VerifyImages++
		}
	}
	return count
}
