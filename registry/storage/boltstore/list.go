package boltstore

import (
	"context"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	utilfeature "k8s.io/apiserver/pkg/util/feature"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// maxChunk is how many objects are read from the store at a time.
const maxChunk = 1000

// listRequest is a list as the store sees it.
type listRequest struct {
	prefix    string
	recursive bool
	// start is the first key; that of the prefix, or what a continue token says.
	start     []byte
	continued bool
	// revision to read at; 0 for now. All chunks of a list are read at the revision of the first.
	revision int64
}

// GetList implements storage.Interface.
func (s *Store) GetList(ctx context.Context, key string, opts storage.ListOptions, listObj runtime.Object) error {
	prefix, err := s.key(key, opts.Recursive)
	if err != nil {
		return err
	}
	items, err := itemsOf(listObj)
	if err != nil {
		return err
	}
	revision, continueKey, err := storage.ValidateListOptions(prefix, s.versioner, opts)
	if err != nil {
		return err
	}
	request := listRequest{prefix: prefix, recursive: opts.Recursive, start: []byte(prefix), revision: revision}
	if continueKey != "" {
		request.start, request.continued = []byte(continueKey), true
	}
	page := page{
		store: s, predicate: opts.Predicate, items: items, newItem: newItemFunc(listObj, items),
		problems: unreadable{resource: s.config.GroupResource, aggregate: s.aggregateCorrupt},
	}
	read, err := s.readPage(ctx, request, opts, &page)
	if err != nil {
		return err
	}
	if err := page.problems.err(); err != nil {
		return err
	}
	if items.IsNil() {
		items.Set(reflect.MakeSlice(items.Type(), 0, 0))
	}
	token, remaining, err := storage.PrepareContinueToken(string(page.last), prefix, read.Revision, read.Count, read.More, opts)
	if err != nil {
		return err
	}
	if err := s.versioner.UpdateList(listObj, uint64(read.Revision), token, remaining); err != nil {
		return err
	}
	if utilfeature.DefaultFeatureGate.Enabled(features.ShardedListAndWatch) {
		opts.Predicate.SetShardInfoOnList(listObj)
	}
	return nil
}

// readPage fills a page with what matches, chunk by chunk, and returns how the reading ended.
func (s *Store) readPage(ctx context.Context, r listRequest, opts storage.ListOptions, p *page) (mvcc.RangeResult, error) {
	limit := maxChunk
	if opts.Predicate.Limit > 0 {
		limit = int(min(opts.Predicate.Limit, maxChunk))
	}
	// Only a page that takes everything can say how much is left.
	options := mvcc.RangeOptions{Limit: limit, Count: opts.Predicate.Limit > 0 && opts.Predicate.Empty()}
	var first, result mvcc.RangeResult
	for chunk := 0; ; chunk++ {
		var err error
		options.Revision = r.revision
		if result, err = s.readChunk(ctx, r, options); err != nil {
			return mvcc.RangeResult{}, s.listError(err, r)
		}
		if chunk == 0 {
			first = result
			if r.revision == 0 {
				if err := s.checkNotOlder(opts.ResourceVersion, result.Revision); err != nil {
					return mvcc.RangeResult{}, err
				}
			}
			r.revision, options.Count = result.Revision, false
		}
		full, err := p.add(ctx, result.KVs)
		if err != nil {
			return mvcc.RangeResult{}, err
		}
		result.Count = first.Count
		if full || p.problems.abort != nil || !result.More {
			result.More = result.More || full && !p.consumed(result.KVs)
			return result, nil
		}
		r.start = append(result.KVs[len(result.KVs)-1].Key, 0)
		// A selector that lets little through makes the chunks grow, so that their number stays small.
		options.Limit = min(2*options.Limit, maxChunk)
	}
}

func (s *Store) readChunk(ctx context.Context, r listRequest, options mvcc.RangeOptions) (mvcc.RangeResult, error) {
	if r.recursive {
		span := mvcc.Prefix([]byte(r.prefix))
		span.Start = r.start
		return s.mvcc.Range(ctx, span, options)
	}
	kv, revision, err := s.mvcc.Get(ctx, r.start, options.Revision)
	result := mvcc.RangeResult{Revision: revision}
	if kv != nil {
		result.KVs, result.Count = []mvcc.KeyValue{*kv}, 1
	}
	return result, err
}

// page is what a list returns, while it is filled.
type page struct {
	store     *Store
	predicate storage.SelectionPredicate
	items     reflect.Value
	newItem   func() runtime.Object
	problems  unreadable
	// last is the last key that was looked at.
	last []byte
}

func (p *page) full() bool {
	return p.predicate.Limit > 0 && int64(p.items.Len()) >= p.predicate.Limit
}

// consumed says whether the last key that was looked at is the last one of a chunk.
func (p *page) consumed(kvs []mvcc.KeyValue) bool {
	return len(kvs) == 0 || string(p.last) == string(kvs[len(kvs)-1].Key)
}

// add decodes a chunk and keeps what matches, until the page is full.
func (p *page) add(ctx context.Context, kvs []mvcc.KeyValue) (full bool, err error) {
	if p.predicate.Empty() {
		p.items.Grow(len(kvs))
	}
	for i := range kvs {
		if p.full() {
			return true, nil
		}
		if err := ctx.Err(); err != nil {
			return false, storage.NewTimeoutError(string(kvs[i].Key), "the request ended while the list was read")
		}
		p.last = kvs[i].Key
		if err := p.addOne(ctx, kvs[i]); err != nil && !p.problems.add(string(kvs[i].Key), err) {
			return false, nil
		}
		// The raw bytes of a long list would otherwise live as long as the objects.
		kvs[i].Value = nil
	}
	return p.full(), nil
}

func (p *page) addOne(ctx context.Context, kv mvcc.KeyValue) error {
	data, _, err := p.store.fromStorage(ctx, kv.Key, kv.Value, kv.ModRevision)
	if err != nil {
		return storage.NewInternalError(fmt.Errorf("unable to transform key %q: %w", kv.Key, err))
	}
	obj, err := p.store.decodeInto(data, p.newItem(), kv.ModRevision)
	if err != nil {
		return err
	}
	// A selector that cannot be applied to an object does not select it.
	if matched, err := p.predicate.Matches(obj); err == nil && matched {
		p.items.Set(reflect.Append(p.items, reflect.ValueOf(obj).Elem()))
	}
	return nil
}

// itemsOf is the slice of a list object.
func itemsOf(listObj runtime.Object) (reflect.Value, error) {
	pointer, err := meta.GetItemsPtr(listObj)
	if err != nil {
		return reflect.Value{}, err
	}
	items, err := conversion.EnforcePtr(pointer)
	if err != nil {
		return reflect.Value{}, fmt.Errorf("items of %T: %w", listObj, err)
	}
	if items.Kind() != reflect.Slice {
		return reflect.Value{}, fmt.Errorf("items of %T: a slice is needed, not %s", listObj, items.Kind())
	}
	return items, nil
}

// newItemFunc makes the objects that items are decoded into. Those of an unstructured list are of the list's version.
func newItemFunc(listObj runtime.Object, items reflect.Value) func() runtime.Object {
	if list, ok := listObj.(*unstructured.UnstructuredList); ok && list.GetAPIVersion() != "" {
		version := list.GetAPIVersion()
		return func() runtime.Object {
			return &unstructured.Unstructured{Object: map[string]any{"apiVersion": version}}
		}
	}
	item := items.Type().Elem()
	return func() runtime.Object { return reflect.New(item).Interface().(runtime.Object) }
}
