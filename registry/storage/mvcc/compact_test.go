package mvcc

import (
	"context"
	"errors"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// content lists the keys of a bucket, as the package documentation draws them.
func content(t *testing.T, s *Store, name []byte) (keys []string) {
	t.Helper()
	err := s.view(func(tx *bolt.Tx) error {
		return tx.Bucket(name).ForEach(func(k, v []byte) error {
			switch string(name) {
			case string(bucketHistory):
				key, start, err := splitHistoryKey(k)
				keys = append(keys, string(key)+" "+string(rune('0'+start)))
				return err
			case string(bucketLog):
				revision, err := decodeNumber(k)
				keys = append(keys, string(rune('0'+revision)))
				return err
			}
			keys = append(keys, string(k))
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func equal(a []string, b ...string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// The worked example of the package documentation.
func TestWorkedExample(t *testing.T) {
	s := open(t, Config{Retain: -1})
	put(t, s, "a", "x")
	put(t, s, "b", "y")
	put(t, s, "a", "z")
	del(t, s, "b")
	put(t, s, "b", "w")
	want := func(live, history, log []string) {
		t.Helper()
		if got := content(t, s, bucketLive); !equal(got, live...) {
			t.Errorf("live is %q, want %q", got, live)
		}
		if got := content(t, s, bucketHistory); !equal(got, history...) {
			t.Errorf("history is %q, want %q", got, history)
		}
		if got := content(t, s, bucketLog); !equal(got, log...) {
			t.Errorf("the log is %q, want %q", got, log)
		}
	}
	want([]string{"a", "b"}, []string{"a 2", "b 3"}, []string{"2", "3", "4", "5", "6"})
	if err := s.Compact(context.Background(), 4); err != nil {
		t.Fatal(err)
	}
	want([]string{"a", "b"}, []string{"b 3"}, []string{"5", "6"})
	if kv, _, err := s.Get(context.Background(), []byte("b"), 4); err != nil || kv == nil || string(kv.Value) != "y" {
		t.Errorf("b at 4: %v, %v", kv, err)
	}
	if kv, _, err := s.Get(context.Background(), []byte("b"), 5); err != nil || kv != nil {
		t.Errorf("b at 5: %v, %v", kv, err)
	}
	if _, _, err := s.Get(context.Background(), []byte("b"), 3); !errors.Is(err, ErrCompacted) {
		t.Errorf("b at 3: %v", err)
	}
	if batch := next(t, watchAll(t, s, 5)); len(batch.Events) != 2 || string(batch.Events[0].PrevValue) != "y" {
		t.Errorf("the watch from 5 got %+v", batch)
	}
	if err := s.Compact(context.Background(), s.Revision()); err != nil {
		t.Fatal(err)
	}
	want([]string{"a", "b"}, nil, nil)
}

// A crash between two transactions of a compaction leaves entries that nobody can read any more.
func TestInterruptedCompactionIsFinished(t *testing.T) {
	s := open(t, Config{})
	for range 5 {
		put(t, s, "a", "1")
	}
	compacted := s.Revision() - 1
	if err := s.maintain(context.Background(), func(w *writer) error { w.compacted = compacted; return nil }); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	waitFor(t, func() bool { return len(content(t, s, bucketLog)) == 1 })
	if history := content(t, s, bucketHistory); len(history) != 1 {
		t.Errorf("history is %q", history)
	}
}

func TestHistoryIsForgottenByAge(t *testing.T) {
	s := open(t, Config{Retain: time.Second})
	put(t, s, "a", "1")
	last := put(t, s, "a", "2")
	if _, _, err := s.Get(context.Background(), []byte("a"), last-1); err != nil {
		t.Errorf("what has just happened is forgotten: %v", err)
	}
	waitFor(t, func() bool { return s.Compacted() == last })
	if kv, _, err := s.Get(context.Background(), []byte("a"), 0); err != nil || string(kv.Value) != "2" {
		t.Errorf("got %v, %v", kv, err)
	}
}

func TestAdvanceTo(t *testing.T) {
	s := open(t, Config{Retain: -1})
	put(t, s, "a", "1")
	put(t, s, "a", "2")
	w := watchAll(t, s, 0)
	parked := make(chan error, 1)
	go func() {
		_, err := w.Next(context.Background())
		parked <- err
	}()
	if err := s.AdvanceTo(context.Background(), 1000); err != nil {
		t.Fatal(err)
	}
	if err := <-parked; !errors.Is(err, ErrCompacted) {
		t.Errorf("a watch that waited got %v", err)
	}
	if _, err := s.Watch(WatchOptions{Prefix: true, Start: 1000}); !errors.Is(err, ErrCompacted) {
		t.Errorf("a watch from before got %v", err)
	}
	s = reopen(t, s)
	if revision := put(t, s, "b", "1"); revision != 1001 {
		t.Errorf("the next revision is %d", revision)
	}
	if kv, _, err := s.Get(context.Background(), []byte("a"), 0); err != nil || kv == nil || string(kv.Value) != "2" {
		t.Errorf("what was there is %v, %v", kv, err)
	}
	if err := s.AdvanceTo(context.Background(), 5); err == nil {
		t.Error("time ran backwards")
	}
}
