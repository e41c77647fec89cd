package boltstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	utilflowcontrol "k8s.io/apiserver/pkg/util/flowcontrol"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// resultBuffer lets a watch decode ahead of a client that is slow for a moment. A client that stays slow slows only its
// own watch.
const resultBuffer = 100

// watchStream delivers the events of one watch.
type watchStream struct {
	store     *Store
	source    *mvcc.Watcher
	key       string
	recursive bool
	predicate storage.SelectionPredicate
	// revision that the watch starts after. With initial events, what is stored at that revision comes first.
	revision       int64
	initial        bool
	initialEnd     bool
	progressNotify bool
	stampTime      bool
	// tooLarge is set when the client asks to start after a revision that does not exist yet.
	tooLarge uint64

	ctx    context.Context
	cancel context.CancelFunc
	result chan watch.Event
}

// Watch implements storage.Interface.
func (s *Store) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	key, err := s.key(key, opts.Recursive)
	if err != nil {
		return nil, err
	}
	version, err := s.parseVersion(opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	if s.config.NewFunc == nil && (opts.ProgressNotify || opts.Predicate.AllowWatchBookmarks) {
		return nil, apierrors.NewInternalError(fmt.Errorf("watch of %s: no bookmarks without a function that makes an object", key))
	}
	w := &watchStream{
		store: s, key: key, recursive: opts.Recursive, predicate: opts.Predicate,
		progressNotify: opts.ProgressNotify, stampTime: opts.RecordTimestamps,
		result: make(chan watch.Event, resultBuffer),
	}
	w.startAt(version, opts)
	w.ctx, w.cancel = context.WithCancel(ctx)
	w.source, err = s.mvcc.Watch(mvcc.WatchOptions{Key: []byte(key), Prefix: opts.Recursive, Start: w.revision + 1})
	if errors.Is(err, mvcc.ErrClosed) {
		w.cancel()
		return nil, s.storeError(key, err)
	}
	if err == nil {
		s.mu.Lock()
		s.watches[w] = struct{}{}
		s.mu.Unlock()
	}
	go w.run(err)
	// The history is in the store, so a watch is ready as soon as it exists.
	utilflowcontrol.WatchInitialized(ctx)
	return w, nil
}

// startAt finds out what comes first. Version 0 means the present: with what is stored now as initial events, as it
// always was, unless the client says that it wants none.
func (w *watchStream) startAt(version uint64, opts storage.ListOptions) {
	current := w.store.mvcc.Revision()
	watchList := utilfeature.DefaultFeatureGate.Enabled(features.WatchList)
	switch {
	case watchList && opts.SendInitialEvents != nil:
		w.initial = *opts.SendInitialEvents
		w.initialEnd = w.initial && opts.Predicate.AllowWatchBookmarks
	default:
		w.initial = version == 0
	}
	switch {
	case w.initial && version > uint64(current):
		w.tooLarge = version
		w.revision = current
	case w.initial || version == 0:
		w.revision = current
	default:
		w.revision = int64(version)
	}
}

// Stop implements watch.Interface.
func (w *watchStream) Stop() { w.cancel() }

// ResultChan implements watch.Interface.
func (w *watchStream) ResultChan() <-chan watch.Event { return w.result }

// run delivers until the client, the store or an error ends the watch. An error is the last thing delivered.
func (w *watchStream) run(err error) {
	defer close(w.result)
	defer w.cancel()
	if err == nil {
		defer w.source.Stop()
		defer w.forget()
		err = w.deliver()
	}
	if err == nil || w.ctx.Err() != nil || errors.Is(err, mvcc.ErrClosed) {
		return
	}
	status := watchStatus(err)
	w.send(watch.Event{Type: watch.Error, Object: &status})
}

func (w *watchStream) forget() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	delete(w.store.watches, w)
}

func (w *watchStream) deliver() error {
	if w.tooLarge != 0 {
		// Some seconds, not the same for all who wait.
		retry := int(wait.Jitter(time.Second, 3).Seconds())
		return storage.NewTooLargeResourceVersionError(w.tooLarge, uint64(w.revision), retry)
	}
	if w.initial {
		if err := w.deliverInitial(); err != nil {
			return err
		}
	}
	if w.initialEnd {
		if err := w.bookmark(w.revision, true); err != nil {
			return err
		}
	}
	interval := w.bookmarkInterval()
	due := time.Now().Add(wait.Jitter(interval/2, 1))
	for {
		batch, err := w.next(interval > 0, due)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && w.ctx.Err() == nil:
			w.source.RequestProgress()
			due = time.Now().Add(interval)
			continue
		case err != nil:
			return err
		}
		for i := range batch.Events {
			if err := w.deliverEvent(&batch.Events[i]); err != nil {
				return err
			}
		}
		if len(batch.Events) == 0 {
			if err := w.bookmark(batch.Revision, false); err != nil {
				return err
			}
		}
	}
}

// bookmarkInterval is 0 when the client wants no bookmarks.
func (w *watchStream) bookmarkInterval() time.Duration {
	switch {
	case w.progressNotify:
		return w.store.config.ProgressInterval
	case w.predicate.AllowWatchBookmarks:
		return w.store.config.BookmarkInterval
	}
	return 0
}

// next waits for events, but not longer than until a bookmark is due.
func (w *watchStream) next(bookmarks bool, due time.Time) (mvcc.Batch, error) {
	if !bookmarks {
		return w.source.Next(w.ctx)
	}
	ctx, cancel := context.WithDeadline(w.ctx, due)
	defer cancel()
	return w.source.Next(ctx)
}

