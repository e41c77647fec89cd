package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// maxFindings bounds what Check reports.
const maxFindings = 100

// Check reads the whole file and returns what is wrong with it, joined into one error; nil when nothing is. Writers
// wait for it to end, because bbolt's check compares the pages with the free list in memory, which they change.
func (s *Store) Check(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	c := checker{ctx: ctx}
	err := s.view(func(tx *bolt.Tx) error {
		for err := range tx.Check() {
			c.found("bbolt: %w", err)
		}
		if len(c.findings) > 0 {
			// What the buckets seem to say is not worth reading then.
			return nil
		}
		m, err := readMeta(tx)
		if err != nil {
			return err
		}
		c.buckets, c.meta = bucketsOf(tx), m
		return errors.Join(c.checkLog(), c.checkLive(), c.checkHistory(), c.checkExpiry())
	})
	if err = errors.Join(append(c.findings, err)...); err != nil {
		return fmt.Errorf("check of store file %s: %w", s.config.Path, err)
	}
	return nil
}

type checker struct {
	buckets
	meta
	ctx      context.Context
	findings []error
}

func (c *checker) found(format string, args ...any) {
	if len(c.findings) < maxFindings {
		c.findings = append(c.findings, fmt.Errorf(format, args...))
	}
}

// each calls check for every pair of a bucket; what it returns is a finding, and only the end of the context ends it.
func (c *checker) each(b *bolt.Bucket, check func(k, v []byte) error) error {
	return b.ForEach(func(k, v []byte) error {
		if err := check(k, v); err != nil {
			c.found("%w", err)
		}
		return c.ctx.Err()
	})
}

// checkLog: the log has every revision from compacted+1 on, older ones only at its start, and what it refers to exists.
func (c *checker) checkLog() error {
	last := int64(0)
	err := c.each(c.log, func(k, data []byte) error {
		revision, err := decodeNumber(k)
		if err != nil {
			return fmt.Errorf("log: %w", err)
		}
		if last != 0 && revision != last+1 {
			c.found("log: %w: entry %d follows entry %d", ErrDamaged, revision, last)
		}
		if last == 0 && revision > c.logStart() {
			c.found("log: %w: it begins with entry %d and not with %d", ErrDamaged, revision, c.logStart())
		}
		last = revision
		logged, err := decodeEntry(data)
		if err != nil {
			return fmt.Errorf("log entry %d: %w", revision, err)
		}
		return c.checkEntry(revision, logged)
	})
	if last != c.revision && c.revision >= c.logStart() {
		c.found("log: %w: it ends with entry %d, the store is at revision %d", ErrDamaged, last, c.revision)
	}
	return err
}

func (c *checker) checkEntry(revision int64, logged entry) error {
	wantCreate, wantVersion := revision, int64(1)
	if logged.Previous != 0 {
		data := c.history.Get(historyKey(logged.Key, logged.Previous))
		if data == nil {
			return fmt.Errorf("log entry %d: %w: version %d of %q is not in history", revision, ErrDamaged, logged.Previous, logged.Key)
		}
		previous, err := decodeVersion(data)
		if err != nil {
			return fmt.Errorf("log entry %d: previous version: %w", revision, err)
		}
		if previous.End != revision {
			return fmt.Errorf("log entry %d: %w: version %d of %q says that it ended at %d", revision, ErrDamaged, logged.Previous, logged.Key, previous.End)
		}
		wantCreate, wantVersion = previous.Create, previous.Version+1
	}
	if logged.Type == Delete || revision <= c.compacted {
		return nil
	}
	put, err := c.versionAt(logged.Key, revision)
	if err != nil {
		return fmt.Errorf("log entry %d: %w", revision, err)
	}
	if put.Create != wantCreate || put.Version != wantVersion {
		return fmt.Errorf("log entry %d: %w: %q was created at %d and has version %d, not %d and %d", revision, ErrDamaged,
			logged.Key, put.Create, put.Version, wantCreate, wantVersion)
	}
	return nil
}

// logs says whether the log has the write of a key at a revision, if it must.
func (c *checker) logs(revision int64, key []byte, ofType EventType, previous int64) error {
	data := c.log.Get(encodeNumber(revision))
	if data == nil {
		if revision <= c.compacted {
			return nil
		}
		return fmt.Errorf("%w: the log has no entry %d", ErrDamaged, revision)
	}
	logged, err := decodeEntry(data)
	if err != nil {
		return err
	}
	if !bytes.Equal(logged.Key, key) || ofType != 0 && logged.Type != ofType || previous != 0 && logged.Previous != previous {
		return fmt.Errorf("%w: log entry %d is a %s of %q superseding %d", ErrDamaged, revision, logged.Type, logged.Key, logged.Previous)
	}
	return nil
}

// checkLive: each live version is what the log says was put last, and has no end.
func (c *checker) checkLive() error {
	return c.each(c.live, func(key, data []byte) error {
		v, err := decodeVersion(data)
		switch {
		case err != nil:
		case validateKey(key) != nil:
			err = validateKey(key)
		case v.End != 0:
			err = fmt.Errorf("%w: it ended at %d", ErrDamaged, v.End)
		case v.Mod > c.revision:
			err = fmt.Errorf("%w: it is of revision %d, the store is at %d", ErrDamaged, v.Mod, c.revision)
		case v.Expires != 0 && c.expiry.Get(expiryKey(v.Expires, key)) == nil:
			err = fmt.Errorf("%w: it expires, and the index does not say so", ErrDamaged)
		default:
			err = c.logs(v.Mod, key, Put, 0)
		}
		if err != nil {
			return fmt.Errorf("live %q: %w", key, err)
		}
		return nil
	})
}

// checkHistory: each superseded version was ended by an entry that is still in the log, or it should be gone.
func (c *checker) checkHistory() error {
	return c.each(c.history, func(k, data []byte) error {
		key, start, err := splitHistoryKey(k)
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		v, err := decodeVersion(data)
		switch {
		case err != nil:
		case v.Mod != start || v.End == 0 || v.End > c.revision:
			err = fmt.Errorf("%w: it says that it held from %d to %d, the store is at %d", ErrDamaged, v.Mod, v.End, c.revision)
		case c.log.Get(encodeNumber(v.End)) == nil:
			err = fmt.Errorf("%w: the log has no entry %d, which ended it", ErrDamaged, v.End)
		default:
			err = errors.Join(c.logs(v.End, key, 0, start), c.logs(start, key, Put, 0))
		}
		if err != nil {
			return fmt.Errorf("version %d of %q: %w", start, key, err)
		}
		return nil
	})
}

// checkExpiry: the index points at live versions that expire then.
func (c *checker) checkExpiry() error {
	return c.each(c.expiry, func(k, _ []byte) error {
		expires, key, err := splitExpiryKey(k)
		if err != nil {
			return fmt.Errorf("expiry: %w", err)
		}
		v, err := decodeVersion(c.live.Get(key))
		if err == nil && v.Expires != expires {
			err = fmt.Errorf("%w: it expires at %d", ErrDamaged, v.Expires)
		}
		if err != nil {
			return fmt.Errorf("expiry of %q at %d: %w", key, expires, err)
		}
		return nil
	})
}
