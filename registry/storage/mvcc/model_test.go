package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The model is what the store promises, in the simplest form: the list of everything that happened. The test does
// random things to both, and each answer of the store must be the model's. Run it for longer, or again, with
// EDICT_MODEL_STEPS and EDICT_MODEL_SEED.
const modelSteps = 2500

type modelEvent struct {
	Event
	// keys is the state after the event.
	keys map[string]KeyValue
}

type model struct {
	events    []modelEvent
	revision  int64
	compacted int64
}

func (m *model) at(revision int64) map[string]KeyValue {
	for i := len(m.events) - 1; i >= 0; i-- {
		if m.events[i].Revision <= revision {
			return m.events[i].keys
		}
	}
	return nil
}

func (m *model) apply(op Op) (int64, error) {
	state := m.at(m.revision)
	current, exists := state[string(op.Key)]
	switch {
	case !exists && (op.Expect > 0 || op.Type == Delete):
		return 0, &ConflictError{}
	case exists && op.Expect != AnyRevision && op.Expect != current.ModRevision:
		return 0, &ConflictError{Current: &current}
	}
	m.revision++
	next := make(map[string]KeyValue, len(state)+1)
	for key, kv := range state {
		next[key] = kv
	}
	event := Event{Type: op.Type, Revision: m.revision, Key: op.Key}
	if exists {
		event.PrevRevision, event.PrevValue = current.ModRevision, current.Value
		event.CreateRevision, event.Version = current.CreateRevision, current.Version
	}
	delete(next, string(op.Key))
	if op.Type == Put {
		kv := KeyValue{Key: op.Key, Value: op.Value, CreateRevision: m.revision, ModRevision: m.revision, Version: 1}
		if exists {
			kv.CreateRevision, kv.Version = current.CreateRevision, current.Version+1
		}
		next[string(op.Key)] = kv
		event.Value, event.CreateRevision, event.Version = kv.Value, kv.CreateRevision, kv.Version
	}
	m.events = append(m.events, modelEvent{Event: event, keys: next})
	return m.revision, nil
}

// advance is a jump without an event.
func (m *model) advance(revision int64) {
	m.revision, m.compacted = revision, revision
}

// modelWatch is a watcher and what it must deliver next.
type modelWatch struct {
	*Watcher
	options WatchOptions
	next    int64
}

type modelTest struct {
	*testing.T
	random  *rand.Rand
	store   *Store
	model   model
	watches []*modelWatch
}

func TestModel(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("EDICT_MODEL_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	steps := modelSteps
	if s := os.Getenv("EDICT_MODEL_STEPS"); s != "" {
		var err error
		if steps, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("EDICT_MODEL_SEED=%d EDICT_MODEL_STEPS=%d", seed, steps)
	m := &modelTest{T: t, random: rand.New(rand.NewPCG(seed, 0)), store: open(t, Config{Retain: -1})}
	m.model.revision = m.store.Revision()
	m.shrinkRing()
	actions := []struct {
		weight int
		do     func()
	}{
		{600, m.write}, {150, m.get}, {150, m.list}, {40, m.startWatch}, {150, m.followWatch},
		{15, m.compact}, {3, m.restart}, {1, m.advance},
	}
	total := 0
	for _, a := range actions {
		total += a.weight
	}
	for range steps {
		n := m.random.IntN(total)
		for _, a := range actions {
			if n -= a.weight; n < 0 {
				a.do()
				break
			}
		}
		if t.Failed() {
			return
		}
	}
	for i := len(m.watches) - 1; i >= 0 && !t.Failed(); i-- {
		m.follow(i)
	}
}

// shrinkRing makes watchers read the file, which they would otherwise hardly ever have to.
func (m *modelTest) shrinkRing() {
	m.store.ring.mu.Lock()
	defer m.store.ring.mu.Unlock()
	m.store.ring.maxEvents = 4
}

// key draws from few keys, of which some are prefixes of others.
func (m *modelTest) key() []byte {
	keys := []string{"a", "a/b", "a/b/c", "a0", "aa", "b", "b/x", "b/y", "b/z", "c\xff", "c\xff\xff", "d"}
	return []byte(keys[m.random.IntN(len(keys))])
}

func (m *modelTest) someRevision() int64 {
	low := max(m.model.compacted-3, 1)
	return low + m.random.Int64N(m.model.revision-low+3)
}

func (m *modelTest) write() {
	op := Op{Type: Put, Key: m.key(), Expect: AnyRevision}
	if m.random.IntN(4) == 0 {
		op.Type = Delete
	} else {
		op.Value = bytes.Repeat([]byte{byte(m.random.IntN(256))}, m.random.IntN(3000))
	}
	switch kv, exists := m.model.at(m.model.revision)[string(op.Key)]; m.random.IntN(4) {
	case 0:
		op.Expect = 0
	case 1:
		if exists {
			op.Expect = kv.ModRevision
		}
	case 2:
		op.Expect = m.random.Int64N(m.model.revision + 1)
	}
	want, wantErr := m.model.apply(op)
	got, err := m.store.Write(context.Background(), op)
	if got != want || !sameConflict(err, wantErr) {
		m.Fatalf("%s %q expecting %d: got %d, %v, want %d, %v", op.Type, op.Key, op.Expect, got, err, want, wantErr)
	}
}

func sameConflict(a, b error) bool {
	var x, y *ConflictError
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return a == nil && b == nil
	}
	return x.Current == nil && y.Current == nil || x.Current != nil && y.Current != nil && sameKV(*x.Current, *y.Current)
}

func sameKV(a, b KeyValue) bool {
	return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) && a.CreateRevision == b.CreateRevision &&
		a.ModRevision == b.ModRevision && a.Version == b.Version
}

