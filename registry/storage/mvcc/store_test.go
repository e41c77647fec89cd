package mvcc

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// open opens a store for a test, and checks its invariants when the test is over.
func open(t testing.TB, config Config) *Store {
	t.Helper()
	if config.Path == "" {
		config.Path = filepath.Join(t.TempDir(), "test.db")
	}
	s, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Check(context.Background()); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// reopen closes a store, as a restart would, and opens its file again.
func reopen(t testing.TB, s *Store) *Store {
	t.Helper()
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, s.config)
}

func put(t testing.TB, s *Store, key, value string) int64 {
	t.Helper()
	return write(t, s, Op{Type: Put, Key: []byte(key), Value: []byte(value), Expect: AnyRevision})
}

func del(t testing.TB, s *Store, key string) int64 {
	t.Helper()
	return write(t, s, Op{Type: Delete, Key: []byte(key), Expect: AnyRevision})
}

func write(t testing.TB, s *Store, op Op) int64 {
	t.Helper()
	revision, err := s.Write(context.Background(), op)
	if err != nil {
		t.Fatalf("%s %q: %v", op.Type, op.Key, err)
	}
	return revision
}

func TestWriteExpectations(t *testing.T) {
	s := open(t, Config{})
	created := write(t, s, Op{Type: Put, Key: []byte("a"), Value: []byte("1")})
	for name, c := range map[string]struct {
		op      Op
		current int64
	}{
		"create what exists":         {Op{Type: Put, Key: []byte("a")}, created},
		"update another revision":    {Op{Type: Put, Key: []byte("a"), Expect: created + 7}, created},
		"delete another revision":    {Op{Type: Delete, Key: []byte("a"), Expect: created + 7}, created},
		"update what does not exist": {Op{Type: Put, Key: []byte("b"), Expect: created}, 0},
		"delete what does not exist": {Op{Type: Delete, Key: []byte("b"), Expect: AnyRevision}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Write(context.Background(), c.op)
			var conflict *ConflictError
			if !errors.As(err, &conflict) {
				t.Fatalf("got %v, want a conflict", err)
			}
			current := int64(0)
			if conflict.Current != nil {
				current = conflict.Current.ModRevision
			}
			if current != c.current {
				t.Errorf("the conflict says revision %d, want %d", current, c.current)
			}
		})
	}
	if s.Revision() != created {
		t.Errorf("conflicts moved the revision from %d to %d", created, s.Revision())
	}
	if updated := write(t, s, Op{Type: Put, Key: []byte("a"), Value: []byte("2"), Expect: created}); updated != created+1 {
		t.Errorf("the update has revision %d, want %d", updated, created+1)
	}
}

func TestWriteRefusesWhatCannotBeStored(t *testing.T) {
	s := open(t, Config{})
	before := s.Revision()
	for name, op := range map[string]Op{
		"no key":        {Type: Put},
		"zero byte":     {Type: Put, Key: []byte("a\x00b")},
		"long key":      {Type: Put, Key: make([]byte, MaxKeySize+1)},
		"long value":    {Type: Put, Key: []byte("a"), Value: make([]byte, MaxValueSize+1)},
		"no type":       {Key: []byte("a")},
		"odd condition": {Type: Put, Key: []byte("a"), Expect: -2},
	} {
		if _, err := s.Write(context.Background(), op); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s.Revision() != before {
		t.Errorf("the revision moved from %d to %d", before, s.Revision())
	}
}

func TestIdentityAndRevisionSurviveARestart(t *testing.T) {
	s := open(t, Config{})
	id := s.ID()
	put(t, s, "a", "1")
	last := del(t, s, "a")
	s = reopen(t, s)
	if s.ID() != id || id == "" {
		t.Errorf("the id was %q and is %q", id, s.ID())
	}
	if s.Revision() != last {
		t.Errorf("the revision was %d and is %d", last, s.Revision())
	}
	if next := put(t, s, "b", "1"); next != last+1 {
		t.Errorf("the next revision is %d, want %d", next, last+1)
	}
	if other := open(t, Config{}); other.ID() == id {
		t.Error("two stores have the same id")
	}
}

func TestClosedStoreAnswers(t *testing.T) {
	s := open(t, Config{})
	put(t, s, "a", "1")
	w, err := s.Watch(WatchOptions{Prefix: true})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := w.Next(context.Background())
		ended <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, ErrClosed) {
			t.Errorf("the watch ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("the watch goes on")
	}
	if _, err := s.Write(context.Background(), Op{Type: Put, Key: []byte("a"), Expect: AnyRevision}); !errors.Is(err, ErrClosed) {
		t.Errorf("Write: %v", err)
	}
	if _, _, err := s.Get(context.Background(), []byte("a"), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Watch(WatchOptions{Prefix: true}); !errors.Is(err, ErrClosed) {
		t.Errorf("Watch: %v", err)
	}
	if err := s.Err(); !errors.Is(err, ErrClosed) {
		t.Errorf("Err: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	s := open(t, Config{})
	write(t, s, Op{Type: Put, Key: []byte("kept"), Value: []byte("1"), Expires: time.Now().Add(time.Second)})
	put(t, s, "kept", "2")
	write(t, s, Op{Type: Put, Key: []byte("gone"), Value: []byte("1"), Expires: time.Now().Add(1200 * time.Millisecond)})
	s = reopen(t, s)
	w, err := s.Watch(WatchOptions{Key: []byte("gone")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	batch, err := w.Next(ctx)
	if err != nil || len(batch.Events) != 1 || batch.Events[0].Type != Delete {
		t.Fatalf("got %v, %v; want one delete", batch.Events, err)
	}
	if kv, _, err := s.Get(ctx, []byte("kept"), 0); err != nil || kv == nil {
		t.Errorf("a key that was written again without expiry is gone: %v, %v", kv, err)
	}
}

// Between the moment when a key is found to be due and its deletion, somebody may write it again.
func TestAKeyThatIsWrittenWhileItExpiresStays(t *testing.T) {
	s := open(t, Config{})
	write(t, s, Op{Type: Put, Key: []byte("a"), Expires: time.Now().Add(time.Hour)})
	due, _, err := s.expired(time.Now().Add(2 * time.Hour))
	if err != nil || len(due) != 1 {
		t.Fatalf("got %v, %v", due, err)
	}
	put(t, s, "a", "again")
	var conflict *ConflictError
	if _, err := s.Write(context.Background(), due[0]); !errors.As(err, &conflict) {
		t.Errorf("got %v, want a conflict", err)
	}
}
