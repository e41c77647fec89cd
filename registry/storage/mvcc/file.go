package mvcc

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

const (
	wayOutDamaged = "restore a backup, or move the file away to begin with an empty store"
	wayOutForeign = "choose another data directory, or move the file away to begin with an empty store"
	wayOutLocked  = "stop that process first, or choose another data directory"
	wayOutNewer   = "run the version that wrote it, or a later one"
)

var (
	bucketMeta    = []byte("meta")
	bucketLive    = []byte("live")
	bucketHistory = []byte("history")
	bucketLog     = []byte("log")
	bucketExpiry  = []byte("expiry")

	keyFormat    = []byte("edict-store-format")
	keyID        = []byte("id")
	keyRevision  = []byte("revision")
	keyCompacted = []byte("compacted")
	keyLength    = []byte("length")
)

// firstRevision is that of a new store, as in etcd: 0 has a meaning of its own to those who read. It is the revision of
// no write, so the log begins after it.
const firstRevision = 1

// buckets of one transaction.
type buckets struct {
	info, live, history, log, expiry *bolt.Bucket
}

func bucketsOf(tx *bolt.Tx) buckets {
	return buckets{
		info:    tx.Bucket(bucketMeta),
		live:    tx.Bucket(bucketLive),
		history: tx.Bucket(bucketHistory),
		log:     tx.Bucket(bucketLog),
		expiry:  tx.Bucket(bucketExpiry),
	}
}

// meta is what the file says of itself.
type meta struct {
	id       string
	revision int64
	// compacted is the oldest revision that can be read; 0 when nothing was ever forgotten.
	compacted int64
	// length of the file in bytes; it may be longer, never shorter.
	length int64
}

var (
	errForeign = errors.New("it is a bbolt file, but not a store of this program")
	errNewer   = errors.New("it was written by a newer version of this program")
)

func readMeta(tx *bolt.Tx) (meta, error) {
	info := tx.Bucket(bucketMeta)
	if info == nil || info.Get(keyFormat) == nil {
		return meta{}, errForeign
	}
	format, err := decodeNumber(info.Get(keyFormat))
	if err != nil {
		return meta{}, fmt.Errorf("its format: %w", err)
	}
	if format > formatVersion {
		return meta{}, fmt.Errorf("%w (format %d, this one reads up to %d)", errNewer, format, formatVersion)
	}
	m, err := readNumbers(info)
	if err != nil {
		return meta{}, err
	}
	m.id = string(info.Get(keyID))
	if m.id == "" || m.compacted > m.revision {
		return meta{}, fmt.Errorf("%w: its id is %q, its revision %d, its compacted revision %d", ErrDamaged, m.id, m.revision, m.compacted)
	}
	for _, name := range [][]byte{bucketLive, bucketHistory, bucketLog, bucketExpiry} {
		if tx.Bucket(name) == nil {
			return meta{}, fmt.Errorf("%w: it has no bucket %s", ErrDamaged, name)
		}
	}
	return m, nil
}

// logStart is the first revision that the log must have, if the store has reached it.
func (m meta) logStart() int64 { return max(m.compacted, firstRevision) + 1 }

// readNumbers reads what changes, all but the id, from a file that was looked at when it was opened.
func readNumbers(info *bolt.Bucket) (m meta, err error) {
	if m.revision, err = decodeNumber(info.Get(keyRevision)); err != nil {
		return meta{}, fmt.Errorf("its revision: %w", err)
	}
	if m.compacted, err = decodeNumber(info.Get(keyCompacted)); err != nil {
		return meta{}, fmt.Errorf("its compacted revision: %w", err)
	}
	if m.length, err = decodeNumber(info.Get(keyLength)); err != nil {
		return meta{}, fmt.Errorf("its length: %w", err)
	}
	return m, nil
}

func (w *writer) writeMeta() error {
	for _, field := range []struct {
		key []byte
		n   int64
	}{{keyRevision, w.revision}, {keyCompacted, w.compacted}, {keyLength, w.length}} {
		if err := w.info.Put(field.key, encodeNumber(field.n)); err != nil {
			return fmt.Errorf("write %s: %w", field.key, err)
		}
	}
	return nil
}

