package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// maxRangeBytes bounds what one Range copies into memory.
const maxRangeBytes = 16 << 20

// Span is a half-open interval of keys.
type Span struct {
	Start []byte
	// End is the first key beyond; nil for no end.
	End []byte
}

// Prefix is the span of all keys that begin so.
func Prefix(prefix []byte) Span {
	return Span{Start: prefix, End: afterPrefix(prefix)}
}

// afterPrefix is the first key that is greater than all keys with the prefix; nil when there is none.
func afterPrefix(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			end := bytes.Clone(prefix[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}

func (s Span) ended(key []byte) bool { return s.End != nil && bytes.Compare(key, s.End) >= 0 }

// Get is the version of a key that held at a revision, or now for revision 0; nil when there was none. The second
// result is the revision that was read.
func (s *Store) Get(ctx context.Context, key []byte, revision int64) (*KeyValue, int64, error) {
	if err := validateKey(key); err != nil {
		return nil, 0, err
	}
	var found *KeyValue
	at, err := s.snapshot(ctx, revision, func(v *view) error {
		held, ok, err := v.get(key)
		if err == nil && ok {
			kv := held.keyValue(key)
			found = &kv
		}
		return err
	})
	return found, at, err
}

// RangeOptions narrow a Range.
type RangeOptions struct {
	// Revision to read at; 0 for now.
	Revision int64
	// Limit of what is returned; 0 for no other than the bound in bytes.
	Limit int
	// Count asks for the number of keys in the span, which costs a walk over all of them.
	Count bool
}

// RangeResult is what held in a span at a revision.
type RangeResult struct {
	KVs      []KeyValue
	Revision int64
	// More says that Limit, or the bound in bytes, cut the result short: there is at least one more key. Who wants it
	// asks again, from the key after the last one, at Revision.
	More  bool
	Count int64
}

// Range reads keys in order. It copies, so that no transaction outlives it: a long list is a sequence of ranges at one
// revision, and writers need not wait for who reads it.
func (s *Store) Range(ctx context.Context, span Span, options RangeOptions) (RangeResult, error) {
	var result RangeResult
	revision, err := s.snapshot(ctx, options.Revision, func(v *view) error {
		size := 0
		return v.walk(ctx, span, func(key []byte, held version) (bool, error) {
			result.Count++
			if result.More = result.More || options.full(len(result.KVs), size); result.More {
				return options.Count, nil
			}
			if err := held.intact(); err != nil {
				return false, fmt.Errorf("read %q: %w", key, err)
			}
			size += len(key) + len(held.Value)
			result.KVs = append(result.KVs, held.keyValue(key))
			return true, nil
		})
	})
	if err != nil {
		return RangeResult{}, err
	}
	result.Revision = revision
	if !options.Count {
		result.Count = 0
	}
	return result, nil
}

// Usage is how many keys a span has now, and how many bytes their values take up.
func (s *Store) Usage(ctx context.Context, span Span) (keys, size int64, err error) {
	_, err = s.snapshot(ctx, 0, func(v *view) error {
		return v.walk(ctx, span, func(_ []byte, held version) (bool, error) {
			keys++
			size += int64(len(held.Value))
			return true, nil
		})
	})
	return keys, size, err
}

func (o RangeOptions) full(length, size int) bool {
	return length > 0 && (o.Limit > 0 && length >= o.Limit || size >= maxRangeBytes)
}

// view is the content of the file at one revision.
type view struct {
	buckets
	// latest says that nothing newer is in the file, so that history need not be looked at.
	latest   bool
	revision int64
}

// snapshot lets read see a revision. The revision is chosen before the transaction begins: what bbolt shows beyond it
// may not be synced yet, and is invisible as any later revision is.
func (s *Store) snapshot(ctx context.Context, revision int64, read func(*view) error) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	published := s.published.Load()
	if revision == 0 {
		revision = published
	}
	if revision < 0 || revision > published {
		return 0, fmt.Errorf("%w: %d was asked for, the store is at %d", ErrFutureRevision, revision, published)
	}
	err := s.view(func(tx *bolt.Tx) error {
		b := bucketsOf(tx)
		m, err := readNumbers(b.info)
		if err != nil {
			return err
		}
		if revision < m.compacted {
			return fmt.Errorf("%w: %d was asked for, the oldest that is kept is %d", ErrCompacted, revision, m.compacted)
		}
		return read(&view{buckets: b, latest: revision == m.revision, revision: revision})
	})
	return revision, err
}

// get does not copy.
func (v *view) get(key []byte) (version, bool, error) {
	if data := v.live.Get(key); data != nil {
		held, err := decodeVersion(data)
		if err != nil || held.Mod <= v.revision {
			return held, err == nil, err
		}
	}
	if v.latest {
		return version{}, false, nil
	}
	cursor := v.history.Cursor()
	// The last version that starts no later stands before the first one that does.
	before := cursor.Prev
	if k, _ := cursor.Seek(historyKey(key, v.revision+1)); k == nil {
		before = cursor.Last
	}
	k, data := before()
	if k == nil {
		return version{}, false, nil
	}
	found, _, err := splitHistoryKey(k)
	if err != nil || !bytes.Equal(found, key) {
		return version{}, false, err
	}
	held, err := decodeVersion(data)
	return held, err == nil && held.End > v.revision, err
}

// walk visits what held, in order of keys, until visit returns false. It does not copy, and leaves it to visit whether
// the value is intact.
func (v *view) walk(ctx context.Context, span Span, visit func([]byte, version) (bool, error)) error {
	const checkEvery = 1024
	next := v.liveOnly(span)
	if !v.latest {
		next = v.merged(span, next)
	}
	for n := 1; ; n++ {
		key, held, err := next()
		if err != nil || key == nil {
			return err
		}
		if more, err := visit(key, held); err != nil || !more {
			return err
		}
		if n%checkEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// iterator returns a nil key at the end.
type iterator func() (key []byte, held version, err error)

// liveOnly iterates over the live versions that are not newer than the view.
func (v *view) liveOnly(span Span) iterator {
	cursor := v.live.Cursor()
	key, data := cursor.Seek(span.Start)
	return func() ([]byte, version, error) {
		for key != nil && !span.ended(key) {
			k, d := key, data
			key, data = cursor.Next()
			held, err := parseVersion(d)
			if err != nil {
				return nil, version{}, fmt.Errorf("read %q: %w", k, err)
			}
			if held.Mod <= v.revision {
				return k, held, nil
			}
		}
		return nil, version{}, nil
	}
}

// superseded iterates over the versions in history that held at the view's revision; at most one a key.
func (v *view) superseded(span Span) iterator {
	cursor := v.history.Cursor()
	k, data := cursor.Seek(span.Start)
	return func() ([]byte, version, error) {
		for ; k != nil; k, data = cursor.Next() {
			key, start, err := splitHistoryKey(k)
			if err != nil {
				return nil, version{}, err
			}
			if span.ended(key) {
				break
			}
			// The start of a span may have a zero byte at its end: "all after this key".
			if start > v.revision || bytes.Compare(key, span.Start) < 0 {
				continue
			}
			held, err := parseVersion(data)
			if err != nil {
				return nil, version{}, fmt.Errorf("read an old version of %q: %w", key, err)
			}
			if held.End > v.revision {
				k, data = cursor.Next()
				return key, held, nil
			}
		}
		k = nil
		return nil, version{}, nil
	}
}

// merged adds history to the live versions. No key comes from both: its versions follow one another.
func (v *view) merged(span Span, live iterator) iterator {
	old := v.superseded(span)
	liveKey, liveHeld, liveErr := live()
	oldKey, oldHeld, oldErr := old()
	return func() (key []byte, held version, err error) {
		switch {
		case liveErr != nil || oldErr != nil:
			return nil, version{}, errors.Join(liveErr, oldErr)
		case oldKey == nil || liveKey != nil && bytes.Compare(liveKey, oldKey) < 0:
			key, held = liveKey, liveHeld
			if key != nil {
				liveKey, liveHeld, liveErr = live()
			}
		default:
			key, held = oldKey, oldHeld
			oldKey, oldHeld, oldErr = old()
		}
		return key, held, nil
	}
}
