package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// compactChunk is how many entries of the log one transaction forgets: few enough that writers do not notice.
const compactChunk = 500

// Compact forgets what only reads before the revision could ask for. Reads at it, and watches from the event after it,
// go on; anything earlier gets ErrCompacted from now on, and its space back bit by bit before Compact returns.
func (s *Store) Compact(ctx context.Context, revision int64) error {
	if published := s.published.Load(); revision > published {
		return fmt.Errorf("compact: %w: %d was asked for, the store is at %d", ErrFutureRevision, revision, published)
	}
	s.compactMu.Lock()
	defer s.compactMu.Unlock()
	if revision <= s.compacted.Load() {
		return nil
	}
	err := s.maintain(ctx, func(w *writer) error {
		w.compacted = max(w.compacted, revision)
		return nil
	})
	if err != nil {
		return fmt.Errorf("compact: %w", err)
	}
	return s.forget(ctx)
}

// forget removes what lies before the compacted revision. compactMu is held.
func (s *Store) forget(ctx context.Context) error {
	for more := true; more; {
		err := s.maintain(ctx, func(w *writer) (err error) {
			more, err = w.forgetChunk()
			return err
		})
		if err != nil {
			return fmt.Errorf("compact: %w", err)
		}
	}
	return nil
}

func (s *Store) maintain(ctx context.Context, f func(*writer) error) error {
	_, err := s.submit(ctx, &request{maintain: f, done: make(chan outcome, 1)})
	return err
}

func (w *writer) forgetChunk() (more bool, err error) {
	var forgotten [][]byte
	cursor := w.log.Cursor()
	for k, data := cursor.First(); k != nil; k, data = cursor.Next() {
		revision, err := decodeNumber(k)
		if err != nil {
			return false, err
		}
		if revision > w.compacted {
			break
		}
		if len(forgotten) == compactChunk {
			more = true
			break
		}
		logged, err := decodeEntry(data)
		if err != nil {
			return false, err
		}
		if logged.Previous != 0 {
			if err := w.history.Delete(historyKey(logged.Key, logged.Previous)); err != nil {
				return false, err
			}
		}
		forgotten = append(forgotten, bytes.Clone(k))
	}
	for _, k := range forgotten {
		if err := w.log.Delete(k); err != nil {
			return false, err
		}
	}
	w.dirty = w.dirty || len(forgotten) > 0
	return more, nil
}

// AdvanceTo makes the store go on after a revision that it has not reached, and forgets all history: who watches from
// before gets ErrCompacted and never sees the revision run backwards. It is for a store that replaces a lost one, whose
// last revision is known.
func (s *Store) AdvanceTo(ctx context.Context, revision int64) error {
	err := s.maintain(ctx, func(w *writer) error {
		if revision <= w.revision {
			return fmt.Errorf("the store is at revision %d already", w.revision)
		}
		for _, name := range [][]byte{bucketLog, bucketHistory} {
			if err := errors.Join(w.log.Tx().DeleteBucket(name), ignoreBucket(w.log.Tx().CreateBucket(name))); err != nil {
				return err
			}
		}
		w.revision, w.compacted, w.reset = revision, revision, true
		return nil
	})
	if err != nil {
		return fmt.Errorf("advance to revision %d: %w", revision, err)
	}
	return nil
}

func ignoreBucket(_ *bolt.Bucket, err error) error { return err }

// compactByAge runs until the store closes. It keeps history for Retain at the least and for one and a half times as
// long at the most; what was there when the store was opened counts as new.
func (s *Store) compactByAge() {
	ctx, cancel := s.background()
	defer cancel()
	s.compactMu.Lock()
	err := s.forget(ctx)
	s.compactMu.Unlock()
	s.logUnlessClosing("an interrupted compaction was not finished", err)
	if s.config.Retain < 0 {
		return
	}
	ticker := time.NewTicker(max(s.config.Retain/2, time.Millisecond))
	defer ticker.Stop()
	older, newer := s.Compacted(), s.Revision()
	for {
		select {
		case <-ticker.C:
		case <-s.closing:
			return
		}
		s.logUnlessClosing("the compaction by age failed", s.Compact(ctx, older))
		older, newer = newer, s.Revision()
	}
}

// background is the context of what must end when the store closes.
func (s *Store) background() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	s.loops.Go(func() {
		select {
		case <-s.closing:
		case <-ctx.Done():
		}
		cancel()
	})
	return ctx, cancel
}

func (s *Store) logUnlessClosing(message string, err error) {
	if err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, context.Canceled) {
		s.log.Error(message, "err", err)
	}
}
