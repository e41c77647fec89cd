package boltstore

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

func createPod(t testing.TB, s storage.Interface, name string) *example.Pod {
	t.Helper()
	pod := &example.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
	out := &example.Pod{}
	if err := s.Create(context.Background(), "/pods/ns/"+name, pod, out, 0); err != nil {
		t.Fatal(err)
	}
	return out
}

func list(t testing.TB, s storage.Interface, opts storage.ListOptions) *example.PodList {
	t.Helper()
	opts.Recursive = true
	if opts.Predicate.Label == nil {
		limit, token := opts.Predicate.Limit, opts.Predicate.Continue
		opts.Predicate = storage.Everything
		opts.Predicate.Limit, opts.Predicate.Continue = limit, token
	}
	out := &example.PodList{}
	if err := s.GetList(context.Background(), "/pods/", opts, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// event is the next event of a watch, which must come soon; not ok when the watch has ended.
func event(t testing.TB, w watch.Interface) (watch.Event, bool) {
	t.Helper()
	select {
	case e, ok := <-w.ResultChan():
		return e, ok
	case <-time.After(20 * time.Second):
		t.Fatal("no event comes")
	}
	return watch.Event{}, false
}

func wantStatus(t testing.TB, err error, code int32, message string) {
	t.Helper()
	status, ok := err.(apierrors.APIStatus)
	if !ok {
		t.Fatalf("got %v, want a status", err)
	}
	if got := status.Status(); got.Code != code || !strings.Contains(got.Message, message) {
		t.Errorf("got %d %q, want %d and %q", got.Code, got.Message, code, message)
	}
}

// restart closes a file and opens it again under a new storage.
func restart(t testing.TB, s *suiteStore) *suiteStore {
	t.Helper()
	path := s.mvcc.Path()
	if err := s.mvcc.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := mvcc.Open(mvcc.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	_, next := setup(t, func(c *Config) { c.Store = file })
	return next
}

func TestWatchAndContinueSurviveARestart(t *testing.T) {
	ctx, s := setup(t)
	for i := range 5 {
		createPod(t, s, fmt.Sprintf("pod-%d", i))
	}
	first := list(t, s, storage.ListOptions{Predicate: storage.SelectionPredicate{Limit: 2}})
	if first.Continue == "" || first.RemainingItemCount == nil || *first.RemainingItemCount != 3 {
		t.Fatalf("the first page ends with %q, remaining %v", first.Continue, first.RemainingItemCount)
	}
	late := createPod(t, s, "late")
	s = restart(t, s)

	rest := list(t, s, storage.ListOptions{Predicate: storage.SelectionPredicate{Continue: first.Continue}})
	if len(rest.Items) != 3 || rest.ResourceVersion != first.ResourceVersion {
		t.Errorf("the rest has %d items at %s, want 3 at %s", len(rest.Items), rest.ResourceVersion, first.ResourceVersion)
	}
	w, err := s.Watch(ctx, "/pods/", storage.ListOptions{ResourceVersion: first.ResourceVersion, Predicate: storage.Everything, Recursive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	e, _ := event(t, w)
	if pod, ok := e.Object.(*example.Pod); !ok || e.Type != watch.Added || pod.ResourceVersion != late.ResourceVersion {
		t.Errorf("got %v, want %s to be added", e, late.Name)
	}
	if next := createPod(t, s, "next"); next.ResourceVersion <= late.ResourceVersion {
		t.Errorf("the resource version went from %s to %s", late.ResourceVersion, next.ResourceVersion)
	}
}

func TestClosedStore(t *testing.T) {
	ctx, s := setup(t)
	createPod(t, s, "pod")
	w, err := s.Watch(ctx, "/pods/", storage.ListOptions{Predicate: storage.Everything, Recursive: true, ResourceVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := event(t, w); !ok || e.Type != watch.Added {
		t.Fatalf("got %v", e)
	}
	if err := s.ReadinessCheck(); err != nil {
		t.Error(err)
	}
	if err := s.mvcc.Close(); err != nil {
		t.Fatal(err)
	}
	if e, ok := event(t, w); ok {
		t.Errorf("the watch did not just end: %v", e)
	}
	if err := s.ReadinessCheck(); err == nil {
		t.Error("a closed store is ready")
	}
	const message = "the store is closed"
	wantStatus(t, s.Get(ctx, "/pods/ns/pod", storage.GetOptions{}, &example.Pod{}), http.StatusServiceUnavailable, message)
	wantStatus(t, s.GetList(ctx, "/pods/", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, &example.PodList{}), http.StatusServiceUnavailable, message)
	wantStatus(t, s.Create(ctx, "/pods/ns/new", &example.Pod{}, nil, 0), http.StatusServiceUnavailable, message)
	_, err = s.Watch(ctx, "/pods/", storage.ListOptions{Predicate: storage.Everything, Recursive: true})
	wantStatus(t, err, http.StatusServiceUnavailable, message)
}

func TestTooLargeObjectIsRefused(t *testing.T) {
	ctx, s := setup(t)
	pod := &example.Pod{ObjectMeta: metav1.ObjectMeta{Name: "big", Annotations: map[string]string{"a": strings.Repeat("x", mvcc.MaxValueSize)}}}
	wantStatus(t, s.Create(ctx, "/pods/ns/big", pod, nil, 0), http.StatusRequestEntityTooLarge, "must not exceed")
}

func TestCorruptObjectsCanBeNamedAndDeleted(t *testing.T) {
	allowUnsafeDelete(t, true)
	ctx, s := setup(t, func(c *Config) { c.MarkCorrupt = true })
	createPod(t, s, "good")
	for name, value := range map[string]string{"untransformable": "garbage", "undecodable": storedPrefix + "garbage"} {
		key := "/pods/ns/" + name
		if _, err := s.mvcc.Write(ctx, mvcc.Op{Type: mvcc.Put, Key: []byte(key), Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Get(ctx, key, storage.GetOptions{}, &example.Pod{}); !storage.IsCorruptObject(err) {
			t.Errorf("%s: got %v, want a corrupt object", name, err)
		}
	}
	err := s.GetList(ctx, "/pods/", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, &example.PodList{})
	wantStatus(t, err, http.StatusInternalServerError, "/pods/ns/undecodable, /pods/ns/untransformable")
	for _, name := range []string{"untransformable", "undecodable"} {
		err := s.Delete(ctx, "/pods/ns/"+name, &example.Pod{}, nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{ExpectTransformOrDecodeError: true})
		if err != nil {
			t.Errorf("delete %s: %v", name, err)
		}
	}
	if pods := list(t, s, storage.ListOptions{}); len(pods.Items) != 1 {
		t.Errorf("%d objects are left", len(pods.Items))
	}
}

func TestExpectedCorruptionThatIsNone(t *testing.T) {
	allowUnsafeDelete(t, true)
	ctx, s := setup(t, func(c *Config) { c.MarkCorrupt = true })
	createPod(t, s, "good")
	err := s.Delete(ctx, "/pods/ns/good", &example.Pod{}, nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{ExpectTransformOrDecodeError: true})
	if !storage.IsInvalidObj(err) {
		t.Errorf("got %v", err)
	}
}

func TestPrefixesKeepResourcesApart(t *testing.T) {
	file := openFile(t)
	_, pods := setup(t, func(c *Config) { c.Store, c.Prefix = file, "registry//" })
	_, others := setup(t, func(c *Config) { c.Store, c.Prefix, c.ResourcePrefix = file, "/registry", "/pods.other" })
	createPod(t, pods, "a")
	if err := others.Create(context.Background(), "/pods.other/ns/b", &example.Pod{}, nil, 0); err != nil {
		t.Fatal(err)
	}
	if kv, _, err := file.Get(context.Background(), []byte("/registry/pods/ns/a"), 0); err != nil || kv == nil {
		t.Errorf("the object is not where it should be: %v, %v", kv, err)
	}
	if got := list(t, pods, storage.ListOptions{}); len(got.Items) != 1 {
		t.Errorf("%d pods are listed", len(got.Items))
	}
	stats, err := others.Stats(context.Background())
	if err != nil || stats.ObjectCount != 1 {
		t.Errorf("got %+v, %v", stats, err)
	}
}

func TestNewRefusesHalfAConfig(t *testing.T) {
	file := openFile(t)
	_, whole := setup(t, func(c *Config) { c.Store = file })
	for name, spoil := range map[string]func(*Config){
		"no store":           func(c *Config) { c.Store = nil },
		"no codec":           func(c *Config) { c.Codec = nil },
		"no resource prefix": func(c *Config) { c.ResourcePrefix = "" },
		"root as prefix":     func(c *Config) { c.ResourcePrefix = "/" },
		"relative prefix":    func(c *Config) { c.ResourcePrefix = "pods" },
	} {
		config := whole.config
		spoil(&config)
		if _, err := New(config); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
