package boltstore

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/utils/ptr"
)

func watchPods(t testing.TB, s *suiteStore, opts storage.ListOptions) watch.Interface {
	t.Helper()
	opts.Recursive = true
	w, err := s.Watch(context.Background(), "/pods/", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	return w
}

func version(t testing.TB, s *suiteStore, obj runtime.Object) uint64 {
	t.Helper()
	version, err := s.versioner.ObjectResourceVersion(obj)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// Informers begin so by default, and hang when the bookmark does not come.
func TestInitialEventsEndWithABookmark(t *testing.T) {
	_, s := setup(t)
	const pods = 2*maxChunk + 3
	for i := range pods {
		createPod(t, s, fmt.Sprintf("pod-%05d", i))
	}
	predicate := storage.Everything
	predicate.AllowWatchBookmarks = true
	w := watchPods(t, s, storage.ListOptions{Predicate: predicate, SendInitialEvents: ptr.To(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	for i := range pods {
		e, _ := event(t, w)
		if pod, ok := e.Object.(*example.Pod); !ok || e.Type != watch.Added || pod.Name != fmt.Sprintf("pod-%05d", i) {
			t.Fatalf("event %d is %v", i, e)
		}
	}
	e, _ := event(t, w)
	if ends, err := storage.HasInitialEventsEndBookmarkAnnotation(e.Object); err != nil || !ends || e.Type != watch.Bookmark {
		t.Fatalf("the initial events end with %v", e)
	}
	if got := version(t, s, e.Object); got != uint64(s.mvcc.Revision()) {
		t.Errorf("the bookmark is of version %d, want %d", got, s.mvcc.Revision())
	}
	createPod(t, s, "after")
	if e, _ := event(t, w); e.Type != watch.Added {
		t.Errorf("after the bookmark came %v", e)
	}
}

func TestInitialEventsOfAnEmptyStoreEndToo(t *testing.T) {
	_, s := setup(t)
	predicate := storage.Everything
	predicate.AllowWatchBookmarks = true
	w := watchPods(t, s, storage.ListOptions{Predicate: predicate, SendInitialEvents: ptr.To(true), ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan})
	e, _ := event(t, w)
	if ends, err := storage.HasInitialEventsEndBookmarkAnnotation(e.Object); err != nil || !ends || version(t, s, e.Object) == 0 {
		t.Fatalf("the initial events end with %v", e)
	}
}

// An idle watch learns of the others' revisions, so that its client does not come back with one that is forgotten.
func TestIdleWatchGetsBookmarks(t *testing.T) {
	ctx, s := setup(t, frequentBookmarks)
	pod := createPod(t, s, "pod")
	predicate := storage.Everything
	predicate.AllowWatchBookmarks = true
	w := watchPods(t, s, storage.ListOptions{ResourceVersion: pod.ResourceVersion, Predicate: predicate})
	for range 10 {
		increase(ctx, t, s)
	}
	want := uint64(s.mvcc.Revision())
	for {
		e, ok := event(t, w)
		if !ok || e.Type != watch.Bookmark {
			t.Fatalf("got %v", e)
		}
		if got := version(t, s, e.Object); got > want {
			t.Fatalf("a bookmark for %d, the store is at %d", got, want)
		} else if got == want {
			break
		}
	}
	if err := s.mvcc.Compact(ctx, s.mvcc.Revision()); err != nil {
		t.Fatal(err)
	}
	resumed := watchPods(t, s, storage.ListOptions{ResourceVersion: fmt.Sprint(want), Predicate: predicate})
	createPod(t, s, "next")
	for {
		if e, _ := event(t, resumed); e.Type == watch.Added {
			break
		} else if e.Type != watch.Bookmark {
			t.Fatalf("the resumed watch got %v", e)
		}
	}
}

func TestBusyWatchGetsBookmarksToo(t *testing.T) {
	ctx, s := setup(t, frequentBookmarks)
	predicate := storage.Everything
	predicate.AllowWatchBookmarks = true
	w := watchPods(t, s, storage.ListOptions{ResourceVersion: "1", Predicate: predicate})
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for i := 0; writing.Err() == nil; i++ {
			_ = s.Create(writing, fmt.Sprintf("/pods/ns/pod-%d", i), &example.Pod{}, nil, 0)
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); ; {
		e, ok := event(t, w)
		if !ok || time.Now().After(deadline) {
			t.Fatalf("no bookmark came, the last event is %v", e)
		}
		if e.Type == watch.Bookmark {
			return
		}
	}
}

func TestRequestWatchProgress(t *testing.T) {
	ctx, s := setup(t)
	pod := createPod(t, s, "pod")
	cache := watchPods(t, s, storage.ListOptions{ResourceVersion: pod.ResourceVersion, Predicate: storage.Everything, ProgressNotify: true})
	client := watchPods(t, s, storage.ListOptions{ResourceVersion: pod.ResourceVersion, Predicate: storage.Everything})
	want := increase(ctx, t, s)
	if err := s.RequestWatchProgress(ctx); err != nil {
		t.Fatal(err)
	}
	if e, _ := event(t, cache); e.Type != watch.Bookmark || version(t, s, e.Object) < uint64(want) {
		t.Errorf("the watch cache got %v", e)
	}
	createPod(t, s, "next")
	if e, _ := event(t, client); e.Type != watch.Added {
		t.Errorf("the client, which wanted no bookmark, got %v", e)
	}
}

func TestWatchFromBeforeTheWindowIsGone(t *testing.T) {
	ctx, s := setup(t)
	old := createPod(t, s, "old")
	createPod(t, s, "new")
	if err := s.mvcc.Compact(ctx, s.mvcc.Revision()); err != nil {
		t.Fatal(err)
	}
	w := watchPods(t, s, storage.ListOptions{ResourceVersion: old.ResourceVersion, Predicate: storage.Everything})
	e, _ := event(t, w)
	if status, ok := e.Object.(*metav1.Status); !ok || status.Code != http.StatusGone || status.Reason != metav1.StatusReasonExpired {
		t.Errorf("got %v", e)
	}
	if e, ok := event(t, w); ok {
		t.Errorf("after the error came %v", e)
	}
}

// A selector makes additions and deletions out of changes.
func TestWatchTranslatesWhatASelectorSees(t *testing.T) {
	ctx, s := setup(t)
	predicate := storage.SelectionPredicate{
		Label:    labels.SelectorFromSet(labels.Set{"team": "a"}),
		GetAttrs: storage.DefaultNamespaceScopedAttr,
	}
	w := watchPods(t, s, storage.ListOptions{ResourceVersion: "1", Predicate: predicate})
	createPod(t, s, "pod")
	for _, step := range []struct {
		team string
		want watch.EventType
	}{{"a", watch.Added}, {"a", watch.Modified}, {"b", watch.Deleted}, {"a", watch.Added}} {
		out := &example.Pod{}
		err := s.GuaranteedUpdate(ctx, "/pods/ns/pod", out, false, nil, storage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
			pod := obj.(*example.Pod)
			pod.Labels = map[string]string{"team": step.team, "step": fmt.Sprint(len(pod.Labels), time.Now().UnixNano())}
			return pod, nil
		}), nil)
		if err != nil {
			t.Fatal(err)
		}
		if e, _ := event(t, w); e.Type != step.want || version(t, s, e.Object) != version(t, s, out) {
			t.Fatalf("got %v of version %d, want %s of %s", e.Type, version(t, s, e.Object), step.want, out.ResourceVersion)
		}
	}
}

func TestStampedEventsCanBeUnwrapped(t *testing.T) {
	_, s := setup(t)
	w := watchPods(t, s, storage.ListOptions{ResourceVersion: "1", Predicate: storage.Everything, RecordTimestamps: true})
	before := time.Now()
	createPod(t, s, "pod")
	e, _ := event(t, w)
	stamped, ok := e.Object.(storage.WatchEventWithRecordTime)
	if !ok {
		t.Fatalf("got %T", e.Object)
	}
	if _, ok := stamped.Unwrap().(*example.Pod); !ok || stamped.RecordTime().Before(before) {
		t.Errorf("got %T of %v", stamped.Unwrap(), stamped.RecordTime())
	}
}

func TestStoppedWatchesAreForgotten(t *testing.T) {
	_, s := setup(t)
	for range 10 {
		w := watchPods(t, s, storage.ListOptions{ResourceVersion: "1", Predicate: storage.Everything, ProgressNotify: true})
		w.Stop()
		for _, ok := event(t, w); ok; _, ok = event(t, w) {
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.watches) != 0 {
		t.Errorf("%d watches are still known", len(s.watches))
	}
}
