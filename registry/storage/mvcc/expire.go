package mvcc

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	// sweepChunk is how many expired keys are read at a time.
	sweepChunk = 100
	// sweepRetry is the pause after a sweep that failed.
	sweepRetry = 10 * time.Second
)

// sweepExpired deletes keys at their time, each by a write like any other. It runs until the store closes.
func (s *Store) sweepExpired() {
	ctx, cancel := s.background()
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-s.wakeSweep:
		case <-s.closing:
			return
		}
		expired, next, err := s.expired(time.Now())
		for _, op := range expired {
			var conflict *ConflictError
			// A key that was written or deleted meanwhile does not expire, or not now.
			if _, writeErr := s.Write(ctx, op); writeErr != nil && !errors.As(writeErr, &conflict) {
				err = errors.Join(err, writeErr)
				break
			}
		}
		switch {
		case err != nil:
			s.logUnlessClosing("expired keys were not deleted", err)
			timer.Reset(sweepRetry)
		case len(expired) == sweepChunk:
			timer.Reset(0)
		case !next.IsZero():
			timer.Reset(time.Until(next))
		}
	}
}

// expired lists the deletes that are due, and when the first of the others is.
func (s *Store) expired(now time.Time) (due []Op, next time.Time, err error) {
	err = s.view(func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		cursor := b.expiry.Cursor()
		for k, _ := cursor.First(); k != nil && len(due) < sweepChunk; k, _ = cursor.Next() {
			expires, key, err := splitExpiryKey(k)
			if err != nil {
				return err
			}
			if at := time.UnixMilli(expires); at.After(now) {
				next = at
				return nil
			}
			held, err := decodeVersion(b.live.Get(key))
			if err != nil {
				return fmt.Errorf("read %q, which expires: %w", key, err)
			}
			due = append(due, Op{Type: Delete, Key: bytes.Clone(key), Expect: held.Mod})
		}
		return nil
	})
	return due, next, err
}
