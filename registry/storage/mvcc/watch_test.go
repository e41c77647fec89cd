package mvcc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func watchAll(t testing.TB, s *Store, start int64) *Watcher {
	t.Helper()
	w, err := s.Watch(WatchOptions{Prefix: true, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

// next is the next batch, which must come soon.
func next(t testing.TB, w *Watcher) Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	batch, err := w.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return batch
}

func TestWatchGoesOnAcrossARestart(t *testing.T) {
	s := open(t, Config{})
	put(t, s, "a", "1")
	seen := put(t, s, "a", "2")
	s = reopen(t, s)
	put(t, s, "b", "1")
	batch := next(t, watchAll(t, s, seen))
	if len(batch.Events) != 2 || batch.Events[0].Revision != seen || string(batch.Events[0].PrevValue) != "1" || string(batch.Events[1].Key) != "b" {
		t.Errorf("got %+v", batch)
	}
}

func TestASleepingWatcherNeitherSlowsWritersNorMissesAnything(t *testing.T) {
	s := open(t, Config{})
	s.ring.maxEvents = 16
	w := watchAll(t, s, 0)
	const writes = 2 * maxLogRead
	first := s.Revision() + 1
	var wg sync.WaitGroup
	for writer := range 64 {
		wg.Go(func() {
			for n := range writes / 64 {
				put(t, s, fmt.Sprintf("%d/%d", writer, n), "x")
			}
		})
	}
	wg.Wait()
	if len(s.ring.events) > 16 {
		t.Errorf("%d events are held in memory for it", len(s.ring.events))
	}
	want := first
	for want < first+writes {
		batch := next(t, w)
		if len(batch.Events) > maxWatchEvents {
			t.Fatalf("a batch has %d events", len(batch.Events))
		}
		for _, e := range batch.Events {
			if e.Revision != want {
				t.Fatalf("got event %d, want %d", e.Revision, want)
			}
			want++
		}
	}
}

func TestAWatcherThatFellBehindCompactionIsTold(t *testing.T) {
	s := open(t, Config{})
	s.ring.maxEvents = 1
	w := watchAll(t, s, 0)
	for range 5 {
		put(t, s, "a", "1")
	}
	if err := s.Compact(context.Background(), s.Revision()-1); err != nil {
		t.Fatal(err)
	}
	if batch, err := w.Next(context.Background()); !errors.Is(err, ErrCompacted) {
		t.Errorf("got %+v, %v", batch, err)
	}
}

// The changes of others must not push an idle watcher out of the window.
func TestAnIdleWatcherOutlivesCompaction(t *testing.T) {
	s := open(t, Config{})
	s.ring.maxEvents = 1
	w, err := s.Watch(WatchOptions{Key: []byte("mine")})
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan Batch, 1)
	go func() {
		batch, err := w.Next(context.Background())
		if err != nil {
			t.Error(err)
		}
		got <- batch
	}()
	for n := range 50 {
		put(t, s, fmt.Sprintf("others/%d", n), "1")
		time.Sleep(time.Millisecond)
	}
	waitFor(t, func() bool {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		return w.parked && s.hub.dispatched == s.Revision()
	})
	if err := s.Compact(context.Background(), s.Revision()); err != nil {
		t.Fatal(err)
	}
	revision := put(t, s, "mine", "1")
	if batch := <-got; len(batch.Events) != 1 || batch.Events[0].Revision != revision {
		t.Errorf("got %+v", batch)
	}
}

// The same for a watcher that looks up from time to time, as one does that sends bookmarks.
func TestAnIdleWatcherThatIsInterruptedOutlivesCompaction(t *testing.T) {
	s := open(t, Config{})
	s.ring.maxEvents = 1
	w, err := s.Watch(WatchOptions{Key: []byte("mine")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(context.Background())
	interrupted := make(chan error, 1)
	go func() {
		_, err := w.Next(ctx)
		interrupted <- err
	}()
	parked := func() bool {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		return w.parked && s.hub.dispatched == s.Revision()
	}
	waitFor(t, parked)
	for n := range 5 {
		put(t, s, fmt.Sprintf("others/%d", n), "1")
	}
	waitFor(t, parked)
	interrupt()
	if err := <-interrupted; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := s.Compact(context.Background(), s.Revision()); err != nil {
		t.Fatal(err)
	}
	revision := put(t, s, "others", "1")
	w.RequestProgress()
	if batch := next(t, w); batch.Revision != revision {
		t.Errorf("got %+v, want progress to %d", batch, revision)
	}
}

// An event that the hub tells of while the watcher is on its way to park is not slept through.
func TestParkingAfterTheHubPassed(t *testing.T) {
	s := open(t, Config{})
	w := watchAll(t, s, 0)
	revision := put(t, s, "a", "1")
	waitFor(t, func() bool {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		return s.hub.dispatched == revision
	})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.park(ctx); err != nil {
		t.Errorf("the watcher waited: %v", err)
	}
}

func waitFor(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

func TestProgressCoversWhatWasPublished(t *testing.T) {
	s := open(t, Config{})
	w, err := s.Watch(WatchOptions{Key: []byte("mine")})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 200 {
		revision := put(t, s, fmt.Sprintf("others/%d", n), "1")
		w.RequestProgress()
		if batch := next(t, w); len(batch.Events) != 0 || batch.Revision < revision {
			t.Fatalf("got %+v after revision %d", batch, revision)
		}
	}
}

func TestProgressComesAfterEvents(t *testing.T) {
	s := open(t, Config{})
	w := watchAll(t, s, 0)
	revision := put(t, s, "a", "1")
	w.RequestProgress()
	if batch := next(t, w); len(batch.Events) != 1 || batch.Revision != revision {
		t.Errorf("first came %+v", batch)
	}
	if batch := next(t, w); len(batch.Events) != 0 || batch.Revision != revision {
		t.Errorf("then came %+v", batch)
	}
}

func TestNextCanBeCalledAgainAfterItsContextEnded(t *testing.T) {
	s := open(t, Config{})
	w := watchAll(t, s, 0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	if _, err := w.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	revision := put(t, s, "a", "1")
	if batch := next(t, w); len(batch.Events) != 1 || batch.Events[0].Revision != revision {
		t.Errorf("got %+v", batch)
	}
}

// Watchers of all kinds run while writers write; each must see exactly the events of its keys, in order.
func TestManyWatchersWhileWritersWrite(t *testing.T) {
	s := open(t, Config{})
	s.ring.maxEvents = 64
	const writers, each = 8, 60
	start := s.Revision() + 1
	var watchers, writing sync.WaitGroup
	for i := range 40 {
		options := WatchOptions{Key: fmt.Appendf(nil, "%d/", i%writers), Prefix: true, Start: start}
		want := each
		if i%5 == 0 {
			options.Key, want = nil, writers*each
		}
		w, err := s.Watch(options)
		if err != nil {
			t.Fatal(err)
		}
		watchers.Go(func() {
			defer w.Stop()
			last := int64(0)
			for got := 0; got < want; {
				batch := next(t, w)
				for _, e := range batch.Events {
					if e.Revision <= last {
						t.Errorf("event %d came after event %d", e.Revision, last)
						return
					}
					last = e.Revision
				}
				if got += len(batch.Events); got > want {
					t.Errorf("got %d events, want %d", got, want)
				}
			}
		})
	}
	for writer := range writers {
		writing.Go(func() {
			for n := range each {
				put(t, s, fmt.Sprintf("%d/%d", writer, n%7), "x")
			}
		})
	}
	writing.Wait()
	watchers.Wait()
	if len(s.hub.prefixes) != 0 || len(s.hub.lengths) != 0 {
		t.Errorf("stopped watchers are still known: %v, %v", s.hub.prefixes, s.hub.lengths)
	}
}
