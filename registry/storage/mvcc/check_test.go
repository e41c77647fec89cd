package mvcc

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each kind of damage must be found, and said to be where it is.
func TestCheckFindsDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(*writer) error
		found  string
	}{
		"log entry missing":       {func(w *writer) error { return w.log.Delete(encodeNumber(3)) }, "entry 4 follows entry 2"},
		"last log entry missing":  {func(w *writer) error { return w.log.Delete(encodeNumber(6)) }, "ends with entry 5"},
		"log entry unreadable":    {func(w *writer) error { return w.log.Put(encodeNumber(3), []byte{9, 0, 0, 0, 0}) }, "format 9"},
		"live key missing":        {func(w *writer) error { return w.live.Delete([]byte("a")) }, `of "a" is missing`},
		"live version unreadable": {func(w *writer) error { return w.live.Put([]byte("a"), nil) }, `live "a"`},
		"live value altered": {func(w *writer) error {
			record := bytes.Clone(w.live.Get([]byte("a")))
			record[len(record)-1]++
			return w.live.Put([]byte("a"), record)
		}, "checksum"},
		"live version not logged": {func(w *writer) error { return w.live.Put([]byte("z"), version{Create: 3, Mod: 3, Version: 1}.encode()) }, `live "z"`},
		"live version ahead": {func(w *writer) error {
			return w.live.Put([]byte("z"), version{Create: 99, Mod: 99, Version: 1}.encode())
		}, "the store is at 6"},
		"live version ended": {func(w *writer) error {
			return w.live.Put([]byte("a"), version{Create: 2, Mod: 4, Version: 2, End: 5}.encode())
		}, "it ended at 5"},
		"old version missing": {func(w *writer) error { return w.history.Delete(historyKey([]byte("a"), 2)) }, `version 2 of "a" is not in history`},
		"old version ends wrongly": {func(w *writer) error {
			return w.history.Put(historyKey([]byte("a"), 2), version{Create: 2, Mod: 2, Version: 1, End: 6}.encode())
		}, "ended at 6"},
		"old version unknown": {func(w *writer) error {
			return w.history.Put(historyKey([]byte("z"), 2), version{Create: 2, Mod: 2, Version: 1, End: 3}.encode())
		}, `version 2 of "z"`},
		"versions not counted": {func(w *writer) error { return w.live.Put([]byte("a"), version{Create: 2, Mod: 4, Version: 7}.encode()) }, "has version 7"},
		"expiry not indexed":   {func(w *writer) error { return w.expiry.Delete(firstKey(w)) }, "the index does not say so"},
		"expiry of nothing":    {func(w *writer) error { return w.expiry.Put(expiryKey(1<<60, []byte("zz")), nil) }, `expiry of "zz"`},
		"revision behind":      {func(w *writer) error { w.revision = 5; return nil }, "the store is at"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(Config{Path: filepath.Join(t.TempDir(), "test.db"), Retain: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			put(t, s, "a", "x")
			put(t, s, "b", "y")
			put(t, s, "a", "z")
			del(t, s, "b")
			write(t, s, Op{Type: Put, Key: []byte("e"), Expires: time.Now().Add(time.Hour)})
			ctx := context.Background()
			if err := s.Check(ctx); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			if err := s.maintain(ctx, func(w *writer) error { w.dirty = true; return c.damage(w) }); err != nil {
				t.Fatal(err)
			}
			if err := s.Check(ctx); err == nil || !strings.Contains(err.Error(), c.found) || !strings.Contains(err.Error(), s.Path()) {
				t.Errorf("got %v, want it to name the file and to say %q", err, c.found)
			} else if !errors.Is(err, ErrDamaged) {
				t.Errorf("%v is no ErrDamaged", err)
			}
		})
	}
}

func firstKey(w *writer) []byte {
	k, _ := w.expiry.Cursor().First()
	return k
}
