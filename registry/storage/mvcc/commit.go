package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	bolt "go.etcd.io/bbolt"
)

const (
	// maxBatch and maxBatchBytes bound what one transaction carries for concurrent writers.
	maxBatch      = 512
	maxBatchBytes = 8 << 20
)

// request is handed to the goroutine that commits: either one write, which may share a transaction with others, or
// maintenance, which has one of its own.
type request struct {
	op       *Op
	maintain func(*writer) error
	done     chan outcome
}

type outcome struct {
	revision int64
	err      error
}

func (s *Store) submit(ctx context.Context, r *request) (outcome, error) {
	if err := ctx.Err(); err != nil {
		return outcome{}, err
	}
	if err := s.Err(); err != nil {
		return outcome{}, err
	}
	select {
	case s.requests <- r:
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	case <-s.stopped:
		return outcome{}, ErrClosed
	}
	select {
	case o := <-r.done:
		return o, o.err
	case <-ctx.Done():
		return outcome{}, fmt.Errorf("waiting for the disk, the outcome of the write is unknown: %w", ctx.Err())
	case <-s.stopped:
	}
	// The committing goroutine is gone; it may have answered before it went.
	select {
	case o := <-r.done:
		return o, o.err
	default:
		return outcome{}, ErrClosed
	}
}

// commitRequests is the only place that changes the file while the store is open.
func (s *Store) commitRequests() {
	batch := make([]*request, 0, maxBatch)
	for {
		select {
		case first := <-s.requests:
			crowded := len(batch) > 1
			batch = s.gather(batch[:0], first, crowded)
			s.serve(batch)
			s.recordGrowth()
		case <-s.closing:
			return
		}
	}
}

// gather takes what is already waiting. When the last batch had company, the writers that it released are given the
// chance to be part of this one, which costs no more than letting them run.
func (s *Store) gather(batch []*request, first *request, crowded bool) []*request {
	batch = append(batch, first)
	if crowded {
		runtime.Gosched()
	}
	size := first.size()
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case r := <-s.requests:
			batch = append(batch, r)
			size += r.size()
		default:
			return batch
		}
	}
	return batch
}

func (r *request) size() int {
	if r.op == nil {
		return 0
	}
	return len(r.op.Key) + len(r.op.Value)
}

// serve splits a batch at maintenance, which is committed apart so that a failure of it is nobody else's.
func (s *Store) serve(batch []*request) {
	for len(batch) > 0 {
		n := 0
		for n < len(batch) && batch[n].maintain == nil {
			n++
		}
		if n == 0 {
			n = 1
		}
		s.commit(batch[:n])
		batch = batch[n:]
	}
}

// commit answers every request of the batch, after the sync.
func (s *Store) commit(batch []*request) {
	outcomes := make([]outcome, len(batch))
	var w *writer
	err := s.Err()
	if err == nil {
		w, err = s.transact(batch, outcomes)
	}
	if err == nil && w.changed() {
		s.publish(w)
	}
	for i, r := range batch {
		if err != nil {
			outcomes[i] = outcome{err: err}
		}
		r.done <- outcomes[i]
	}
}

// publish shows readers and watchers what is synced now.
func (s *Store) publish(w *writer) {
	s.compacted.Store(w.compacted)
	if w.reset {
		s.ring.reset(w.revision)
	}
	s.ring.append(w.events, func() { s.published.Store(w.revision) })
	s.hub.announce()
}

func (s *Store) transact(batch []*request, outcomes []outcome) (w *writer, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.db.Begin(true)
	if err != nil {
		return nil, fmt.Errorf("begin a transaction: %w", err)
	}
	defer func() {
		if p := recover(); p != nil {
			// bbolt says so that a page is damaged; what it has done up to there is thrown away.
			err = errors.Join(s.fail(fmt.Errorf("%w: bbolt says: %v", ErrDamaged, p)), tx.Rollback())
		}
	}()
	w, err = newWriter(tx)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	for i, r := range batch {
		if r.maintain != nil {
			err = r.maintain(w)
		} else {
			outcomes[i], err = w.write(r.op)
		}
		if err != nil {
			return nil, errors.Join(err, tx.Rollback())
		}
	}
	if !w.changed() {
		return w, tx.Rollback()
	}
	if err := w.writeMeta(); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return nil, s.fail(fmt.Errorf("commit: %w", err))
	}
	s.length = w.length
	return w, nil
}

// fail makes the first failure the last attempt.
func (s *Store) fail(err error) error {
	s.failure.Store(&err)
	s.log.Error("a commit failed; the store takes no writes until it is opened again", "err", err)
	return s.Err()
}

