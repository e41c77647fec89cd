package mvcc

import (
	"bytes"
	"sync"
)

const (
	// The ring holds the last events, as many as fit into both bounds, so that watchers that keep up never read the file.
	maxRingEvents = 8192
	maxRingBytes  = 16 << 20
)

// ring is the tail of the log in memory. Each revision is exactly one event, so the position of an event is its
// revision minus that of the first.
type ring struct {
	mu     sync.RWMutex
	events []Event
	// last is the revision of the last event, also when there is none in memory.
	last int64
	size int
	// maxEvents and maxSize bound the ring.
	maxEvents, maxSize int
}

func (e Event) size() int { return len(e.Key) + len(e.Value) + len(e.PrevValue) }

// reset empties the ring; the next event follows the revision.
func (r *ring) reset(revision int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events, r.last, r.size = nil, revision, 0
}

// append adds events and publishes them while nobody can look, so that a watcher is neither ahead of the published
// revision nor in want of an event that is published.
func (r *ring) append(events []Event, publish func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer publish()
	for _, e := range events {
		r.size += e.size()
		r.last = e.Revision
	}
	r.events = append(r.events, events...)
	drop := 0
	for drop < len(r.events)-1 && (len(r.events)-drop > r.maxEvents || r.size > r.maxSize) {
		r.size -= r.events[drop].size()
		// The array behind the slice lives on for a while; what it refers to need not.
		r.events[drop] = Event{}
		drop++
	}
	r.events = r.events[drop:]
}

// scan visits the events from one revision on, until visit returns false, and returns the revision after the last one
// that it visited. It is not ok when the first of them is not in memory any more.
func (r *ring) scan(from int64, visit func(Event) bool) (next int64, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if from > r.last {
		return from, true
	}
	first := r.last - int64(len(r.events)) + 1
	if from < first {
		return from, false
	}
	for _, e := range r.events[from-first:] {
		from++
		if !visit(e) {
			break
		}
	}
	return from, true
}

// hub wakes the watchers that an event concerns. A watcher that has seen everything parks here, so that it costs
// nothing when others' keys change, and its position moves on with the hub's.
type hub struct {
	mu sync.Mutex
	// dispatched is the revision up to which parked watchers were told.
	dispatched int64
	exact      map[string]map[*Watcher]struct{}
	prefixes   map[string]map[*Watcher]struct{}
	// lengths counts the watched prefixes by their length: an event is looked up once for each.
	lengths map[int]int
	wakeup  chan struct{}
}

func (h *hub) init(revision int64) {
	h.dispatched = revision
	h.exact = map[string]map[*Watcher]struct{}{}
	h.prefixes = map[string]map[*Watcher]struct{}{}
	h.lengths = map[int]int{}
	h.wakeup = make(chan struct{}, 1)
}

// announce lets the dispatcher look for new events. The goroutine that commits calls it, and never waits in it.
func (h *hub) announce() { wake(h.wakeup) }

func (h *hub) add(w *Watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	index := h.index(w)
	if index[string(w.key)] == nil {
		index[string(w.key)] = map[*Watcher]struct{}{}
		if w.prefix {
			h.lengths[len(w.key)]++
		}
	}
	index[string(w.key)][w] = struct{}{}
}

func (h *hub) remove(w *Watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	index := h.index(w)
	if _, ok := index[string(w.key)][w]; !ok {
		return
	}
	delete(index[string(w.key)], w)
	if len(index[string(w.key)]) > 0 {
		return
	}
	delete(index, string(w.key))
	if w.prefix {
		if h.lengths[len(w.key)]--; h.lengths[len(w.key)] == 0 {
			delete(h.lengths, len(w.key))
		}
	}
}

func (h *hub) index(w *Watcher) map[string]map[*Watcher]struct{} {
	if w.prefix {
		return h.prefixes
	}
	return h.exact
}

// tell wakes the parked watchers of a key; the event at the revision is the first that they have not seen.
func (h *hub) tell(key []byte, revision int64) {
	for w := range h.exact[string(key)] {
		w.unpark(revision)
	}
	for length := range h.lengths {
		if length <= len(key) {
			for w := range h.prefixes[string(key[:length])] {
				w.unpark(revision)
			}
		}
	}
}

// tellAll wakes every parked watcher: what happened meanwhile is not in memory any more, or never will be.
func (h *hub) tellAll(revision int64) {
	for _, index := range []map[string]map[*Watcher]struct{}{h.exact, h.prefixes} {
		for _, watchers := range index {
			for w := range watchers {
				w.unpark(revision)
			}
		}
	}
}

// dispatch runs until the store closes.
func (s *Store) dispatch() {
	type change struct {
		key      []byte
		revision int64
	}
	var changes []change
	for {
		select {
		case <-s.hub.wakeup:
		case <-s.closing:
			return
		}
		s.hub.mu.Lock()
		from := s.hub.dispatched + 1
		s.hub.mu.Unlock()
		changes = changes[:0]
		next, ok := s.ring.scan(from, func(e Event) bool {
			changes = append(changes, change{e.Key, e.Revision})
			return true
		})
		published := s.published.Load()
		s.hub.mu.Lock()
		if ok {
			for _, c := range changes {
				s.hub.tell(c.key, c.revision)
			}
			s.hub.dispatched = next - 1
		} else {
			s.hub.tellAll(from)
			s.hub.dispatched = published
		}
		s.hub.mu.Unlock()
		clear(changes)
	}
}

// concerns says whether the watcher watches a key.
func (w *Watcher) concerns(key []byte) bool {
	if w.prefix {
		return bytes.HasPrefix(key, w.key)
	}
	return bytes.Equal(key, w.key)
}
