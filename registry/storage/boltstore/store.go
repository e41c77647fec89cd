package boltstore

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/value"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	utilfeature "k8s.io/apiserver/pkg/util/feature"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

const (
	// DefaultBookmarkInterval is how often a watch that allows bookmarks gets one. It must be well below the time that
	// history is kept for, or an idle watch that is resumed gets 410.
	DefaultBookmarkInterval = time.Minute
	// DefaultProgressInterval is the same for watch caches, which wait for it before they answer.
	DefaultProgressInterval = 5 * time.Second
)

// Config says what is stored where.
type Config struct {
	Store *mvcc.Store
	Codec runtime.Codec
	// Transformer of what is stored; nil for none.
	Transformer value.Transformer
	// Prefix of all keys, as --etcd-prefix is for etcd.
	Prefix string
	// ResourcePrefix begins every key that the storage is called with; a slash follows it.
	ResourcePrefix string
	GroupResource  schema.GroupResource
	// NewFunc makes the object of a bookmark; without it no bookmark can be asked for.
	NewFunc func() runtime.Object

	// BookmarkInterval and ProgressInterval are the defaults when they are 0.
	BookmarkInterval time.Duration
	ProgressInterval time.Duration

	// MarkCorrupt makes an object that cannot be read a corrupt one, which may be deleted unread.
	MarkCorrupt bool
}

// Store implements storage.Interface for one resource.
type Store struct {
	config    Config
	mvcc      *mvcc.Store
	codec     runtime.Codec
	versioner storage.Versioner
	// prefix ends in a slash.
	prefix string
	// aggregateCorrupt makes a list name all objects that cannot be read and not only the first.
	aggregateCorrupt bool
	estimateSize     atomic.Bool

	mu      sync.Mutex
	watches map[*watchStream]struct{}
}

var _ storage.Interface = &Store{}

// New returns the storage of one resource.
func New(config Config) (*Store, error) {
	switch {
	case config.Store == nil:
		return nil, errors.New("storage without a store")
	case config.Codec == nil:
		return nil, errors.New("storage without a codec")
	case !strings.HasPrefix(config.ResourcePrefix, "/") || config.ResourcePrefix == "/":
		return nil, fmt.Errorf("storage: the resource prefix %q must begin with a slash and go on after it", config.ResourcePrefix)
	}
	if config.Transformer == nil {
		config.Transformer = identity.NewEncryptCheckTransformer()
	}
	if config.BookmarkInterval == 0 {
		config.BookmarkInterval = DefaultBookmarkInterval
	}
	if config.ProgressInterval == 0 {
		config.ProgressInterval = DefaultProgressInterval
	}
	config.ResourcePrefix = withSlash(config.ResourcePrefix)
	return &Store{
		config:           config,
		mvcc:             config.Store,
		codec:            config.Codec,
		versioner:        storage.APIObjectVersioner{},
		prefix:           withSlash(path.Join("/", config.Prefix)),
		aggregateCorrupt: utilfeature.DefaultFeatureGate.Enabled(features.AllowUnsafeMalformedObjectDeletion),
		watches:          map[*watchStream]struct{}{},
	}, nil
}

func withSlash(prefix string) string {
	if strings.HasSuffix(prefix, "/") {
		return prefix
	}
	return prefix + "/"
}

// Versioner implements storage.Interface.
func (s *Store) Versioner() storage.Versioner { return s.versioner }

// key is the one in the mvcc store for the one that the registry uses. A recursive key ends in a slash.
func (s *Store) key(key string, recursive bool) (string, error) {
	key, err := storage.PrepareKey(s.config.ResourcePrefix, key, recursive)
	if err != nil {
		return "", err
	}
	return s.prefix + strings.TrimPrefix(key, "/"), nil
}

// Get implements storage.Interface.
func (s *Store) Get(ctx context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	key, err := s.key(key, false)
	if err != nil {
		return err
	}
	kv, revision, err := s.mvcc.Get(ctx, []byte(key), 0)
	if err != nil {
		return s.storeError(key, err)
	}
	if err := s.checkNotOlder(opts.ResourceVersion, revision); err != nil {
		return err
	}
	if kv == nil {
		if opts.IgnoreNotFound {
			return runtime.SetZeroValue(out)
		}
		return storage.NewKeyNotFoundError(key, 0)
	}
	data, _, err := s.fromStorage(ctx, kv.Key, kv.Value, kv.ModRevision)
	if err != nil {
		return s.readError(key, storage.NewInternalError(err))
	}
	return s.readError(key, s.decode(data, out, kv.ModRevision))
}

// Create implements storage.Interface.
func (s *Store) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	key, err := s.key(key, false)
	if err != nil {
		return err
	}
	if version, err := s.versioner.ObjectResourceVersion(obj); err == nil && version != 0 {
		return storage.ErrResourceVersionSetOnCreate
	}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return fmt.Errorf("prepare %s for storage: %w", key, err)
	}
	data, err := runtime.Encode(s.codec, obj)
	if err != nil {
		return err
	}
	revision, err := s.put(ctx, key, data, 0, ttl)
	var conflict *mvcc.ConflictError
	switch {
	case errors.As(err, &conflict):
		return storage.NewKeyExistsError(key, 0)
	case err != nil:
		return err
	case out == nil:
		return nil
	}
	return s.decode(data, out, revision)
}