// wantReadError is the error of reading at a revision.
func (m *modelTest) wantReadError(revision int64) error {
	switch {
	case revision > m.model.revision:
		return ErrFutureRevision
	case revision < m.model.compacted:
		return ErrCompacted
	}
	return nil
}

func (m *modelTest) get() {
	key, revision := m.key(), m.someRevision()
	got, _, err := m.store.Get(context.Background(), key, revision)
	if want := m.wantReadError(revision); want != nil || err != nil {
		if !errors.Is(err, want) {
			m.Fatalf("get %q at %d: got %v, want %v", key, revision, err, want)
		}
		return
	}
	want, exists := m.model.at(revision)[string(key)]
	if exists != (got != nil) || exists && !sameKV(*got, want) {
		m.Fatalf("get %q at %d: got %v, want %v", key, revision, got, want)
	}
}

func (m *modelTest) list() {
	span := Prefix(m.key())
	if m.random.IntN(3) == 0 {
		span.Start = append(m.key(), 0)
	}
	if m.random.IntN(5) == 0 {
		span = Span{}
	}
	options := RangeOptions{Revision: m.someRevision(), Limit: m.random.IntN(4), Count: m.random.IntN(2) == 0}
	got, err := m.store.Range(context.Background(), span, options)
	if want := m.wantReadError(options.Revision); want != nil || err != nil {
		if !errors.Is(err, want) {
			m.Fatalf("range %q at %d: got %v, want %v", span, options.Revision, err, want)
		}
		return
	}
	var want []KeyValue
	for key, kv := range m.model.at(options.Revision) {
		if key >= string(span.Start) && !span.ended([]byte(key)) {
			want = append(want, kv)
		}
	}
	sort.Slice(want, func(i, j int) bool { return bytes.Compare(want[i].Key, want[j].Key) < 0 })
	count, more := int64(len(want)), false
	if options.Limit > 0 && len(want) > options.Limit {
		want, more = want[:options.Limit], true
	}
	if !options.Count {
		count = 0
	}
	if !slices.EqualFunc(got.KVs, want, sameKV) || got.More != more || got.Count != count || got.Revision != options.Revision {
		m.Fatalf("range %q with %+v:\ngot  %v more %t count %d\nwant %v more %t count %d", span, options,
			describe(got.KVs), got.More, got.Count, describe(want), more, count)
	}
}

func describe(kvs []KeyValue) string {
	var b strings.Builder
	for _, kv := range kvs {
		fmt.Fprintf(&b, "%q@%d ", kv.Key, kv.ModRevision)
	}
	return b.String()
}

func (m *modelTest) startWatch() {
	if len(m.watches) == 8 {
		m.endWatch(m.random.IntN(len(m.watches)))
	}
	m.watch(WatchOptions{Key: m.key(), Prefix: m.random.IntN(3) > 0, Start: m.someRevision()})
}

