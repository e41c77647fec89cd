package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/edict-dev/edict/registry/storage/mvcc"
)

const namespace = "kyverno"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// write makes a store as many revisions older as there are keys.
func write(t *testing.T, store *mvcc.Store, keys ...string) {
	t.Helper()
	for _, key := range keys {
		_, err := store.Write(t.Context(), mvcc.Op{Type: mvcc.Put, Key: []byte(key), Value: []byte("v"), Expect: mvcc.AnyRevision})
		must(t, err)
	}
}

// newStore makes a store with some writes in it, and closes it.
func newStore(t *testing.T, path string) storeRecord {
	t.Helper()
	store, err := openStore(path)
	must(t, err)
	write(t, store, "a", "b", "c")
	record := storeRecord{id: store.ID(), revision: store.Revision()}
	must(t, store.Close())
	return record
}

func (r storeRecord) data() map[string]string {
	return map[string]string{idKey: r.id, revisionKey: strconv.FormatInt(r.revision, 10)}
}

func TestOpenPolicyStore(t *testing.T) {
	for _, c := range []struct {
		name string
		// prepare puts the file there and says what is on record.
		prepare func(t *testing.T, path string) map[string]string
		// problem is in the error; empty when the store may be served.
		problem string
		// withReset is the problem with --accept-store-reset.
		withReset string
	}{
		{"first start", func(*testing.T, string) map[string]string { return nil }, "", ""},
		{"a store, none recorded", func(t *testing.T, path string) map[string]string {
			newStore(t, path)
			return nil
		}, "", ""},
		{"the recorded store", func(t *testing.T, path string) map[string]string { return newStore(t, path).data() }, "", ""},
		{"the record lags", func(t *testing.T, path string) map[string]string {
			record := newStore(t, path)
			record.revision--
			return record.data()
		}, "", ""},
		{"rolled back", func(t *testing.T, path string) map[string]string {
			record := newStore(t, path)
			record.revision++
			return record.data()
		}, "is older than it was", ""},
		{"another store", func(t *testing.T, path string) map[string]string {
			newStore(t, path)
			return storeRecord{"ANOTHER", 1}.data()
		}, "is another store", ""},
		{"missing", func(*testing.T, string) map[string]string { return storeRecord{"LOST", 70}.data() }, "is missing", ""},
		{"broken", func(t *testing.T, path string) map[string]string {
			must(t, os.WriteFile(path, nil, 0o600))
			return storeRecord{"LOST", 70}.data()
		}, "it is empty", "it is empty"},
		{"a record that is none", func(t *testing.T, path string) map[string]string {
			record := newStore(t, path).data()
			record[revisionKey] = "many"
			return record
		}, "correct it, or delete", "correct it, or delete"},
		{"an empty record", func(t *testing.T, path string) map[string]string {
			newStore(t, path)
			return map[string]string{}
		}, "correct it, or delete", "correct it, or delete"},
	} {
		for _, reset := range []bool{false, true} {
			t.Run(c.name+map[bool]string{true: ", reset accepted"}[reset], func(t *testing.T) {
				path := filepath.Join(t.TempDir(), policiesFile)
				recorded := c.prepare(t, path)
				p := policyStore{path: path, recordedIn: "kyverno/" + recordName, recorded: recorded, acceptReset: reset}
				store, err := p.open(t.Context())
				problem := c.problem
				if reset {
					problem = c.withReset
				}
				if problem != "" {
					if err == nil || !strings.Contains(err.Error(), problem) || !strings.Contains(err.Error(), path) {
						t.Fatalf("want a refusal that says %q and names the file, got %v", problem, err)
					}
					return
				}
				must(t, err)
				defer func() { must(t, store.Close()) }()
				record, err := parseRecord(recorded)
				if err == nil && store.Revision() < record.revision {
					t.Errorf("serves revision %d, recorded was %d", store.Revision(), record.revision)
				}
				if lost := c.problem != ""; lost && store.Compacted() < record.revision {
					t.Errorf("a watch from before the loss would go on: compacted to %d of %d", store.Compacted(), store.Revision())
				}
			})
		}
	}
}

// A store that is lost and not accepted leaves no file behind that a later start would take for it.
func TestMissingStoreIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), policiesFile)
	p := policyStore{path: path, recorded: storeRecord{"LOST", 70}.data()}
	if _, err := p.open(t.Context()); err == nil {
		t.Fatal("opened")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestRecordIsAwaited(t *testing.T) {
	client := fake.NewClientset()
	ctx, cancel := context.WithCancel(t.Context())
	client.PrependReactor("get", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("configmaps"), recordName, errors.New("not yet"))
	})
	var told error
	data, err := storeRecords{client, namespace}.await(ctx, func(problem error) {
		told = problem
		cancel() // rather than wait for the next attempt
	})
	if !errors.Is(err, context.Canceled) || data != nil {
		t.Errorf("without an answer: %v, %v", data, err)
	}
	if told == nil || !strings.Contains(told.Error(), "not yet") || !strings.Contains(told.Error(), recordName) {
		t.Errorf("what is waited for is told as %v", told)
	}
}

// The record follows the store, never runs ahead of it, and is not written when there is nothing new.
func TestRecordFollowsStore(t *testing.T) {
	store, err := openStore(filepath.Join(t.TempDir(), policiesFile))
	must(t, err)
	defer func() { must(t, store.Close()) }()
	client := fake.NewClientset()
	records := storeRecords{client, namespace}
	var mu sync.Mutex
	var written []int64
	seen := func(action clienttesting.Action) (bool, runtime.Object, error) {
		object := action.(clienttesting.CreateAction).GetObject().(*corev1.ConfigMap)
		revision, err := strconv.ParseInt(object.Data[revisionKey], 10, 64)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || revision > store.Revision() {
			t.Errorf("recorded %q while the store is at %d", object.Data[revisionKey], store.Revision())
		}
		written = append(written, revision)
		return false, nil, nil
	}
	client.PrependReactor("create", "configmaps", seen)
	client.PrependReactor("update", "configmaps", seen)

	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { records.follow(ctx, store) })
	time.Sleep(recordInterval / 4)
	for range 50 {
		write(t, store, "k")
	}
	time.Sleep(2*recordInterval + recordInterval/2)
	write(t, store, "last")
	cancel()
	following.Wait()

	data, err := records.read(t.Context())
	must(t, err)
	record, err := parseRecord(data)
	must(t, err)
	if record.id != store.ID() || record.revision != store.Revision() {
		t.Errorf("the last record is %+v, the store %s at %d", record, store.ID(), store.Revision())
	}
	mu.Lock()
	defer mu.Unlock()
	if len(written) > 6 { // an update that finds nothing and a create, one for the writes, one at the end
		t.Errorf("recorded %d times: %v", len(written), written)
	}
}

func TestRecordIsMadeAgain(t *testing.T) {
	client := fake.NewClientset()
	records := storeRecords{client, namespace}
	for _, revision := range []int64{1, 2} {
		must(t, records.write(t.Context(), storeRecord{"S", revision}))
		data, err := records.read(t.Context())
		must(t, err)
		if record, err := parseRecord(data); err != nil || record != (storeRecord{"S", revision}) {
			t.Errorf("wrote revision %d, read %+v: %v", revision, record, err)
		}
		must(t, client.CoreV1().ConfigMaps(namespace).Delete(t.Context(), recordName, metav1.DeleteOptions{}))
	}
}