// deliverInitial delivers what is stored at the revision that the watch starts after.
func (w *watchStream) deliverInitial() error {
	request := listRequest{prefix: w.key, recursive: w.recursive, start: []byte(w.key), revision: w.revision}
	for {
		chunk, err := w.store.readChunk(w.ctx, request, mvcc.RangeOptions{Revision: w.revision, Limit: maxChunk})
		if err != nil {
			return err
		}
		for _, kv := range chunk.KVs {
			obj, err := w.decode(kv.Key, kv.Value, kv.ModRevision)
			if err != nil {
				return err
			}
			if w.selects(obj) && !w.send(watch.Event{Type: watch.Added, Object: obj}) {
				return w.ctx.Err()
			}
		}
		if !chunk.More {
			return nil
		}
		request.start = append(chunk.KVs[len(chunk.KVs)-1].Key, 0)
	}
}

func (w *watchStream) deliverEvent(e *mvcc.Event) error {
	event, err := w.translate(e)
	if err != nil || event == nil {
		return err
	}
	if w.stampTime {
		event.Object = &stampedObject{Object: event.Object, time: time.Now()}
	}
	if !w.send(*event) {
		return w.ctx.Err()
	}
	return nil
}

// translate is nil for what the client does not want to see. An object that begins or ceases to be selected is added
// or deleted in the eyes of the client.
func (w *watchStream) translate(e *mvcc.Event) (*watch.Event, error) {
	var current, old runtime.Object
	var err error
	if e.Type == mvcc.Put {
		if current, err = w.decode(e.Key, e.Value, e.Revision); err != nil {
			return nil, err
		}
	}
	if e.PrevRevision != 0 && (e.Type == mvcc.Delete || !w.predicate.Empty()) {
		// The old object with the new version: that is when it ceased to be.
		if old, err = w.decode(e.Key, e.PrevValue, e.Revision); err != nil {
			if e.Type == mvcc.Delete {
				err = &deletedCorruptError{err: err}
			}
			return nil, err
		}
	}
	is := current != nil && w.selects(current)
	was := e.PrevRevision != 0 && (old == nil || w.selects(old))
	switch {
	case is && was:
		return &watch.Event{Type: watch.Modified, Object: current}, nil
	case is:
		return &watch.Event{Type: watch.Added, Object: current}, nil
	case was:
		return &watch.Event{Type: watch.Deleted, Object: old}, nil
	}
	return nil, nil
}

func (w *watchStream) selects(obj runtime.Object) bool {
	if w.predicate.Empty() {
		return true
	}
	matched, err := w.predicate.Matches(obj)
	return err == nil && matched
}

func (w *watchStream) decode(key, value []byte, revision int64) (runtime.Object, error) {
	data, _, err := w.store.fromStorage(w.ctx, key, value, revision)
	if err != nil {
		return nil, err
	}
	return w.store.decodeInto(data, nil, revision)
}

// bookmark tells the client that it has everything up to a revision.
func (w *watchStream) bookmark(revision int64, endsInitial bool) error {
	obj := w.store.config.NewFunc()
	if err := w.store.versioner.UpdateObject(obj, uint64(revision)); err != nil {
		return fmt.Errorf("make a bookmark for revision %d: %w", revision, err)
	}
	if endsInitial {
		if err := storage.AnnotateInitialEventsEndBookmark(obj); err != nil {
			return fmt.Errorf("make the bookmark that ends the initial events: %w", err)
		}
	}
	if !w.send(watch.Event{Type: watch.Bookmark, Object: obj}) {
		return w.ctx.Err()
	}
	return nil
}

// send returns false when the client is gone.
func (w *watchStream) send(event watch.Event) bool {
	select {
	case w.result <- event:
		return true
	case <-w.ctx.Done():
		return false
	}
}

// deletedCorruptError says that an object was deleted that nobody can read, so that a watcher cannot be told which.
type deletedCorruptError struct{ err error }

func (e *deletedCorruptError) Error() string {
	return fmt.Sprintf("saw a DELETED event, but object data is corrupt - %v", e.err)
}

func (e *deletedCorruptError) Unwrap() error { return e.err }

// watchStatus is how a client learns why its watch ended.
func watchStatus(err error) metav1.Status {
	var corrupt *corruptObjectError
	var deleted *deletedCorruptError
	var status apierrors.APIStatus
	switch {
	case errors.Is(err, mvcc.ErrCompacted):
		return apierrors.NewResourceExpired("The resourceVersion for the provided watch is too old.").Status()
	case errors.As(err, &deleted) && errors.As(err, &corrupt):
		return metav1.Status{
			Status:  metav1.StatusFailure,
			Code:    http.StatusInternalServerError,
			Reason:  metav1.StatusReasonStoreReadError,
			Message: deleted.Error(),
		}
	case errors.As(err, &status):
		return status.Status()
	}
	return apierrors.NewInternalError(err).Status()
}

// stampedObject carries the time when an event was decoded to the watch cache, which unwraps it.
type stampedObject struct {
	runtime.Object
	time time.Time
}

var _ storage.WatchEventWithRecordTime = &stampedObject{}

// RecordTime implements storage.WatchEventWithRecordTime.
func (o *stampedObject) RecordTime() time.Time { return o.time }

// Unwrap implements storage.WatchEventWithRecordTime.
func (o *stampedObject) Unwrap() runtime.Object { return o.Object }

// GetObjectMeta lets accessors of metadata see through.
func (o *stampedObject) GetObjectMeta() metav1.Object {
	accessor, err := meta.Accessor(o.Object)
	if err != nil {
		return nil
	}
	return accessor
}

// DeepCopyObject implements runtime.Object.
func (o *stampedObject) DeepCopyObject() runtime.Object {
	return &stampedObject{Object: o.Object.DeepCopyObject(), time: o.time}
}
