package mvcc

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func FuzzVersion(f *testing.F) {
	f.Add(version{Create: 2, Mod: 2, Version: 1, Value: []byte("x")}.encode())
	f.Add(version{Create: 1, Mod: 1 << 40, Version: 7, End: 1<<40 + 1, Expires: 1 << 41}.encode())
	f.Add([]byte{recordFormat + 1, 0, 0, 0, 0, 1, 1, 1})
	f.Add(seal([]byte{0, 0, 0, 0, 0, 0x80}))
	f.Fuzz(func(t *testing.T, data []byte) {
		sealIfLong(data)
		v, err := decodeVersion(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		again, err := decodeVersion(v.encode())
		again.record, v.record = nil, nil
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("%v became %v, %v", v, again, err)
		}
	})
}

// sealIfLong makes the checksum right for about half of the inputs, so that what lies behind it is reached.
func sealIfLong(data []byte) {
	if len(data) > recordHead && len(data)%2 == 0 {
		seal(data)
	}
}

func FuzzEntry(f *testing.F) {
	f.Add(entry{Type: Put, Key: []byte("a")}.encode())
	f.Add(entry{Type: Delete, Previous: 1 << 40, Key: []byte("a/b")}.encode())
	f.Add(seal([]byte{0, 0, 0, 0, 0, 9}))
	f.Fuzz(func(t *testing.T, data []byte) {
		sealIfLong(data)
		e, err := decodeEntry(data)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("the error is %v", err)
			}
			return
		}
		again, err := decodeEntry(e.encode())
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%v became %v, %v", e, again, err)
		}
	})
}

func FuzzBoltMeta(f *testing.F) {
	f.Add(make([]byte, metaSize))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < metaSize {
			return
		}
		if m, err := decodeBoltMeta(data[:metaSize]); err == nil && m.pages*uint64(m.pageSize) < m.pages {
			t.Errorf("%v overflows", m)
		}
	})
}

func TestFormatsAreWhatFilesHold(t *testing.T) {
	// The bytes of format 1. They must never change: files out there have them.
	for name, c := range map[string]struct{ got, want []byte }{
		"version":     {version{Create: 2, Mod: 300, Version: 3, End: 301, Expires: 5, Value: []byte("v")}.encode(), []byte("\x01\x3e\xcf\xd0\x62\x02\xac\x02\x03\xad\x02\x05v")},
		"put":         {entry{Type: Put, Key: []byte("k")}.encode(), []byte("\x01\x3d\x6a\x09\x5d\x01\x00k")},
		"delete":      {entry{Type: Delete, Previous: 300, Key: []byte("k")}.encode(), []byte("\x01\xe4\xe6\x76\x79\x02\xac\x02k")},
		"history key": {historyKey([]byte("k"), 258), []byte("k\x00\x00\x00\x00\x00\x00\x00\x01\x02")},
		"expiry key":  {expiryKey(258, []byte("k")), []byte("\x00\x00\x00\x00\x00\x00\x01\x02k")},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: % x, want % x", name, c.got, c.want)
		}
	}
}

func TestHistoryIsOrderedLikeLive(t *testing.T) {
	a, ab, next := historyKey([]byte("a"), 1<<62), historyKey([]byte("a/b"), 1), historyKey([]byte("a"), 3)
	if bytes.Compare(a, ab) >= 0 || bytes.Compare(next, a) >= 0 {
		t.Errorf("% x, % x and % x are not in order", next, a, ab)
	}
	key, start, err := splitHistoryKey(next)
	if err != nil || string(key) != "a" || start != 3 {
		t.Errorf("got %q, %d, %v", key, start, err)
	}
}