func (m *modelTest) watch(options WatchOptions) {
	w, err := m.store.Watch(options)
	if options.Start <= m.model.compacted {
		if !errors.Is(err, ErrCompacted) {
			m.Fatalf("watch from %d after compaction to %d: %v", options.Start, m.model.compacted, err)
		}
		return
	}
	if err != nil {
		m.Fatalf("watch from %d: %v", options.Start, err)
	}
	m.watches = append(m.watches, &modelWatch{Watcher: w, options: options, next: options.Start})
}

func (m *modelTest) endWatch(i int) {
	m.watches[i].Stop()
	m.watches = slices.Delete(m.watches, i, i+1)
}

func (m *modelTest) followWatch() {
	if len(m.watches) > 0 {
		m.follow(m.random.IntN(len(m.watches)))
	}
}

// follow reads a watch to its end and compares it with the model.
func (m *modelTest) follow(i int) {
	w := m.watches[i]
	var want []Event
	for _, e := range m.model.events {
		if e.Revision >= w.next && w.concerns(e.Key) {
			want = append(want, e.Event)
		}
	}
	var got []Event
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	w.RequestProgress()
	for reached := int64(0); reached < m.model.revision; {
		batch, err := w.Next(ctx)
		if errors.Is(err, ErrCompacted) && w.next <= m.model.compacted {
			m.endWatch(i)
			return
		}
		if err != nil {
			m.Fatalf("watch %+v at %d of %d: %v", w.options, w.next, m.model.revision, err)
		}
		if batch.Revision < reached {
			m.Fatalf("watch %+v went back from %d to %d", w.options, reached, batch.Revision)
		}
		if len(batch.Events) == 0 && batch.Revision < m.model.revision && w.next <= m.model.revision {
			m.Fatalf("watch %+v reports progress to %d of %d", w.options, batch.Revision, m.model.revision)
		}
		got = append(got, batch.Events...)
		reached = batch.Revision
		w.next = max(w.next, reached+1)
		if reached < m.model.revision {
			w.RequestProgress()
		}
	}
	if !slices.EqualFunc(got, want, sameEvent) {
		m.Fatalf("watch %+v:\ngot  %v\nwant %v", w.options, got, want)
	}
}

func sameEvent(a, b Event) bool {
	return a.Type == b.Type && a.Revision == b.Revision && bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value) &&
		bytes.Equal(a.PrevValue, b.PrevValue) && a.PrevRevision == b.PrevRevision &&
		a.CreateRevision == b.CreateRevision && a.Version == b.Version
}

func (m *modelTest) compact() {
	revision := m.someRevision()
	err := m.store.Compact(context.Background(), revision)
	switch {
	case revision > m.model.revision:
		if !errors.Is(err, ErrFutureRevision) {
			m.Fatalf("compact to %d of %d: %v", revision, m.model.revision, err)
		}
	case err != nil:
		m.Fatalf("compact to %d: %v", revision, err)
	default:
		m.model.compacted = max(m.model.compacted, revision)
	}
	if got := m.store.Compacted(); got != m.model.compacted {
		m.Fatalf("compacted to %d, want %d", got, m.model.compacted)
	}
}

// restart opens the file again, and lets every watch go on where it was.
func (m *modelTest) restart() {
	m.store = reopen(m, m.store)
	m.shrinkRing()
	if m.store.Revision() != m.model.revision || m.store.Compacted() != m.model.compacted {
		m.Fatalf("the store is at %d, compacted to %d, want %d and %d", m.store.Revision(), m.store.Compacted(), m.model.revision, m.model.compacted)
	}
	watches := m.watches
	m.watches = nil
	for _, w := range watches {
		m.watch(WatchOptions{Key: w.options.Key, Prefix: w.options.Prefix, Start: w.next})
	}
}

func (m *modelTest) advance() {
	to := m.model.revision + 1 + m.random.Int64N(1000)
	if err := m.store.AdvanceTo(context.Background(), to); err != nil {
		m.Fatal(err)
	}
	m.model.advance(to)
	if err := m.store.AdvanceTo(context.Background(), to); err == nil {
		m.Fatal("the store went from a revision to the same")
	}
}
