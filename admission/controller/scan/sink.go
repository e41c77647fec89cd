package scan

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"

	"github.com/edict-dev/edict/admission/report"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	client "github.com/edict-dev/edict/generated/clientset/versioned/typed/wgpolicyk8s/v1alpha2"
)

const (
	// maxRequests bounds how many reports of a batch are written at once.
	maxRequests = 8
	// attempts bounds how often a report is read and written again because somebody else was faster.
	attempts = 5
	// pageSize bounds how many reports are listed at once.
	pageSize = 500
)

// ClientSink keeps reports behind the reports API. It is meant for a client of the api role's Service, not one that goes
// through kube-apiserver, and wants one without a rate limit: the Sink bounds itself.
type ClientSink struct {
	reports client.Wgpolicyk8sV1alpha2Interface
}

var _ report.Sink = (*ClientSink)(nil)

// NewClientSink returns a Sink that reads and writes through the client.
func NewClientSink(reports client.Wgpolicyk8sV1alpha2Interface) *ClientSink {
	return &ClientSink{reports: reports}
}

// List implements report.Sink.
func (s *ClientSink) List(ctx context.Context, visit func(*v1alpha2.PolicyReport)) error {
	visitOurs := func(found *v1alpha2.PolicyReport) {
		if report.Ours(found) {
			visit(found)
		}
	}
	namespaced := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return s.reports.PolicyReports(metav1.NamespaceAll).List(ctx, options)
	}
	if err := eachOf(ctx, namespaced, func(object runtime.Object) {
		visitOurs(object.(*v1alpha2.PolicyReport))
	}); err != nil {
		return fmt.Errorf("list policyreports: %w", err)
	}
	cluster := func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return s.reports.ClusterPolicyReports().List(ctx, options)
	}
	if err := eachOf(ctx, cluster, func(object runtime.Object) {
		visitOurs(report.FromCluster(object.(*v1alpha2.ClusterPolicyReport)))
	}); err != nil {
		return fmt.Errorf("list clusterpolicyreports: %w", err)
	}
	return nil
}

func eachOf(ctx context.Context, list pager.ListPageFunc, visit func(runtime.Object)) error {
	pages := pager.New(list)
	pages.PageSize = pageSize
	pages.PageBufferSize = 1
	options := metav1.ListOptions{LabelSelector: labels.Set{report.ManagedByLabel: report.ManagedBy}.String()}
	return pages.EachListItem(ctx, options, func(object runtime.Object) error {
		visit(object)
		return nil
	})
}

// Apply implements report.Sink. Each change is a request or two of its own.
func (s *ClientSink) Apply(ctx context.Context, changes []report.Change) error {
	var mu sync.Mutex
	failed := make(map[int]error)
	var group errgroup.Group
	group.SetLimit(maxRequests)
	for i := range changes {
		group.Go(func() error {
			if err := s.apply(ctx, &changes[i]); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[i] = err
			}
			return nil // the other changes go on
		})
	}
	_ = group.Wait()
	if len(failed) > 0 {
		return &report.ApplyError{Failed: failed}
	}
	return nil
}

func (s *ClientSink) apply(ctx context.Context, change *report.Change) error {
	if change.Namespace == "" {
		cluster := kind[v1alpha2.ClusterPolicyReport]{
			client: s.reports.ClusterPolicyReports(), to: report.Cluster, from: report.FromCluster,
		}
		if err := cluster.apply(ctx, change); err != nil {
			return fmt.Errorf("clusterpolicyreport %s: %w", change.Name, err)
		}
		return nil
	}
	same := func(r *v1alpha2.PolicyReport) *v1alpha2.PolicyReport { return r }
	namespaced := kind[v1alpha2.PolicyReport]{client: s.reports.PolicyReports(change.Namespace), to: same, from: same}
	if err := namespaced.apply(ctx, change); err != nil {
		return fmt.Errorf("policyreport %s/%s: %w", change.Namespace, change.Name, err)
	}
	return nil
}

// kind writes reports of one kind, whose Go type is T.
type kind[T any] struct {
	client interface {
		Get(ctx context.Context, name string, options metav1.GetOptions) (*T, error)
		Create(ctx context.Context, object *T, options metav1.CreateOptions) (*T, error)
		Update(ctx context.Context, object *T, options metav1.UpdateOptions) (*T, error)
		Delete(ctx context.Context, name string, options metav1.DeleteOptions) error
	}
	to   func(*v1alpha2.PolicyReport) *T
	from func(*T) *v1alpha2.PolicyReport
}

// apply makes one change, and does so again where what it read has changed before it wrote.
func (k kind[T]) apply(ctx context.Context, change *report.Change) (err error) {
	stands := change.Stands
	for range attempts {
		switch {
		case change.Report == nil:
			err = k.remove(ctx, change.Name)
		case stands:
			err = k.update(ctx, change.Report)
		default:
			err = k.create(ctx, change.Report)
		}
		switch {
		case apierrors.IsAlreadyExists(err):
			stands = true
		case apierrors.IsConflict(err):
		case apierrors.IsNotFound(err) && stands:
			stands = false
		default:
			return err
		}
	}
	return err
}

func (k kind[T]) create(ctx context.Context, wanted *v1alpha2.PolicyReport) error {
	_, err := k.client.Create(ctx, k.to(wanted), metav1.CreateOptions{})
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil // the object that the report is about is going, too
	}
	return err
}

func (k kind[T]) update(ctx context.Context, wanted *v1alpha2.PolicyReport) error {
	found, err := k.client.Get(ctx, wanted.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	standing := k.from(found)
	if !report.Ours(standing) {
		return report.ErrForeign
	}
	updated, changed := report.Update(standing, wanted)
	if !changed {
		return nil
	}
	_, err = k.client.Update(ctx, k.to(updated), metav1.UpdateOptions{})
	return err
}

func (k kind[T]) remove(ctx context.Context, name string) error {
	found, err := k.client.Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	standing := k.from(found)
	if !report.Ours(standing) {
		return report.ErrForeign
	}
	err = k.client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
		UID: &standing.UID, ResourceVersion: &standing.ResourceVersion,
	}})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
