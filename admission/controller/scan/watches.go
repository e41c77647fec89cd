package scan

import (
	"context"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// watches are those that run. The planning goroutine opens and closes them; anybody may ask which there are.
type watches struct {
	client dynamic.Interface
	loop   *loop
	group  sync.WaitGroup

	mu      sync.Mutex
	running map[schema.GroupVersionResource]running
}

type running struct {
	*watch
	cancel context.CancelFunc
}

func newWatches(client dynamic.Interface, loop *loop) *watches {
	return &watches{client: client, loop: loop, running: make(map[schema.GroupVersionResource]running)}
}

// open returns the watch on a resource, and starts it where there is none. It ends with ctx if it is not closed before.
func (w *watches) open(ctx context.Context, r resource) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	if running, ok := w.running[r.name]; ok {
		return running.watch
	}
	ctx, cancel := context.WithCancel(ctx)
	watch := startWatch(ctx, &w.group, w.client, r, w.loop)
	w.running[r.name] = running{watch: watch, cancel: cancel}
	return watch
}

// closeBut ends every watch but those on the given resources and on namespaces.
func (w *watches) closeBut(needed map[schema.GroupVersionResource]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, running := range w.running {
		if !needed[name] && name != namespaces.name {
			running.cancel()
			delete(w.running, name)
		}
	}
}

// closeAll ends every watch and waits until the last has ended.
func (w *watches) closeAll() {
	w.mu.Lock()
	for name, running := range w.running {
		running.cancel()
		delete(w.running, name)
	}
	w.mu.Unlock()
	w.group.Wait()
}

// all returns the watches in the order of their names.
func (w *watches) all() []*watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]*watch, 0, len(w.running))
	for _, running := range w.running {
		all = append(all, running.watch)
	}
	slices.SortFunc(all, func(a, b *watch) int {
		return strings.Compare(a.resource.name.String(), b.resource.name.String())
	})
	return all
}

// namespaceLabels returns the labels of a namespace that has been seen.
func (w *watches) namespaceLabels(name string) (map[string]string, bool) {
	w.mu.Lock()
	running, ok := w.running[namespaces.name]
	w.mu.Unlock()
	if !ok {
		return nil, false
	}
	namespace, ok := running.object("", name)
	if !ok {
		return nil, false
	}
	return namespace.Labels, true
}
