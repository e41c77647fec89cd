package mvcc

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func TestConcurrentWritersShareCommits(t *testing.T) {
	s := open(t, Config{})
	const writers, each = 32, 20
	before := transactions(t, s)
	start := s.Revision()
	var mu sync.Mutex
	seen := map[int64]bool{}
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for n := range each {
				revision, err := s.Write(context.Background(), Op{Type: Put, Key: fmt.Appendf(nil, "%d/%d", writer, n)})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[revision] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for revision := start + 1; revision <= start+writers*each; revision++ {
		if !seen[revision] {
			t.Errorf("no write has revision %d", revision)
		}
	}
	if s.Revision() != start+writers*each {
		t.Errorf("the store is at %d, want %d", s.Revision(), start+writers*each)
	}
	if commits := transactions(t, s) - before; commits > writers*each/2 {
		t.Errorf("%d writes took %d transactions", writers*each, commits)
	}
}

// transactions is the number of the last transaction that changed the file.
func transactions(t *testing.T, s *Store) int {
	t.Helper()
	id := 0
	if err := s.view(func(tx *bolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOneConflictDoesNotFailTheOthers(t *testing.T) {
	s := open(t, Config{})
	var wg sync.WaitGroup
	created, conflicts := make(chan int64, 64), make(chan error, 64)
	for range 64 {
		wg.Go(func() {
			revision, err := s.Write(context.Background(), Op{Type: Put, Key: []byte("one")})
			if err != nil {
				conflicts <- err
				return
			}
			created <- revision
		})
	}
	wg.Wait()
	if len(created) != 1 || len(conflicts) != 63 {
		t.Fatalf("%d of 64 writers created the key", len(created))
	}
	revision := <-created
	for range 63 {
		var conflict *ConflictError
		if err := <-conflicts; !errors.As(err, &conflict) || conflict.Current == nil || conflict.Current.ModRevision != revision {
			t.Errorf("got %v, want a conflict with revision %d", err, revision)
		}
	}
}

func TestNothingIsAcknowledgedAfterAFailedCommit(t *testing.T) {
	s := open(t, Config{})
	last := put(t, s, "a", "1")
	w, err := s.Watch(WatchOptions{Prefix: true})
	if err != nil {
		t.Fatal(err)
	}
	// bbolt cannot extend its map beyond this, so the commit of a large value fails on the way.
	s.db.MaxSize = 64 << 10
	if _, err := s.Write(context.Background(), Op{Type: Put, Key: []byte("b"), Value: make([]byte, 1<<20)}); !errors.Is(err, ErrFailed) {
		t.Fatalf("got %v, want ErrFailed", err)
	}
	s.db.MaxSize = 0
	if _, err := s.Write(context.Background(), Op{Type: Put, Key: []byte("c")}); !errors.Is(err, ErrFailed) {
		t.Errorf("the next write: got %v, want ErrFailed", err)
	}
	if err := s.Err(); !errors.Is(err, ErrFailed) {
		t.Errorf("Err: %v", err)
	}
	if kv, revision, err := s.Get(context.Background(), []byte("a"), 0); err != nil || kv == nil || revision != last {
		t.Errorf("reads do not go on: %v, %d, %v", kv, revision, err)
	}
	w.RequestProgress()
	if batch, err := w.Next(context.Background()); err != nil || len(batch.Events) != 0 || batch.Revision != last {
		t.Errorf("the watch got %+v, %v", batch, err)
	}
	s = reopen(t, s)
	if next := put(t, s, "c", "1"); next != last+1 {
		t.Errorf("after reopening, the next revision is %d, want %d", next, last+1)
	}
}

// What was already in the queue when a commit failed must not be acknowledged either.
func TestNothingInTheQueueIsAcknowledgedAfterAFailedCommit(t *testing.T) {
	s := open(t, Config{})
	s.db.MaxSize = 64 << 10
	// The first fills its batch, so the second waits for another.
	large := &request{op: &Op{Type: Put, Key: []byte("large"), Value: make([]byte, maxBatchBytes)}, done: make(chan outcome, 1)}
	small := &request{op: &Op{Type: Put, Key: []byte("small")}, done: make(chan outcome, 1)}
	s.writing.Lock()
	s.requests <- large
	s.requests <- small
	s.writing.Unlock()
	for _, r := range []*request{large, small} {
		if o := <-r.done; !errors.Is(o.err, ErrFailed) {
			t.Errorf("%s: got %v, want ErrFailed", r.op.Key, o.err)
		}
	}
}

// A reader must not see what bbolt already shows while its sync may yet fail.
func TestReadersDoNotSeeWhatIsNotPublished(t *testing.T) {
	s := open(t, Config{})
	first := put(t, s, "a", "1")
	put(t, s, "a", "2")
	del(t, s, "a")
	put(t, s, "b", "1")
	published := s.published.Swap(first)
	defer s.published.Store(published)
	kv, revision, err := s.Get(context.Background(), []byte("a"), 0)
	if err != nil || kv == nil || string(kv.Value) != "1" || revision != first {
		t.Errorf("get: %v, %d, %v", kv, revision, err)
	}
	result, err := s.Range(context.Background(), Span{}, RangeOptions{})
	if err != nil || len(result.KVs) != 1 || string(result.KVs[0].Value) != "1" || result.Revision != first {
		t.Errorf("range: %+v, %v", result, err)
	}
	if _, _, err := s.Get(context.Background(), []byte("a"), first+1); !errors.Is(err, ErrFutureRevision) {
		t.Errorf("get of the next revision: %v", err)
	}
}

func TestWriteThatIsNotWaitedFor(t *testing.T) {
	s := open(t, Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Write(ctx, Op{Type: Put, Key: []byte("a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if s.Revision() != firstRevision {
		t.Error("a write happened whose context had ended before")
	}
	// The disk is busy for longer than the next one waits.
	s.writing.Lock()
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := s.Write(short, Op{Type: Put, Key: []byte("a")})
	s.writing.Unlock()
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, Config{})
			value := make([]byte, 600)
			var wg sync.WaitGroup
			work := make(chan int)
			for range writers {
				wg.Go(func() {
					for n := range work {
						op := Op{Type: Put, Key: fmt.Appendf(nil, "key-%d", n%10_000), Value: value, Expect: AnyRevision}
						if _, err := s.Write(context.Background(), op); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for n := range b.N {
				work <- n
			}
			close(work)
			wg.Wait()
			b.StopTimer()
			if seconds := b.Elapsed().Seconds(); seconds > 0 {
				b.ReportMetric(math.Round(float64(b.N)/seconds), "writes/s")
			}
		})
	}
}
