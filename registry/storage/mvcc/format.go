package mvcc

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	// formatVersion is the version of the layout of a file as a whole, kept in the meta bucket.
	formatVersion = 1
	// recordFormat is the first byte of every value in live, history and log.
	recordFormat = 1

	// MaxKeySize and MaxValueSize bound what a write may carry.
	MaxKeySize   = 4 << 10
	MaxValueSize = 8 << 20
)

// version is a value of a key from the revision Mod until the revision End. The key, and in history Mod, are also part
// of the bbolt key; Mod is repeated in the record so that it can be checked against it.
//
//	format 1 | checksum | uvarint create | uvarint mod | uvarint version | uvarint end | uvarint expires | value
type version struct {
	Create  int64
	Mod     int64
	Version int64
	// End is the revision of the write that superseded this version; 0 while it is live.
	End int64
	// Expires is when the key shall be deleted, in milliseconds since the epoch; 0 for never.
	Expires int64
	Value   []byte

	// record is what the version was parsed from.
	record []byte
}

func (v version) encode() []byte {
	buf := make([]byte, recordHead, recordHead+5*binary.MaxVarintLen64+len(v.Value))
	for _, n := range [...]int64{v.Create, v.Mod, v.Version, v.End, v.Expires} {
		buf = binary.AppendUvarint(buf, uint64(n))
	}
	return seal(append(buf, v.Value...))
}

// decodeVersion does not copy: Value points into data.
func decodeVersion(data []byte) (version, error) {
	v, err := parseVersion(data)
	if err == nil {
		err = v.intact()
	}
	return v, err
}

// intact checks the checksum, for which the whole value must be read.
func (v version) intact() error { return checkSeal(v.record) }

// parseVersion is decodeVersion without the checksum, for who looks at many versions and not at their values.
func parseVersion(data []byte) (version, error) {
	v := version{record: data}
	data, err := openRecord(data)
	if err != nil {
		return version{}, err
	}
	for _, field := range [...]*int64{&v.Create, &v.Mod, &v.Version, &v.End, &v.Expires} {
		if *field, data, err = cutNumber(data); err != nil {
			return version{}, err
		}
	}
	v.Value = data
	switch {
	case v.Create < 1 || v.Mod < v.Create:
		return version{}, fmt.Errorf("%w: a version modified at %d was created at %d", ErrDamaged, v.Mod, v.Create)
	case v.Version < 1:
		return version{}, fmt.Errorf("%w: a version is numbered %d", ErrDamaged, v.Version)
	case v.End != 0 && v.End <= v.Mod:
		return version{}, fmt.Errorf("%w: a version of revision %d ended at %d", ErrDamaged, v.Mod, v.End)
	}
	return v, nil
}

// entry is one revision in the log.
//
//	format 1 | checksum | type | uvarint previous | key
type entry struct {
	Type EventType
	// Previous is the revision of the version that this write superseded; 0 when the key did not exist.
	Previous int64
	Key      []byte
}

func (e entry) encode() []byte {
	buf := make([]byte, recordHead, recordHead+1+binary.MaxVarintLen64+len(e.Key))
	buf = append(buf, byte(e.Type))
	buf = binary.AppendUvarint(buf, uint64(e.Previous))
	return seal(append(buf, e.Key...))
}

// decodeEntry does not copy: Key points into data.
func decodeEntry(record []byte) (entry, error) {
	data, err := openRecord(record)
	if err == nil {
		err = checkSeal(record)
	}
	if err != nil {
		return entry{}, err
	}
	if len(data) == 0 {
		return entry{}, fmt.Errorf("%w: a log entry ends after its format", ErrDamaged)
	}
	e := entry{Type: EventType(data[0])}
	if e.Type != Put && e.Type != Delete {
		return entry{}, fmt.Errorf("%w: a log entry has the unknown type %d", ErrDamaged, e.Type)
	}
	if e.Previous, e.Key, err = cutNumber(data[1:]); err != nil {
		return entry{}, err
	}
	if err := validateKey(e.Key); err != nil {
		return entry{}, fmt.Errorf("%w: the key of a log entry: %w", ErrDamaged, err)
	}
	if e.Type == Delete && e.Previous == 0 {
		return entry{}, fmt.Errorf("%w: a log entry deletes what did not exist", ErrDamaged)
	}
	return e, nil
}

// recordHead is the length of the format and the checksum (CRC-32C of all that follows) that every record begins with.
const recordHead = 1 + crc32.Size

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal completes a record whose head was left empty.
func seal(record []byte) []byte {
	record[0] = recordFormat
	binary.BigEndian.PutUint32(record[1:], crc32.Checksum(record[recordHead:], castagnoli))
	return record
}

// checkSeal is for a record that openRecord has accepted.
func checkSeal(record []byte) error {
	if stated, got := binary.BigEndian.Uint32(record[1:]), crc32.Checksum(record[recordHead:], castagnoli); stated != got {
		return fmt.Errorf("%w: a record has the checksum %08x and states %08x", ErrDamaged, got, stated)
	}
	return nil
}

// openRecord returns what follows the head.
func openRecord(record []byte) ([]byte, error) {
	if len(record) < recordHead {
		return nil, fmt.Errorf("%w: a record of %d bytes", ErrDamaged, len(record))
	}
	if record[0] != recordFormat {
		return nil, fmt.Errorf("%w: a record has format %d, this version reads format %d", ErrDamaged, record[0], recordFormat)
	}
	return record[recordHead:], nil
}

func cutNumber(data []byte) (int64, []byte, error) {
	n, size := binary.Uvarint(data)
	if size <= 0 || n > math.MaxInt64 {
		return 0, nil, fmt.Errorf("%w: a record ends in the middle of a number", ErrDamaged)
	}
	return int64(n), data[size:], nil
}

// encodeNumber is the form of numbers in bbolt keys and in the meta bucket.
func encodeNumber(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n))
}

func decodeNumber(data []byte) (int64, error) {
	if len(data) != 8 {
		return 0, fmt.Errorf("%w: a number of %d bytes", ErrDamaged, len(data))
	}
	n := binary.BigEndian.Uint64(data)
	if n > math.MaxInt64 {
		return 0, fmt.Errorf("%w: the number %d is out of range", ErrDamaged, n)
	}
	return int64(n), nil
}

// historyKey orders superseded versions by key, then by the revision that they start with. Keys have no zero byte, so
// all versions of "a" come before those of "a/b", as in live.
func historyKey(key []byte, start int64) []byte {
	buf := make([]byte, 0, len(key)+9)
	buf = append(buf, key...)
	buf = append(buf, 0)
	return binary.BigEndian.AppendUint64(buf, uint64(start))
}

// splitHistoryKey does not copy.
func splitHistoryKey(data []byte) (key []byte, start int64, err error) {
	n := len(data) - 9
	if n < 1 || data[n] != 0 {
		return nil, 0, fmt.Errorf("%w: %q is no key of a superseded version", ErrDamaged, data)
	}
	start, err = decodeNumber(data[n+1:])
	return data[:n], start, err
}

func expiryKey(expires int64, key []byte) []byte {
	buf := make([]byte, 0, len(key)+8)
	buf = binary.BigEndian.AppendUint64(buf, uint64(expires))
	return append(buf, key...)
}

// splitExpiryKey does not copy.
func splitExpiryKey(data []byte) (expires int64, key []byte, err error) {
	if len(data) < 9 {
		return 0, nil, fmt.Errorf("%w: %q is no key of the expiry index", ErrDamaged, data)
	}
	expires, err = decodeNumber(data[:8])
	return expires, data[8:], err
}