// recordGrowth notes how long the file has become, in a transaction of its own since a transaction cannot know how far
// its own commit extends the file. Open compares: the pages beyond bbolt's last one would not be missed otherwise, and
// a copy that was cut short would look whole.
func (s *Store) recordGrowth() {
	info, err := os.Stat(s.config.Path)
	if err != nil || info.Size() <= s.length || s.Err() != nil {
		return
	}
	grown := &request{done: make(chan outcome, 1), maintain: func(w *writer) error {
		w.length = info.Size()
		return nil
	}}
	s.commit([]*request{grown})
	if o := <-grown.done; o.err != nil {
		s.log.Error("the new length of the file could not be recorded", "err", o.err)
	}
}

// writer changes the file inside one transaction.
type writer struct {
	buckets
	meta
	before meta
	events []Event
	// reset says that the revision jumped, so that the events in memory do not continue.
	reset bool
	// dirty says that something but meta changed which is no event.
	dirty bool
}

func newWriter(tx *bolt.Tx) (*writer, error) {
	b := bucketsOf(tx)
	m, err := readNumbers(b.info)
	if err != nil {
		return nil, err
	}
	w := &writer{buckets: b, meta: m, before: m}
	// The log only grows at its end: full pages instead of half-full ones.
	w.log.FillPercent = 1
	return w, nil
}

func (w *writer) changed() bool { return w.dirty || w.meta != w.before }

// write applies one write. What is wrong with this write alone is in the outcome; an error fails the transaction.
func (w *writer) write(op *Op) (outcome, error) {
	var current *version
	if data := w.live.Get(op.Key); data != nil {
		v, err := decodeVersion(data)
		if err != nil {
			return outcome{err: fmt.Errorf("read %q: %w", op.Key, err)}, nil
		}
		current = &v
	}
	if conflict := expect(op, current); conflict != nil {
		return outcome{err: conflict}, nil
	}
	w.revision++
	event := Event{Type: op.Type, Revision: w.revision, Key: op.Key}
	if current != nil {
		event.PrevRevision = current.Mod
		event.PrevValue = bytes.Clone(current.Value)
		event.CreateRevision, event.Version = current.Create, current.Version
		if err := w.supersede(op.Key, *current); err != nil {
			return outcome{}, err
		}
	}
	switch op.Type {
	case Delete:
		if err := w.live.Delete(op.Key); err != nil {
			return outcome{}, fmt.Errorf("delete %q: %w", op.Key, err)
		}
	case Put:
		next := version{Create: w.revision, Mod: w.revision, Version: 1, Value: op.Value}
		if current != nil {
			next.Create, next.Version = current.Create, current.Version+1
		}
		if !op.Expires.IsZero() {
			next.Expires = max(1, op.Expires.UnixMilli())
		}
		if err := w.makeLive(op.Key, next); err != nil {
			return outcome{}, err
		}
		event.Value, event.CreateRevision, event.Version = op.Value, next.Create, next.Version
	}
	logged := entry{Type: op.Type, Previous: event.PrevRevision, Key: op.Key}
	if err := w.log.Put(encodeNumber(w.revision), logged.encode()); err != nil {
		return outcome{}, fmt.Errorf("log the write of %q: %w", op.Key, err)
	}
	w.events = append(w.events, event)
	return outcome{revision: w.revision}, nil
}

func expect(op *Op, current *version) error {
	switch {
	case current == nil:
		if op.Expect > 0 || op.Type == Delete {
			return &ConflictError{}
		}
	case op.Expect != AnyRevision && op.Expect != current.Mod:
		kv := current.keyValue(op.Key)
		return &ConflictError{Current: &kv}
	}
	return nil
}

func (v version) keyValue(key []byte) KeyValue {
	return KeyValue{
		Key:            bytes.Clone(key),
		Value:          bytes.Clone(v.Value),
		CreateRevision: v.Create,
		ModRevision:    v.Mod,
		Version:        v.Version,
	}
}

// supersede keeps the live version of a key in history, as ended by the revision that is being written.
func (w *writer) supersede(key []byte, current version) error {
	if current.Expires != 0 {
		if err := w.expiry.Delete(expiryKey(current.Expires, key)); err != nil {
			return fmt.Errorf("forget the expiry of %q: %w", key, err)
		}
	}
	current.End = w.revision
	if err := w.history.Put(historyKey(key, current.Mod), current.encode()); err != nil {
		return fmt.Errorf("keep the old version of %q: %w", key, err)
	}
	return nil
}

func (w *writer) makeLive(key []byte, v version) error {
	if v.Expires != 0 {
		if err := w.expiry.Put(expiryKey(v.Expires, key), nil); err != nil {
			return fmt.Errorf("remember the expiry of %q: %w", key, err)
		}
	}
	if err := w.live.Put(key, v.encode()); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	return nil
}
