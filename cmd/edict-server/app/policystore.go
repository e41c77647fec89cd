package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// The policy store is lost when its file is missing, is another one or is older than it was. None of that may look like
// "there are no policies", so the cluster keeps a record, in a ConfigMap, of which store there is and how far it got.
// It is written after the commit and not at once, so it never runs ahead of the file; a rollback by less than the last
// seconds goes unseen.
const (
	recordName  = "edict-policy-store"
	idKey       = "storeID"
	revisionKey = "revision"

	// recordInterval is how long a record may lag behind the store.
	recordInterval = time.Second
	// recordRetry is how long to wait before the cluster is asked or told again after an error.
	recordRetry = 3 * time.Second
	// recordTimeout bounds one request.
	recordTimeout = 5 * time.Second
	// resetMargin is how far beyond the recorded revision a new store begins: the lost one was ahead of its record by no
	// more than it could write in the time that a record lags, and no watcher may see a revision twice.
	resetMargin = 1_000_000
)

// storeRecord says which store holds the policies, and a revision that it has reached.
type storeRecord struct {
	id       string
	revision int64
}

func parseRecord(data map[string]string) (storeRecord, error) {
	revision, err := strconv.ParseInt(data[revisionKey], 10, 64)
	if err != nil || revision < 0 || data[idKey] == "" {
		return storeRecord{}, fmt.Errorf("%s %q and %s %q are no record", idKey, data[idKey], revisionKey, data[revisionKey])
	}
	return storeRecord{id: data[idKey], revision: revision}, nil
}

// storeRecords is where the cluster keeps the record.
type storeRecords struct {
	client    kubernetes.Interface
	namespace string
}

func (r storeRecords) name() string { return r.namespace + "/" + recordName }

// await asks until it is answered. problem is told each time it was not. data is nil when there is no record.
func (r storeRecords) await(ctx context.Context, problem func(error)) (data map[string]string, err error) {
	for {
		data, err := r.read(ctx)
		if err == nil {
			return data, nil
		}
		err = fmt.Errorf("waiting for kube-apiserver to tell which policy store is on record in ConfigMap %s: %w", r.name(), err)
		problem(err)
		klog.FromContext(ctx).Info("The policy store is not served yet", "reason", err.Error())
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(recordRetry):
		}
	}
}

func (r storeRecords) read(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	configMap, err := r.client.CoreV1().ConfigMaps(r.namespace).Get(ctx, recordName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case configMap.Data == nil:
		return map[string]string{}, nil
	}
	return configMap.Data, nil
}

func (r storeRecords) write(ctx context.Context, record storeRecord) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	configMap := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: recordName, Namespace: r.namespace},
		Data:       map[string]string{idKey: record.id, revisionKey: strconv.FormatInt(record.revision, 10)},
	}
	configMaps := r.client.CoreV1().ConfigMaps(r.namespace)
	_, err := configMaps.Update(ctx, configMap, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = configMaps.Create(ctx, configMap, metav1.CreateOptions{})
	}
	if err != nil {
		return fmt.Errorf("record revision %d of the policy store in ConfigMap %s: %w", record.revision, r.name(), err)
	}
	return nil
}

// follow keeps the record close behind the store until ctx is done, and then brings it up to date once more.
func (r storeRecords) follow(ctx context.Context, store *mvcc.Store) {
	recorded := int64(-1)
	record := func(ctx context.Context) error {
		revision := store.Revision()
		if revision == recorded {
			return nil
		}
		if err := r.write(ctx, storeRecord{id: store.ID(), revision: revision}); err != nil {
			return err
		}
		recorded = revision
		return nil
	}
	for {
		wait := recordInterval
		if err := record(ctx); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Will try again")
			wait = recordRetry
		}
		select {
		case <-ctx.Done():
			if err := record(context.WithoutCancel(ctx)); err != nil {
				klog.FromContext(ctx).Error(err, "The record stays behind the policy store")
			}
			return
		case <-time.After(wait):
		}
	}
}

// policyStore is where the policies should be, and what the cluster has on record of it.
type policyStore struct {
	path string
	// recordedIn names the record for people; recorded is its content, nil when there is none.
	recordedIn  string
	recorded    map[string]string
	acceptReset bool
}

// open returns the store if it may be served, or else why not and what to do. A file that may not be served stays as it
// is.
func (p policyStore) open(ctx context.Context) (*mvcc.Store, error) {
	if p.recorded == nil {
		return openStore(p.path)
	}
	record, err := parseRecord(p.recorded)
	if err != nil {
		return nil, fmt.Errorf("which policy store was served last cannot be told: in ConfigMap %s, %w; correct it, or delete the "+
			"ConfigMap to serve %s as it is", p.recordedIn, err, p.path)
	}
	if _, err := os.Stat(p.path); errors.Is(err, fs.ErrNotExist) && !p.acceptReset {
		return nil, p.lost(record, "is missing")
	}
	store, err := openStore(p.path)
	if err != nil {
		return nil, fmt.Errorf("%w; any other store in its place needs --accept-store-reset, which gives up what it held", err)
	}
	var loss string
	switch revision := store.Revision(); {
	case store.ID() != record.id:
		loss = fmt.Sprintf("is another store, %s", store.ID())
	case revision < record.revision:
		loss = fmt.Sprintf("is older than it was, at revision %d", revision)
	default:
		return store, nil
	}
	if !p.acceptReset {
		return nil, errors.Join(p.lost(record, loss), store.Close())
	}
	next := max(store.Revision(), record.revision) + resetMargin
	if err := store.AdvanceTo(ctx, next); err != nil {
		return nil, errors.Join(fmt.Errorf("--accept-store-reset: %s: %w", p.path, err), store.Close())
	}
	klog.FromContext(ctx).Info("Accepted a policy store in place of the recorded one; remove --accept-store-reset again",
		"file", p.path, "store", store.ID(), "revision", next, "recordedStore", record.id, "recordedRevision", record.revision)
	return store, nil
}

func (p policyStore) lost(record storeRecord, how string) error {
	return fmt.Errorf("policy store %s %s: ConfigMap %s has store %s at revision %d on record; put that file back, or start with "+
		"--accept-store-reset to give up what it held", p.path, how, p.recordedIn, record.id, record.revision)
}
