package mvcc

import (
	"bytes"
	"context"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

const (
	// A batch of events is bounded, and so is what is read of the log in one transaction to find them.
	maxWatchEvents = 256
	maxWatchBytes  = 4 << 20
	maxLogRead     = 4096
)

// EventType is what happened to a key.
type EventType byte

// The numbers are part of the format of the log.
const (
	Put    EventType = 1
	Delete EventType = 2
)

func (t EventType) String() string {
	switch t {
	case Put:
		return "put"
	case Delete:
		return "delete"
	}
	return fmt.Sprintf("EventType(%d)", byte(t))
}

// Event is one write as a watcher sees it. It is shared by all watchers: nobody may change what it points to.
type Event struct {
	Type EventType
	// Revision of the write, which is the modification revision of the version that a put made.
	Revision int64
	Key      []byte
	// Value that was put.
	Value []byte
	// PrevValue and PrevRevision are those of the version that was replaced or deleted; PrevRevision is 0 for a new key.
	PrevValue    []byte
	PrevRevision int64
	// CreateRevision and Version are those of the version that was put, or of the one that was deleted.
	CreateRevision int64
	Version        int64
}

// WatchOptions say which events a Watcher delivers.
type WatchOptions struct {
	// Key to watch, or with Prefix all keys that begin with it.
	Key    []byte
	Prefix bool
	// Start is the revision of the first event; 0 for the next one that happens.
	Start int64
}

// Watcher delivers the events of some keys, in order, each exactly once. It belongs to one goroutine, but for
// RequestProgress, which anybody may call.
type Watcher struct {
	store  *Store
	key    []byte
	prefix bool

	// next is the first revision that was not looked at. While the watcher is parked it belongs to hub.mu.
	next     int64
	parked   bool
	wakeup   chan struct{}
	progress chan struct{}
}

// Batch is what Next returns.
type Batch struct {
	// Events are at least one, or none when the batch answers a request for progress.
	Events []Event
	// Revision up to which every event was delivered, with this batch or before it.
	Revision int64
}

// Watch begins to watch. It returns ErrCompacted when the first event may not be known any more.
func (s *Store) Watch(options WatchOptions) (*Watcher, error) {
	if !options.Prefix {
		if err := validateKey(options.Key); err != nil {
			return nil, err
		}
	}
	w := &Watcher{
		store:    s,
		key:      bytes.Clone(options.Key),
		prefix:   options.Prefix,
		next:     options.Start,
		wakeup:   make(chan struct{}, 1),
		progress: make(chan struct{}, 1),
	}
	if w.next == 0 {
		w.next = s.published.Load() + 1
	}
	if compacted := s.compacted.Load(); w.next <= compacted {
		return nil, compactedWatch(w.next, compacted)
	}
	w.next = max(w.next, firstRevision+1)
	select {
	case <-s.closing:
		return nil, ErrClosed
	default:
	}
	s.hub.add(w)
	return w, nil
}

func compactedWatch(next, compacted int64) error {
	return fmt.Errorf("%w: event %d was asked for, the first that is kept is %d", ErrCompacted, next, compacted+1)
}

// RequestProgress makes Next return a batch once all that was published when it was called is delivered, even when
// there is nothing to deliver.
func (w *Watcher) RequestProgress() { wake(w.progress) }

// Stop ends the watch. Next must not be called any more.
func (w *Watcher) Stop() { w.store.hub.remove(w) }

// Next waits for events. ErrCompacted says that what should come next is not known any more, ErrClosed that the store
// was closed; after them the watcher is of no use. After the error of the context it goes on where it was.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Batch{}, err
		}
		// A request that arrives later is answered by a later turn, so that its answer covers what is published now.
		asked := false
		select {
		case <-w.progress:
			asked = true
		default:
		}
		events, err := w.collect()
		if err != nil {
			return Batch{}, err
		}
		if len(events) > 0 {
			if asked {
				w.RequestProgress()
			}
			return Batch{Events: events, Revision: w.next - 1}, nil
		}
		if w.next <= w.store.published.Load() {
			if asked {
				w.RequestProgress()
			}
			continue
		}
		if asked {
			return Batch{Revision: w.next - 1}, nil
		}
		if err := w.park(ctx); err != nil {
			return Batch{}, err
		}
	}
}