// put transforms and writes. A conflict is returned as it is, any other error as one that the registry understands.
func (s *Store) put(ctx context.Context, key string, data []byte, expect int64, ttl uint64) (int64, error) {
	stored, err := s.config.Transformer.TransformToStorage(ctx, data, authenticated(key))
	if err != nil {
		return 0, storage.NewInternalError(err)
	}
	op := mvcc.Op{Type: mvcc.Put, Key: []byte(key), Value: stored, Expect: expect}
	if ttl != 0 {
		op.Expires = time.Now().Add(time.Duration(min(ttl, maxTTL)) * time.Second)
	}
	return s.write(ctx, key, op)
}

// maxTTL, a hundred years in seconds, keeps a time to live from overflowing.
const maxTTL = 100 * 365 * 24 * 60 * 60

func (s *Store) write(ctx context.Context, key string, op mvcc.Op) (int64, error) {
	revision, err := s.mvcc.Write(ctx, op)
	var conflict *mvcc.ConflictError
	if err == nil || errors.As(err, &conflict) {
		return revision, err
	}
	return 0, s.storeError(key, err)
}

// authenticated ties what a transformer encrypts to its key, so that a value cannot be moved to another one.
type authenticated string

func (a authenticated) AuthenticatedData() []byte { return []byte(a) }

// fromStorage undoes the transformer. Stale data should be written again.
func (s *Store) fromStorage(ctx context.Context, key, data []byte, revision int64) (out []byte, stale bool, err error) {
	out, stale, err = s.config.Transformer.TransformFromStorage(ctx, data, authenticated(key))
	if err != nil && s.config.MarkCorrupt {
		err = &corruptObjectError{problem: "cannot be transformed", revision: revision, err: err}
	}
	return out, stale, err
}

func (s *Store) decode(data []byte, out runtime.Object, revision int64) error {
	if _, err := conversion.EnforcePtr(out); err != nil {
		return fmt.Errorf("decode into %T: %w", out, err)
	}
	_, err := s.decodeInto(data, out, revision)
	return err
}

// decodeInto may return another object than the one it was given.
func (s *Store) decodeInto(data []byte, into runtime.Object, revision int64) (runtime.Object, error) {
	obj, _, err := s.codec.Decode(data, nil, into)
	if err != nil {
		if s.config.MarkCorrupt {
			err = &corruptObjectError{problem: "cannot be decoded", revision: revision, err: err}
		}
		return nil, err
	}
	if err := s.versioner.UpdateObject(obj, uint64(revision)); err != nil {
		return nil, fmt.Errorf("set the resource version %d: %w", revision, err)
	}
	return obj, nil
}

// checkNotOlder holds what is read against the resource version that the caller has seen.
func (s *Store) checkNotOlder(resourceVersion string, revision int64) error {
	if resourceVersion == "" {
		return nil
	}
	wanted, err := s.parseVersion(resourceVersion)
	if err != nil {
		return err
	}
	if wanted > uint64(revision) {
		return storage.NewTooLargeResourceVersionError(wanted, uint64(revision), 0)
	}
	return nil
}

// Stats implements storage.Interface.
func (s *Store) Stats(ctx context.Context) (storage.Stats, error) {
	key, err := s.key(s.config.ResourcePrefix, true)
	if err != nil {
		return storage.Stats{}, err
	}
	keys, size, err := s.mvcc.Usage(ctx, mvcc.Prefix([]byte(key)))
	if err != nil {
		return storage.Stats{}, s.storeError(key, err)
	}
	stats := storage.Stats{ObjectCount: keys}
	if keys > 0 && s.estimateSize.Load() {
		stats.EstimatedAverageObjectSizeBytes = size / keys
	}
	return stats, nil
}

// EnableResourceSizeEstimation implements storage.Interface. The keys are not asked for: the store counts its own.
func (s *Store) EnableResourceSizeEstimation(keys storage.KeysFunc) error {
	if keys == nil {
		return errors.New("the function that lists the keys is missing")
	}
	if s.estimateSize.Swap(true) {
		return errors.New("the estimation of sizes is enabled already")
	}
	return nil
}

// ReadinessCheck implements storage.Interface.
func (s *Store) ReadinessCheck() error { return s.mvcc.Err() }

// GetCurrentResourceVersion implements storage.Interface.
func (s *Store) GetCurrentResourceVersion(context.Context) (uint64, error) {
	return uint64(s.mvcc.Revision()), nil
}

// CompactRevision implements storage.Interface.
func (s *Store) CompactRevision() int64 { return s.mvcc.Compacted() }

// RequestWatchProgress implements storage.Interface: every watch that wants to be told of progress gets a bookmark
// once it has what is stored now.
func (s *Store) RequestWatchProgress(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.watches {
		if w.progressNotify {
			w.source.RequestProgress()
		}
	}
	return nil
}
