package boltstore

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/apitesting"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// The tests of this file are upstream's suite (k8s.io/apiserver/pkg/storage/testing), all 59 that etcd3 binds and, with
// WatchBookmarksWithCorrectResourceVersion, the one that only a store with periodic bookmarks can pass. None is skipped.

var (
	scheme = runtime.NewScheme()
	codecs = serializer.NewCodecFactory(scheme)
)

// storedPrefix begins every stored value, so that a value that bypassed the transformer would be noticed.
const storedPrefix = "test!"

func init() {
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
}

// transformerSlot is a transformer that can be exchanged while it is used.
type transformerSlot struct {
	current atomic.Pointer[value.Transformer]
}

func newSlot(t value.Transformer) *transformerSlot {
	slot := &transformerSlot{}
	slot.current.Store(&t)
	return slot
}

func (s *transformerSlot) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	return (*s.current.Load()).TransformFromStorage(ctx, data, dataCtx)
}

func (s *transformerSlot) TransformToStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, error) {
	return (*s.current.Load()).TransformToStorage(ctx, data, dataCtx)
}

func (s *transformerSlot) replace(t value.Transformer) (restore func()) {
	old := s.current.Swap(&t)
	return func() { s.current.Store(old) }
}

// suiteStore is a store whose transformer the suite can exchange.
type suiteStore struct {
	*Store
	slot *transformerSlot
}

func (s *suiteStore) prefixTransformer() *storagetesting.PrefixTransformer {
	return (*s.slot.current.Load()).(*storagetesting.PrefixTransformer)
}

func (s *suiteStore) UpdatePrefixTransformer(modify storagetesting.PrefixTransformerModifier) func() {
	transformer := *s.prefixTransformer()
	return s.slot.replace(modify(&transformer))
}

func (s *suiteStore) UpdateTransformer(modify storagetesting.TransformerModifier) func() {
	return s.slot.replace(modify(*s.slot.current.Load()))
}