// create makes an empty store. It appears under its name as a whole or not at all, and never in place of another file:
// a crash on the way leaves a file with another name behind.
func create(path string) (err error) {
	directory := filepath.Dir(path)
	draft, err := os.CreateTemp(directory, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(draft.Name())) }()
	if err := draft.Close(); err != nil {
		return err
	}
	if err := initialize(draft.Name()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDirectory(directory)
}

func initialize(path string) (err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketLive, bucketHistory, bucketLog, bucketExpiry} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		info := tx.Bucket(bucketMeta)
		if err := info.Put(keyFormat, encodeNumber(formatVersion)); err != nil {
			return err
		}
		return errors.Join(info.Put(keyID, []byte(rand.Text())), info.Put(keyRevision, encodeNumber(firstRevision)),
			info.Put(keyCompacted, encodeNumber(0)), info.Put(keyLength, encodeNumber(0)))
	})
	if err != nil {
		return err
	}
	length, err := os.Stat(path)
	if err != nil {
		return err
	}
	return db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketMeta).Put(keyLength, encodeNumber(length.Size()))
	})
}

func syncDirectory(path string) (err error) {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}

// openBolt opens a file that exists.
func openBolt(path string, options *bolt.Options) (db *bolt.DB, err error) {
	defer recoverPages(path, &err)
	options.OpenFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		// bbolt would make and initialise a file that vanished since it was looked at.
		return os.OpenFile(name, flag&^os.O_CREATE, mode)
	}
	db, err = bolt.Open(path, 0o600, options)
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, lockedError(path)
	case err != nil:
		return nil, fmt.Errorf("open store file %s: %w", path, err)
	}
	return db, nil
}

// recoverPages makes an error of the panic by which bbolt says that a page is not what it must be.
func recoverPages(path string, err *error) {
	if p := recover(); p != nil {
		*err = &FileError{Path: path, Found: fmt.Sprintf("its pages are damaged (%v)", p), WayOut: wayOutDamaged}
	}
}

func lockedError(path string) error {
	return &FileError{Path: path, Found: "another process has it open", WayOut: wayOutLocked}
}

// inspect looks into a file that bbolt can map, read-only, so that a file that is not ours stays as it is: opened for
// writing, bbolt may write a free list.
func inspect(path string) (err error) {
	db, err := openBolt(path, &bolt.Options{Timeout: lockTimeout, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	defer recoverPages(path, &err)
	return db.View(func(tx *bolt.Tx) error {
		m, err := readMeta(tx)
		switch {
		case errors.Is(err, errForeign):
			return &FileError{Path: path, Found: err.Error() + bucketNames(tx), WayOut: wayOutForeign}
		case errors.Is(err, errNewer):
			return &FileError{Path: path, Found: err.Error(), WayOut: wayOutNewer}
		case err != nil:
			return &FileError{Path: path, Found: err.Error(), WayOut: wayOutDamaged}
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("open store file: %w", err)
		}
		if info.Size() < m.length {
			return &FileError{Path: path, Found: fmt.Sprintf("it is cut short: %d bytes, it had %d", info.Size(), m.length), WayOut: wayOutDamaged}
		}
		return nil
	})
}

func bucketNames(tx *bolt.Tx) string {
	const enough = 5
	var names []string
	cursor := tx.Cursor()
	for name, _ := cursor.First(); name != nil && len(names) < enough; name, _ = cursor.Next() {
		names = append(names, fmt.Sprintf("%q", name))
	}
	if len(names) == 0 {
		return " (it has no buckets)"
	}
	return " (its buckets are " + strings.Join(names, ", ") + ")"
}

// The head of a bbolt page, and the meta page after it; numbers are in the byte order of the machine.
const (
	pageHeaderSize = 16
	metaSize       = 64
	metaMagic      = 0xED0CDAED
	metaVersion    = 2
	minPageSize    = 1 << 10
	maxPageSize    = 16 << 20
)

// boltMeta is the part of a meta page that says how long a file must be.
type boltMeta struct {
	pageSize uint32
	// pages is the high-water mark: no page in use has this number or a higher one.
	pages uint64
	txid  uint64
}

// preflight reads what bbolt will rely on, without bbolt and before it maps the file: bbolt takes an empty file for one
// to initialise, and faults when it reaches a page beyond the end of a truncated one.
func preflight(path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open store file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := waitForLock(file); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open store file: %w", err)
	}
	damaged := func(format string, args ...any) error {
		return &FileError{Path: path, Found: fmt.Sprintf(format, args...), WayOut: wayOutDamaged}
	}
	if !info.Mode().IsRegular() {
		return &FileError{Path: path, Found: "it is not a regular file", WayOut: wayOutForeign}
	}
	if info.Size() == 0 {
		return damaged("it is empty, which no store ever is")
	}
	newest, err := newestMeta(file, info.Size())
	if err != nil {
		return damaged("%v", err)
	}
	if needed := newest.pages * uint64(newest.pageSize); uint64(info.Size()) < needed {
		return damaged("it is cut short: %d bytes, it needs %d (%d pages of %d)", info.Size(), needed, newest.pages, newest.pageSize)
	}
	return nil
}

// waitForLock makes sure that no other process is in the middle of writing what is about to be judged.
func waitForLock(file *os.File) error {
	const pause = 50 * time.Millisecond
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(pause) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("lock store file %s: %w", file.Name(), err)
		case time.Now().After(deadline):
			return lockedError(file.Name())
		}
	}
}

