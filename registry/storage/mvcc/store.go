package mvcc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// DefaultRetain is how long history is kept when Config does not say.
const DefaultRetain = 10 * time.Minute

// Config says which file to open and how to keep it.
type Config struct {
	// Path of the file. A missing file is created; one that exists must be a store.
	Path string
	// Retain is how long the past can be read and watched, at the least; 0 means DefaultRetain, less than 0 for ever.
	Retain time.Duration
	// Logger hears what happens in the background; nil for nobody.
	Logger *slog.Logger
}

// noSync makes acknowledgements worthless. It exists so that the test of the promise can be shown to fail.
var noSync bool

// KeyValue is one version of a key.
type KeyValue struct {
	Key            []byte
	Value          []byte
	CreateRevision int64
	ModRevision    int64
	// Version counts the writes since the key was created, from 1.
	Version int64
}

// Store is one open file.
type Store struct {
	config Config
	log    *slog.Logger
	db     *bolt.DB
	id     string

	// published is the last revision that is synced and that readers may see.
	published atomic.Int64
	compacted atomic.Int64
	failure   atomic.Pointer[error]

	// length is what the file says of its own length; it belongs to the goroutine that commits.
	length int64

	requests  chan *request
	wakeSweep chan struct{}
	// writing is held while a transaction writes, so that Check can keep it from doing so.
	writing   sync.Mutex
	compactMu sync.Mutex
	ring      ring
	hub       hub

	closing   chan struct{}
	stopped   chan struct{}
	closeOnce sync.Once
	closeErr  error
	loops     sync.WaitGroup
}

// Open opens the store in a file, or creates it where no file is. It returns a *FileError for a file that must not be
// used, and leaves that file as it is.
func Open(config Config) (*Store, error) {
	if config.Path == "" {
		return nil, errors.New("open a store: the path is empty")
	}
	if config.Retain == 0 {
		config.Retain = DefaultRetain
	}
	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	if _, err := os.Stat(config.Path); errors.Is(err, os.ErrNotExist) {
		if err := create(config.Path); err != nil {
			return nil, fmt.Errorf("create store file %s: %w", config.Path, err)
		}
	}
	if err := preflight(config.Path); err != nil {
		return nil, err
	}
	if err := inspect(config.Path); err != nil {
		return nil, err
	}
	db, err := openBolt(config.Path, &bolt.Options{Timeout: lockTimeout, FreelistType: bolt.FreelistMapType, NoSync: noSync})
	if err != nil {
		return nil, err
	}
	s := &Store{
		config:    config,
		log:       logger.With("file", config.Path),
		db:        db,
		requests:  make(chan *request, maxBatch),
		wakeSweep: make(chan struct{}, 1),
		closing:   make(chan struct{}),
		stopped:   make(chan struct{}),
		ring:      ring{maxEvents: maxRingEvents, maxSize: maxRingBytes},
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.start()
	return s, nil
}

func (s *Store) load() error {
	if err := os.Chmod(s.config.Path, 0o600); err != nil {
		return fmt.Errorf("open store file: %w", err)
	}
	var m meta
	err := s.db.View(func(tx *bolt.Tx) (err error) {
		m, err = readMeta(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("open store file %s: %w", s.config.Path, err)
	}
	s.id, s.length = m.id, m.length
	s.published.Store(m.revision)
	s.compacted.Store(m.compacted)
	s.ring.reset(m.revision)
	s.hub.init(m.revision)
	return nil
}

func (s *Store) start() {
	for _, loop := range []func(){s.dispatch, s.sweepExpired, s.compactByAge} {
		s.loops.Go(loop)
	}
	go func() {
		defer close(s.stopped)
		s.commitRequests()
	}()
}

// Close waits for the transaction that is under way, refuses what was not begun, ends all watches and closes the file.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		<-s.stopped
		s.loops.Wait()
		s.closeErr = s.db.Close()
	})
	return s.closeErr
}

// ID tells this store from every other; it was drawn when the file was created.
func (s *Store) ID() string { return s.id }

// Path is the file that the store was opened from.
func (s *Store) Path() string { return s.config.Path }

// Revision is the revision of the last acknowledged write.
func (s *Store) Revision() int64 { return s.published.Load() }

// Compacted is the oldest revision that can still be read, and watches may start with the event after it; 0 when
// nothing was forgotten yet.
func (s *Store) Compacted() int64 { return s.compacted.Load() }

// Err is not nil when the store takes no writes any more: it is closed, or a commit failed.
func (s *Store) Err() error {
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	if failure := s.failure.Load(); failure != nil {
		return fmt.Errorf("%w (%s: %w)", ErrFailed, s.config.Path, *failure)
	}
	return nil
}

func (s *Store) view(read func(*bolt.Tx) error) (err error) {
	defer recoverDamage(&err)
	err = s.db.View(read)
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// recoverDamage makes an error of a panic: that is how bbolt says that a page is not what it must be.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: bbolt says: %v", ErrDamaged, p)
	}
}

// Op is one write. The store keeps Key and Value, so they must not be changed after it was handed over.
type Op struct {
	Type  EventType
	Key   []byte
	Value []byte
	// Expect is the revision that the key must be at: 0 when it must not exist, AnyRevision when it does not matter.
	Expect int64
	// Expires is when the store shall delete the key by itself; zero for never. Ignored by Delete.
	Expires time.Time
}

// AnyRevision as expectation of a write lets it overwrite whatever there is.
const AnyRevision = -1

func (o *Op) validate() error {
	if o.Type != Put && o.Type != Delete {
		return fmt.Errorf("write %q: the type must be Put or Delete", o.Key)
	}
	if err := validateKey(o.Key); err != nil {
		return fmt.Errorf("write %q: %w", o.Key, err)
	}
	if len(o.Value) > MaxValueSize {
		return fmt.Errorf("write %q: %w, this one has %d", o.Key, ErrValueTooLarge, len(o.Value))
	}
	if o.Expect < AnyRevision {
		return fmt.Errorf("write %q: revision %d was expected, which no key can be at", o.Key, o.Expect)
	}
	return nil
}

func validateKey(key []byte) error {
	if len(key) == 0 || len(key) > MaxKeySize || bytes.IndexByte(key, 0) >= 0 {
		return ErrInvalidKey
	}
	return nil
}

// Write applies one write and returns its revision once it is on the disk. A *ConflictError says that the key was not
// at the expected revision; deleting what does not exist is a conflict too. When the context ends first, the write may
// or may not happen.
func (s *Store) Write(ctx context.Context, op Op) (int64, error) {
	if err := op.validate(); err != nil {
		return 0, err
	}
	outcome, err := s.submit(ctx, &request{op: &op, done: make(chan outcome, 1)})
	if err != nil {
		return 0, err
	}
	if !op.Expires.IsZero() {
		wake(s.wakeSweep)
	}
	return outcome.revision, nil
}

// wake makes a loop that waits on a channel of capacity one run once more.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