func openFile(t testing.TB) *mvcc.Store {
	t.Helper()
	file, err := mvcc.Open(mvcc.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Check(context.Background()); err != nil && !errors.Is(err, mvcc.ErrClosed) {
			t.Error(err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return file
}

// setup makes a store of Pods like the one that etcd3 runs the suite on.
func setup(t testing.TB, options ...func(*Config)) (context.Context, *suiteStore) {
	t.Helper()
	config := Config{
		Codec:          apitesting.TestCodec(codecs, examplev1.SchemeGroupVersion),
		ResourcePrefix: "/pods/",
		GroupResource:  schema.GroupResource{Resource: "pods"},
		Transformer:    storagetesting.NewPrefixTransformer([]byte(storedPrefix), false),
		NewFunc:        func() runtime.Object { return &example.Pod{} },
	}
	for _, option := range options {
		option(&config)
	}
	if config.Store == nil {
		config.Store = openFile(t)
	}
	slot := newSlot(config.Transformer)
	config.Transformer = slot
	store, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return context.Background(), &suiteStore{Store: store, slot: slot}
}

func frequentBookmarks(c *Config) {
	c.BookmarkInterval, c.ProgressInterval = 200*time.Millisecond, 200*time.Millisecond
}

// increase moves the revision on by a write to a key of nobody.
func increase(ctx context.Context, t testing.TB, s *suiteStore) int64 {
	t.Helper()
	revision, err := s.mvcc.Write(ctx, mvcc.Op{Type: mvcc.Put, Key: []byte("increase"), Expect: mvcc.AnyRevision})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func increaseFunc(s *suiteStore) storagetesting.IncreaseRVFunc {
	return func(ctx context.Context, t *testing.T) int64 { return increase(ctx, t, s) }
}

// compactFunc also moves the revision on by one, as etcd3's does, which keeps a record of compactions in etcd.
func compactFunc(s *suiteStore) storagetesting.Compaction {
	return func(ctx context.Context, t *testing.T, resourceVersion string) {
		t.Helper()
		revision, err := s.versioner.ParseResourceVersion(resourceVersion)
		if err != nil {
			t.Fatal(err)
		}
		increase(ctx, t, s)
		if err := s.mvcc.Compact(ctx, int64(revision)); err != nil {
			t.Fatal(err)
		}
	}
}

// checkStored looks at what is really stored under a key.
func checkStored(s *suiteStore) storagetesting.KeyValidation {
	return func(ctx context.Context, t *testing.T, key string) {
		t.Helper()
		kv, _, err := s.mvcc.Get(ctx, []byte(key), 0)
		if err != nil || kv == nil {
			t.Fatalf("%s: got %v, %v", key, kv, err)
		}
		obj, err := runtime.Decode(s.codec, kv.Value[len(storedPrefix):])
		if err != nil {
			t.Fatalf("%s: %v in %q", key, err, kv.Value)
		}
		if pod := obj.(*example.Pod); pod.ResourceVersion != "" {
			t.Errorf("%s is stored with the resource version %q", key, pod.ResourceVersion)
		}
	}
}

// checkReads holds the number of objects that a list took out of the store against what it needed.
func checkReads(s *suiteStore) storagetesting.CallsValidation {
	return func(t *testing.T, _, objects uint64) {
		t.Helper()
		if reads := s.prefixTransformer().GetReadsAndReset(); reads != objects {
			t.Errorf("%d objects were read, %d were needed", reads, objects)
		}
	}
}

func allowUnsafeDelete(t *testing.T, allowed bool) {
	featuregatetesting.SetFeatureGateDuringTest(t, utilfeature.DefaultFeatureGate, features.AllowUnsafeMalformedObjectDeletion, allowed)
}

var errFlipped = &corruptObjectError{problem: "cannot be transformed", err: errors.New("bits flipped")}

// failingTransformer and failingCodec can be made to fail when they read.
type failingTransformer struct {
	value.Transformer
	failing atomic.Bool
}

func (f *failingTransformer) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	if f.failing.Load() {
		return nil, false, errors.New("synthetic error")
	}
	return f.Transformer.TransformFromStorage(ctx, data, dataCtx)
}

type failingCodec struct {
	runtime.Codec
	failing atomic.Bool
}

func (f *failingCodec) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	if f.failing.Load() {
		return nil, nil, errors.New("synthetic error")
	}
	return f.Codec.Decode(data, defaults, into)
}

func TestCreate(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestCreate(ctx, t, s, checkStored(s))
}

func TestCreateWithTTL(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestCreateWithTTL(ctx, t, s)
}

func TestCreateWithKeyExist(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestCreateWithKeyExist(ctx, t, s)
}

func TestGet(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGet(ctx, t, s)
}

func TestUnconditionalDelete(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestUnconditionalDelete(ctx, t, s)
}

func TestConditionalDelete(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestConditionalDelete(ctx, t, s)
}

func TestDeleteWithSuggestion(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDeleteWithSuggestion(ctx, t, s)
}

func TestDeleteWithSuggestionAndConflict(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDeleteWithSuggestionAndConflict(ctx, t, s)
}

func TestDeleteWithSuggestionOfDeletedObject(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDeleteWithSuggestionOfDeletedObject(ctx, t, s)
}

func TestValidateDeletionWithSuggestion(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestValidateDeletionWithSuggestion(ctx, t, s)
}

func TestValidateDeletionWithOnlySuggestionValid(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestValidateDeletionWithOnlySuggestionValid(ctx, t, s)
}

func TestDeleteWithConflict(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDeleteWithConflict(ctx, t, s)
}

func TestDeleteWithConflictAndMissingExpectedTransformOrDecodeError(t *testing.T) {
	allowUnsafeDelete(t, true)
	codec := &failingCodec{Codec: apitesting.TestCodec(codecs, examplev1.SchemeGroupVersion)}
	ctx, s := setup(t, func(c *Config) { c.Codec = codec })
	storagetesting.RunTestDeleteWithConflictAndMissingExpectedTransformOrDecodeError(ctx, t, s, codec.failing.Store)
}

func TestDeleteWithConflictAndExpectedTransformError(t *testing.T) {
	allowUnsafeDelete(t, true)
	transformer := &failingTransformer{Transformer: storagetesting.NewPrefixTransformer([]byte(storedPrefix), false)}
	ctx, s := setup(t, func(c *Config) { c.Transformer = transformer })
	storagetesting.RunTestDeleteExpectedTransformOrDecodeError(ctx, t, s, transformer.failing.Store)
}

func TestDeleteWithConflictAndExpectedDecodeError(t *testing.T) {
	allowUnsafeDelete(t, true)
	codec := &failingCodec{Codec: apitesting.TestCodec(codecs, examplev1.SchemeGroupVersion)}
	ctx, s := setup(t, func(c *Config) { c.Codec = codec })
	storagetesting.RunTestDeleteExpectedTransformOrDecodeError(ctx, t, s, codec.failing.Store)
}

func TestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError(t *testing.T) {
	allowUnsafeDelete(t, true)
	ctx, s := setup(t)
	storagetesting.RunTestDeleteWithSuggestionAndMissingExpectedTransformOrDecodeError(ctx, t, s)
}

func TestPreconditionalDeleteWithSuggestion(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestPreconditionalDeleteWithSuggestion(ctx, t, s)
}

func TestPreconditionalDeleteWithOnlySuggestionPass(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestPreconditionalDeleteWithOnlySuggestionPass(ctx, t, s)
}

func TestListPaging(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListPaging(ctx, t, s)
}

func TestGetListNonRecursive(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGetListNonRecursive(ctx, t, increaseFunc(s), s)
}

func TestGetListRecursivePrefix(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGetListRecursivePrefix(ctx, t, s)
}

func TestKeySchema(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestKeySchema(ctx, t, s)
}

func TestGetListWithErrorAggregation(t *testing.T) {
	allowUnsafeDelete(t, true)
	ctx, s := setup(t)
	storagetesting.RunTestGetListWithErrorAggregation(ctx, t, s, errFlipped)
}

func TestGetListWithoutErrorAggregation(t *testing.T) {
	allowUnsafeDelete(t, false)
	ctx, s := setup(t)
	storagetesting.RunTestGetListWithoutErrorAggregation(ctx, t, s, errFlipped)
}

func TestGuaranteedUpdate(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGuaranteedUpdate(ctx, t, s, checkStored(s))
}

func TestGuaranteedUpdateWithTTL(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGuaranteedUpdateWithTTL(ctx, t, s)
}

func TestGuaranteedUpdateChecksStoredData(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGuaranteedUpdateChecksStoredData(ctx, t, s)
}

func TestGuaranteedUpdateWithConflict(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGuaranteedUpdateWithConflict(ctx, t, s)
}

func TestGuaranteedUpdateWithSuggestionAndConflict(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict(ctx, t, s)
}

func TestTransformationFailure(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestTransformationFailure(ctx, t, s)
}

func TestList(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestList(ctx, t, s, compactFunc(s), false, nil)
}

func TestConsistentList(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestConsistentList(ctx, t, s, increaseFunc(s), false, true, false)
}

func TestCompactRevision(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestCompactRevision(ctx, t, s, increaseFunc(s), compactFunc(s))
}

func TestListContinuation(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListContinuation(ctx, t, s, checkReads(s))
}

func TestListPaginationRareObject(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListPaginationRareObject(ctx, t, s, checkReads(s))
}

func TestListContinuationWithFilter(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListContinuationWithFilter(ctx, t, s, checkReads(s))
}

func TestNamespaceScopedList(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestNamespaceScopedList(ctx, t, s)
}

func TestListInconsistentContinuation(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListInconsistentContinuation(ctx, t, s, compactFunc(s))
}

func TestListResourceVersionMatch(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestListResourceVersionMatch(ctx, t, s)
}

func TestStats(t *testing.T) {
	for name, sizes := range map[string]bool{"counts": false, "counts and sizes": true} {
		t.Run(name, func(t *testing.T) {
			ctx, s := setup(t)
			if sizes {
				keys := func(context.Context) ([]string, error) { return nil, errors.New("nobody should ask") }
				if err := s.EnableResourceSizeEstimation(keys); err != nil {
					t.Fatal(err)
				}
			}
			storagetesting.RunTestStats(ctx, t, s, s.codec, s.slot, sizes)
		})
	}
}

func TestWatch(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatch(ctx, t, s)
}

func TestClusterScopedWatch(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestClusterScopedWatch(ctx, t, s)
}

func TestNamespaceScopedWatch(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestNamespaceScopedWatch(ctx, t, s)
}

func TestDeleteTriggerWatch(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDeleteTriggerWatch(ctx, t, s)
}

func TestWatchFromZero(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchFromZero(ctx, t, s, compactFunc(s))
}

func TestWatchFromNonZero(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchFromNonZero(ctx, t, s)
}

func TestDelayedWatchDelivery(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestDelayedWatchDelivery(ctx, t, s)
}

func TestWatchError(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchError(ctx, t, s)
}

func TestWatchContextCancel(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchContextCancel(ctx, t, s)
}

func TestWatcherTimeout(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatcherTimeout(ctx, t, s)
}

func TestWatchDeleteEventObjectHaveLatestRV(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV(ctx, t, s)
}

func TestWatchInitializationSignal(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunTestWatchInitializationSignal(ctx, t, s)
}

func TestProgressNotify(t *testing.T) {
	ctx, s := setup(t, frequentBookmarks)
	storagetesting.RunOptionalTestProgressNotify(ctx, t, s, increaseFunc(s))
}

func TestWatchWithUnsafeDelete(t *testing.T) {
	allowUnsafeDelete(t, true)
	ctx, s := setup(t)
	storagetesting.RunTestWatchWithUnsafeDelete(ctx, t, s, errFlipped)
}

func TestWatchDispatchBookmarkEvents(t *testing.T) {
	ctx, s := setup(t, frequentBookmarks)
	storagetesting.RunTestWatchDispatchBookmarkEvents(ctx, t, s, true)
}

func TestWatchBookmarksWithCorrectResourceVersion(t *testing.T) {
	ctx, s := setup(t, frequentBookmarks)
	storagetesting.RunTestOptionalWatchBookmarksWithCorrectResourceVersion(ctx, t, s)
}

func TestSendInitialEventsBackwardCompatibility(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunSendInitialEventsBackwardCompatibility(ctx, t, s)
}

func TestWatchSemantics(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunWatchSemantics(ctx, t, s)
}

func TestWatchSemanticInitialEventsExtended(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunWatchSemanticInitialEventsExtended(ctx, t, s)
}

func TestWatchListMatchSingle(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunWatchListMatchSingle(ctx, t, s)
}

func TestWatchErrorIsBlockingFurtherEvents(t *testing.T) {
	ctx, s := setup(t)
	storagetesting.RunWatchErrorIsBlockingFurtherEvents(ctx, t, s)
}

var (
	_ storagetesting.InterfaceWithPrefixTransformer   = &suiteStore{}
	_ storagetesting.InterfaceWithTransformerOverride = &suiteStore{}
	_ storage.Interface                               = &suiteStore{}
)
