package boltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	utilfeature "k8s.io/apiserver/pkg/util/feature"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

// state is an object as an update or a delete starts from it.
type state struct {
	// obj is nil when the object is corrupt and was expected to be.
	obj      runtime.Object
	revision int64
	// data is obj as it is stored, before the transformer.
	data []byte
	// stale says that the transformer wants the data to be written again.
	stale bool
	// fresh says that the state was read from the store, and is no suggestion of the caller.
	fresh bool
}

// reader reads states of one key.
type reader struct {
	store *Store
	key   string
	// example has the type of the objects.
	example        reflect.Value
	ignoreNotFound bool
	// expectCorrupt turns the tables: an object that can be read is the error.
	expectCorrupt bool
}

func (s *Store) reader(key string, out runtime.Object) (*reader, error) {
	example, err := conversion.EnforcePtr(out)
	if err != nil {
		return nil, fmt.Errorf("the object to read %s into: %w", key, err)
	}
	return &reader{store: s, key: key, example: example}, nil
}

// start is the state to begin with: the caller's suggestion, or what is stored.
func (r *reader) start(ctx context.Context, suggestion runtime.Object) (*state, error) {
	if suggestion == nil || r.expectCorrupt {
		return r.read(ctx)
	}
	revision, err := r.store.versioner.ObjectResourceVersion(suggestion)
	if err != nil {
		return nil, fmt.Errorf("resource version of the suggested %s: %w", r.key, err)
	}
	stored := suggestion.DeepCopyObject()
	if err := r.store.versioner.PrepareObjectForStorage(stored); err != nil {
		return nil, fmt.Errorf("prepare %s for storage: %w", r.key, err)
	}
	data, err := runtime.Encode(r.store.codec, stored)
	if err != nil {
		return nil, err
	}
	return &state{obj: suggestion, revision: int64(revision), data: data}, nil
}

func (r *reader) read(ctx context.Context) (*state, error) {
	kv, _, err := r.store.mvcc.Get(ctx, []byte(r.key), 0)
	if err != nil {
		return nil, r.store.storeError(r.key, err)
	}
	return r.decode(ctx, kv)
}

// afterConflict is the state that was found when another was expected.
func (r *reader) afterConflict(ctx context.Context, conflict *mvcc.ConflictError) (*state, error) {
	return r.decode(ctx, conflict.Current)
}

func (r *reader) decode(ctx context.Context, kv *mvcc.KeyValue) (*state, error) {
	st := &state{obj: r.newObject(), fresh: true}
	if kv == nil {
		if !r.ignoreNotFound {
			return nil, storage.NewKeyNotFoundError(r.key, 0)
		}
		return st, runtime.SetZeroValue(st.obj)
	}
	st.revision = kv.ModRevision
	var err error
	st.data, st.stale, err = r.store.fromStorage(ctx, kv.Key, kv.Value, kv.ModRevision)
	if err != nil {
		err = storage.NewInternalError(err)
	} else {
		err = r.store.decode(st.data, st.obj, st.revision)
	}
	switch {
	case err != nil && r.expectCorrupt:
		st.obj = nil
		return st, nil
	case err != nil:
		return nil, err
	case r.expectCorrupt:
		return nil, storage.NewInvalidObjError(r.key, "it can be read from the store, so it must not be deleted as a corrupt object")
	}
	return st, nil
}

func (r *reader) newObject() runtime.Object {
	if u, ok := r.example.Addr().Interface().(runtime.Unstructured); ok {
		return u.NewEmptyInstance()
	}
	return reflect.New(r.example.Type()).Interface().(runtime.Object)
}

// refused decides what an objection to a state means. A suggestion may be out of date: then what is stored takes its
// place and there is another try, unless it is the very same revision.
func (r *reader) refused(ctx context.Context, st *state, objection error) (*state, error) {
	if st.fresh {
		return nil, objection
	}
	current, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	if current.revision == st.revision {
		return nil, objection
	}
	return current, nil
}

// GuaranteedUpdate implements storage.Interface.
func (s *Store) GuaranteedUpdate(
	ctx context.Context, key string, destination runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, tryUpdate storage.UpdateFunc, suggestion runtime.Object) error {
	key, err := s.key(key, false)
	if err != nil {
		return err
	}
	r, err := s.reader(key, destination)
	if err != nil {
		return err
	}
	r.ignoreNotFound = ignoreNotFound
	st, err := r.start(ctx, suggestion)
	for err == nil {
		var data []byte
		var ttl uint64
		if data, ttl, err = s.tryUpdate(key, st, preconditions, tryUpdate); err != nil {
			st, err = r.refused(ctx, st, err)
			continue
		}
		if !st.stale && bytes.Equal(data, st.data) {
			// Nothing changes; but that must be true of what is stored, and not only of a suggestion.
			if !st.fresh {
				if st, err = r.read(ctx); err != nil {
					return err
				}
			}
			switch {
			case !bytes.Equal(data, st.data):
				continue
			case !st.stale:
				return s.decode(st.data, destination, st.revision)
			}
		}
		revision, err := s.put(ctx, key, data, st.revision, ttl)
		var conflict *mvcc.ConflictError
		switch {
		case errors.As(err, &conflict):
			if st, err = r.afterConflict(ctx, conflict); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			return s.decode(data, destination, revision)
		}
	}
	return err
}

// tryUpdate lets the caller make the new object out of a state, and encodes it.
func (s *Store) tryUpdate(key string, st *state, preconditions *storage.Preconditions, update storage.UpdateFunc) (data []byte, ttl uint64, err error) {
	if err := preconditions.Check(key, st.obj); err != nil {
		return nil, 0, err
	}
	obj, newTTL, err := update(st.obj, storage.ResponseMeta{ResourceVersion: uint64(st.revision)})
	if err != nil {
		return nil, 0, err
	}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return nil, 0, fmt.Errorf("prepare %s for storage: %w", key, err)
	}
	if newTTL != nil {
		ttl = *newTTL
	}
	data, err = runtime.Encode(s.codec, obj)
	return data, ttl, err
}

// Delete implements storage.Interface.
func (s *Store) Delete(
	ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, suggestion runtime.Object, opts storage.DeleteOptions) error {
	key, err := s.key(key, false)
	if err != nil {
		return err
	}
	r, err := s.reader(key, out)
	if err != nil {
		return err
	}
	r.expectCorrupt = opts.ExpectTransformOrDecodeError &&
		utilfeature.DefaultFeatureGate.Enabled(features.AllowUnsafeMalformedObjectDeletion)
	st, err := r.start(ctx, suggestion)
	for err == nil {
		if err = mayDelete(ctx, key, st, preconditions, validate); err != nil {
			st, err = r.refused(ctx, st, err)
			continue
		}
		revision, err := s.write(ctx, key, mvcc.Op{Type: mvcc.Delete, Key: []byte(key), Expect: st.revision})
		var conflict *mvcc.ConflictError
		switch {
		case errors.As(err, &conflict):
			if st, err = r.afterConflict(ctx, conflict); err != nil {
				return err
			}
		case err != nil:
			return err
		case r.expectCorrupt:
			return nil
		default:
			return s.decode(st.data, out, revision)
		}
	}
	return err
}

func mayDelete(ctx context.Context, key string, st *state, preconditions *storage.Preconditions, validate storage.ValidateObjectFunc) error {
	if err := preconditions.Check(key, st.obj); err != nil {
		return err
	}
	return validate(ctx, st.obj)
}