// newestMeta is the meta page that bbolt will go by. One of the two may be torn, by a power cut in the middle of a
// commit that was therefore never acknowledged; bbolt then goes by the other, and so does this.
func newestMeta(file *os.File, size int64) (boltMeta, error) {
	if size < 2*minPageSize {
		return boltMeta{}, fmt.Errorf("it has %d bytes, less than its two meta pages", size)
	}
	first, firstErr := readBoltMeta(file, 0)
	if firstErr != nil {
		second, err := findSecondMeta(file, size)
		if err != nil {
			return boltMeta{}, fmt.Errorf("it has no valid meta page: the first %w, the second %w", firstErr, err)
		}
		return second, nil
	}
	if size < 2*int64(first.pageSize) {
		return boltMeta{}, fmt.Errorf("it has %d bytes, less than its two meta pages of %d", size, first.pageSize)
	}
	second, err := readBoltMeta(file, int64(first.pageSize))
	if err == nil && second.txid > first.txid {
		return second, nil
	}
	return first, nil
}

// findSecondMeta looks at every place where it may be, since only the first page says how large a page is.
func findSecondMeta(file *os.File, size int64) (found boltMeta, err error) {
	for pageSize := int64(minPageSize); pageSize <= maxPageSize && pageSize < size; pageSize *= 2 {
		if found, err = readBoltMeta(file, pageSize); err == nil {
			return found, nil
		}
	}
	return boltMeta{}, errors.New("is nowhere to be found")
}

func readBoltMeta(file *os.File, offset int64) (boltMeta, error) {
	var page [pageHeaderSize + metaSize]byte
	if _, err := file.ReadAt(page[:], offset); err != nil {
		return boltMeta{}, fmt.Errorf("cannot be read: %w", err)
	}
	return decodeBoltMeta(page[pageHeaderSize:])
}

func decodeBoltMeta(data []byte) (boltMeta, error) {
	order := binary.NativeEndian
	if magic := order.Uint32(data[0:]); magic != metaMagic {
		return boltMeta{}, fmt.Errorf("starts with %08x and not with bbolt's mark %08x", magic, uint32(metaMagic))
	}
	if version := order.Uint32(data[4:]); version != metaVersion {
		return boltMeta{}, fmt.Errorf("has version %d of bbolt's format and not %d", version, metaVersion)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(data[:metaSize-8])
	if stated := order.Uint64(data[metaSize-8:]); stated != sum.Sum64() {
		return boltMeta{}, fmt.Errorf("has the checksum %016x and states %016x", sum.Sum64(), stated)
	}
	m := boltMeta{pageSize: order.Uint32(data[8:]), pages: order.Uint64(data[40:]), txid: order.Uint64(data[48:])}
	if m.pageSize < minPageSize || m.pageSize > maxPageSize || m.pageSize&(m.pageSize-1) != 0 {
		return boltMeta{}, fmt.Errorf("states a page size of %d", m.pageSize)
	}
	if m.pages > 1<<40 {
		return boltMeta{}, fmt.Errorf("states %d pages", m.pages)
	}
	return m, nil
}
