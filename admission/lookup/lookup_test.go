package lookup

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	corev1listers "k8s.io/client-go/listers/core/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/cache"
)

func namespace(name, team string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"team": team}}}
}

type brokenLister struct{}

func (brokenLister) List(labels.Selector) ([]*corev1.Namespace, error) {
	return nil, errors.New("lister broken")
}
func (brokenLister) Get(string) (*corev1.Namespace, error) { return nil, errors.New("lister broken") }

func lister(t *testing.T, namespaces ...*corev1.Namespace) corev1listers.NamespaceLister {
	t.Helper()
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for _, ns := range namespaces {
		if err := indexer.Add(ns); err != nil {
			t.Fatal(err)
		}
	}
	return corev1listers.NewNamespaceLister(indexer)
}

func TestK10NamespaceLabels(t *testing.T) {
	tests := []struct {
		name    string
		lister  corev1listers.NamespaceLister
		live    []runtime.Object
		liveErr error
		want    map[string]string
		gets    int
		wantErr []string
	}{
		{name: "cached: the API server is not asked", lister: lister(t, namespace("a", "cached")), live: []runtime.Object{namespace("a", "live")},
			want: map[string]string{"team": "cached"}},
		{name: "not cached: read", lister: lister(t), live: []runtime.Object{namespace("a", "live")}, gets: 1,
			want: map[string]string{"team": "live"}},
		{name: "lister broken: read", lister: brokenLister{}, live: []runtime.Object{namespace("a", "live")}, gets: 1,
			want: map[string]string{"team": "live"}},
		{name: "neither cached nor there", lister: lister(t), gets: 1, wantErr: []string{`"a"`, "not found"}},
		{name: "both fail", lister: brokenLister{}, liveErr: errors.New("connection refused"), gets: 1,
			wantErr: []string{`"a"`, "lister broken", "connection refused"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := fake.NewClientset(test.live...)
			if test.liveErr != nil {
				client.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, test.liveErr
				})
			}
			got, err := NewCluster(test.lister, client.CoreV1()).Within(t.Context()).NamespaceLabels("a")
			if test.wantErr == nil && err != nil || test.wantErr != nil && err == nil {
				t.Fatalf("err = %v", err)
			}
			for _, text := range test.wantErr {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not say %q", err, text)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if got := len(client.Actions()); got != test.gets {
				t.Errorf("%d live reads, want %d", got, test.gets)
			}
		})
	}
}
