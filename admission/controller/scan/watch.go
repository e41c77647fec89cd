package scan

import (
	"context"
	"maps"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// watch holds all objects of one resource and tells the loop what becomes of them.
type watch struct {
	resource resource
	informer cache.SharedIndexInformer
	// delivered is closed when the loop has heard of every object that was there at the beginning.
	delivered <-chan struct{}

	mu      sync.Mutex
	trouble error // why the last list or watch failed; nil when it did not
}

// startWatch watches until ctx is done, and has group wait for it.
func startWatch(ctx context.Context, group *sync.WaitGroup, client dynamic.Interface, r resource, l *loop) *watch {
	w := &watch{resource: r}
	objects := client.Resource(r.name)
	w.informer = cache.NewSharedIndexInformerWithOptions(
		cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				list, err := objects.List(ctx, options)
				w.note(ctx, err)
				return list, err
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (apiwatch.Interface, error) {
				events, err := objects.Watch(ctx, options)
				w.note(ctx, err)
				return events, err
			},
		}, client),
		&unstructured.Unstructured{},
		cache.SharedIndexInformerOptions{
			Indexers:          cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc},
			ObjectDescription: r.name.String(),
		},
	)
	// These fail only on an informer that has started, or stopped.
	_ = w.informer.SetTransform(pack)
	_ = w.informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, reflector *cache.Reflector, err error) {
		if !refused(err) { // that has been logged, once
			cache.DefaultWatchErrorHandler(ctx, reflector, err)
		}
	})
	registration, _ := w.informer.AddEventHandler(w.events(l))
	w.delivered = registration.HasSyncedChecker().Done()

	group.Go(func() { w.informer.RunWithContext(ctx) })
	group.Go(func() {
		select {
		case <-w.delivered:
			l.synced(w)
		case <-ctx.Done():
		}
	})
	return w
}

func (w *watch) events(l *loop) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(added any, initial bool) {
			if initial {
				return // the loop is told of all of them at once when the last is there
			}
			object := added.(*object)
			l.changed(w, object)
			if w.resource == namespaces {
				l.relabeled(object.Name)
			}
		},
		UpdateFunc: func(before, after any) {
			old, object := before.(*object), after.(*object)
			if old.ResourceVersion == object.ResourceVersion {
				return
			}
			if old.UID != object.UID {
				l.gone(w, old)
			}
			l.changed(w, object)
			if w.resource == namespaces && !maps.Equal(old.Labels, object.Labels) {
				l.relabeled(object.Name)
			}
		},
		DeleteFunc: func(deleted any) {
			if tombstone, ok := deleted.(cache.DeletedFinalStateUnknown); ok {
				deleted = tombstone.Obj
			}
			if object, ok := deleted.(*object); ok {
				l.gone(w, object)
			}
		},
	}
}

// note remembers how the last list or watch went, and logs when the API server begins to refuse or ceases to.
func (w *watch) note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	before := w.trouble
	w.trouble = err
	w.mu.Unlock()
	switch log := klog.FromContext(ctx); {
	case refused(err) && !refused(before):
		log.Error(err, "Not scanning this kind, its reports stay as they are: grant get, list and watch on it to the "+
			"ServiceAccount of the background role", "resource", w.resource.name)
	case refused(before) && err == nil:
		log.Info("Scanning this kind again", "resource", w.resource.name)
	}
}

// refused tells whether an error is the API server's last word until somebody changes something.
func refused(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsMethodNotSupported(err)
}

func (w *watch) lastTrouble() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// synced tells whether every object that was there at the beginning is there.
func (w *watch) synced() bool {
	select {
	case <-w.delivered:
		return true
	default:
		return false
	}
}

func (w *watch) object(namespace, name string) (*object, bool) {
	key := cache.ObjectName{Namespace: namespace, Name: name}.String()
	found, exists, err := w.informer.GetStore().GetByKey(key)
	if err != nil || !exists {
		return nil, false
	}
	return found.(*object), true
}

func (w *watch) objects() []*object {
	return asObjects(w.informer.GetStore().List())
}

func (w *watch) objectsIn(namespace string) []*object {
	found, err := w.informer.GetIndexer().ByIndex(cache.NamespaceIndex, namespace)
	if err != nil {
		return nil // only for an index that there is not
	}
	return asObjects(found)
}

func asObjects(list []any) []*object {
	objects := make([]*object, len(list))
	for i := range list {
		objects[i] = list[i].(*object)
	}
	return objects
}
