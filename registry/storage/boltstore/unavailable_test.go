package boltstore

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

// P09: a store that is missing or rolled back never says that there is nothing.
func TestP09UnavailableNeverSaysNothing(t *testing.T) {
	const reason = "the store was rolled back; restore a backup"
	s := Unavailable(errors.New(reason))
	ctx := context.Background()
	pod, pods := &example.Pod{}, &example.PodList{}
	_, watchErr := s.Watch(ctx, "/pods/", storage.ListOptions{})
	_, statsErr := s.Stats(ctx)
	_, versionErr := s.GetCurrentResourceVersion(ctx)
	for name, err := range map[string]error{
		"Create":                    s.Create(ctx, "/pods/a", pod, pod, 0),
		"Delete":                    s.Delete(ctx, "/pods/a", pod, nil, nil, nil, storage.DeleteOptions{}),
		"Get":                       s.Get(ctx, "/pods/a", storage.GetOptions{}, pod),
		"Get ignoring not found":    s.Get(ctx, "/pods/a", storage.GetOptions{IgnoreNotFound: true}, pod),
		"GetList":                   s.GetList(ctx, "/pods/", storage.ListOptions{}, pods),
		"GuaranteedUpdate":          s.GuaranteedUpdate(ctx, "/pods/a", pod, true, nil, nil, nil),
		"Watch":                     watchErr,
		"Stats":                     statsErr,
		"GetCurrentResourceVersion": versionErr,
		"RequestWatchProgress":      s.RequestWatchProgress(ctx),
		"ReadinessCheck":            s.ReadinessCheck(),
	} {
		t.Run(name, func(t *testing.T) {
			if err == nil {
				t.Fatal("no error")
			}
			wantStatus(t, err, http.StatusServiceUnavailable, reason)
		})
	}
	if s.Versioner() == nil {
		t.Error("registries need a versioner even so")
	}
}