// collect moves on by a bounded number of revisions and returns the events among them that concern the watcher.
func (w *Watcher) collect() ([]Event, error) {
	var events []Event
	size := 0
	next, ok := w.store.ring.scan(w.next, func(e Event) bool {
		if w.concerns(e.Key) {
			events = append(events, e)
			size += e.size()
		}
		return len(events) < maxWatchEvents && size < maxWatchBytes
	})
	if ok {
		w.next = next
		return events, nil
	}
	return w.collectFromFile()
}

func (w *Watcher) collectFromFile() ([]Event, error) {
	published := w.store.published.Load()
	var events []Event
	size := 0
	next := w.next
	err := w.store.view(func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		m, err := readNumbers(b.info)
		if err != nil {
			return err
		}
		if next <= m.compacted {
			return compactedWatch(next, m.compacted)
		}
		cursor := b.log.Cursor()
		k, data := cursor.Seek(encodeNumber(next))
		for n := 0; k != nil && n < maxLogRead && len(events) < maxWatchEvents && size < maxWatchBytes; n++ {
			revision, err := decodeNumber(k)
			if err != nil {
				return err
			}
			if revision > published {
				break
			}
			if revision != next {
				return fmt.Errorf("%w: the log has no entry %d", ErrDamaged, next)
			}
			logged, err := decodeEntry(data)
			if err != nil {
				return err
			}
			if w.concerns(logged.Key) {
				e, err := b.event(revision, logged)
				if err != nil {
					return err
				}
				events = append(events, e)
				size += e.size()
			}
			next++
			k, data = cursor.Next()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.next = next
	return events, nil
}

// event puts together what an entry of the log refers to.
func (b buckets) event(revision int64, logged entry) (Event, error) {
	e := Event{Type: logged.Type, Revision: revision, Key: bytes.Clone(logged.Key), PrevRevision: logged.Previous}
	if logged.Previous != 0 {
		previous, err := b.versionAt(logged.Key, logged.Previous)
		if err != nil {
			return Event{}, err
		}
		e.PrevValue = bytes.Clone(previous.Value)
		e.CreateRevision, e.Version = previous.Create, previous.Version
	}
	if logged.Type == Put {
		put, err := b.versionAt(logged.Key, revision)
		if err != nil {
			return Event{}, err
		}
		e.Value = bytes.Clone(put.Value)
		e.CreateRevision, e.Version = put.Create, put.Version
	}
	return e, nil
}

// versionAt finds the version of a key that begins with a revision.
func (b buckets) versionAt(key []byte, start int64) (version, error) {
	if data := b.history.Get(historyKey(key, start)); data != nil {
		return decodeVersion(data)
	}
	if data := b.live.Get(key); data != nil {
		v, err := decodeVersion(data)
		if err != nil || v.Mod == start {
			return v, err
		}
	}
	return version{}, fmt.Errorf("%w: the version %d of %q is missing", ErrDamaged, start, key)
}

// park waits until there may be something to do. All up to next-1 was looked at.
func (w *Watcher) park(ctx context.Context) error {
	h := &w.store.hub
	h.mu.Lock()
	if h.dispatched >= w.next {
		// The hub passed by while the watcher was not listening.
		h.mu.Unlock()
		return nil
	}
	select {
	case <-w.wakeup:
		// A signal of an earlier stay.
	default:
	}
	w.parked = true
	h.mu.Unlock()

	var err error
	select {
	case <-w.wakeup:
	case <-w.progress:
		w.RequestProgress()
	case <-ctx.Done():
		err = ctx.Err()
	case <-w.store.closing:
		err = ErrClosed
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.parked {
		// Nothing that the hub has told of concerned this watcher.
		w.parked = false
		w.next = max(w.next, h.dispatched+1)
	}
	return err
}

// unpark is called with hub.mu held.
func (w *Watcher) unpark(revision int64) {
	if !w.parked || revision < w.next {
		return
	}
	w.parked = false
	w.next = revision
	wake(w.wakeup)
}
