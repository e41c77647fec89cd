package boltstore

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/value"
)

// interruptingTransformer does something when the first object of a list is read.
type interruptingTransformer struct {
	value.Transformer
	once sync.Once
	do   func()
}

func (i *interruptingTransformer) TransformFromStorage(ctx context.Context, data []byte, dataCtx value.Context) ([]byte, bool, error) {
	i.once.Do(i.do)
	return i.Transformer.TransformFromStorage(ctx, data, dataCtx)
}

// A list that is read in several chunks is still of one revision, whatever is written meanwhile.
func TestAllChunksOfAListAreOfOneRevision(t *testing.T) {
	ctx, s := setup(t)
	const pods = 2*maxChunk + 3
	for i := range pods {
		createPod(t, s, fmt.Sprintf("pod-%05d", i))
	}
	before := list(t, s, storage.ListOptions{})
	last := fmt.Sprintf("pod-%05d", pods-1)
	restore := s.UpdateTransformer(func(t0 value.Transformer) value.Transformer {
		return &interruptingTransformer{Transformer: t0, do: func() {
			createPod(t, s, "pod-zzzzz")
			if _, err := s.mvcc.Write(ctx, deleteOp("/pods/ns/"+last)); err != nil {
				t.Error(err)
			}
		}}
	})
	got := list(t, s, storage.ListOptions{})
	restore()
	if len(got.Items) != pods || got.Items[pods-1].Name != last || got.ResourceVersion != before.ResourceVersion {
		t.Errorf("got %d items up to %s at %s, want %d up to %s at %s", len(got.Items), got.Items[len(got.Items)-1].Name,
			got.ResourceVersion, pods, last, before.ResourceVersion)
	}
	if after := list(t, s, storage.ListOptions{}); len(after.Items) != pods || after.Items[pods-1].Name != "pod-zzzzz" {
		t.Errorf("the writes did not happen: %d items up to %s", len(after.Items), after.Items[len(after.Items)-1].Name)
	}
}

// Pages are as long as the client wants, also when the store reads in shorter chunks.
func TestPagesLongerThanAChunk(t *testing.T) {
	_, s := setup(t)
	const pods, limit = 2*maxChunk + 3, maxChunk + 1
	for i := range pods {
		createPod(t, s, fmt.Sprintf("pod-%05d", i))
	}
	seen := 0
	for token := ""; ; {
		page := list(t, s, storage.ListOptions{Predicate: storage.SelectionPredicate{Limit: limit, Continue: token}})
		for _, pod := range page.Items {
			if want := fmt.Sprintf("pod-%05d", seen); pod.Name != want {
				t.Fatalf("got %s, want %s", pod.Name, want)
			}
			seen++
		}
		if token = page.Continue; token == "" {
			break
		}
		if page.RemainingItemCount == nil || *page.RemainingItemCount != int64(pods-seen) || len(page.Items) != limit {
			t.Errorf("a page of %d says that %v remain, want %d", len(page.Items), page.RemainingItemCount, pods-seen)
		}
	}
	if seen != pods {
		t.Errorf("%d of %d objects were listed", seen, pods)
	}
}

func TestListThatNobodyWaitsForEnds(t *testing.T) {
	ctx, s := setup(t)
	createPod(t, s, "pod")
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	err := s.GetList(ctx, "/pods/", storage.ListOptions{Recursive: true, Predicate: storage.Everything}, &example.PodList{})
	if !storage.IsRequestTimeout(err) {
		t.Errorf("got %v", err)
	}
}
