package certs

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type counter struct{ atomic.Int32 }

func (c *counter) Enqueue() { c.Add(1) }

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("not within ten seconds: %s", what)
}

func TestServingFollowsItsSecretAndSurvivesItsLoss(t *testing.T) {
	w := newWorld(t)
	var told counter
	s := NewServing(w.client, WebhookService, namespace)
	s.AddListener(&told)
	if _, err := s.GetCertificate(nil); err == nil {
		t.Fatal("a certificate before there is one")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	defer func() { cancel(); <-done }()
	w.mustSync(t)
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	first, _ := s.GetCertificate(nil)

	w.clock.Step(140 * day)
	w.mustSync(t)
	eventually(t, "the renewed certificate is presented", func() bool {
		now, err := s.GetCertificate(nil)
		return err == nil && !now.Leaf.Equal(first.Leaf)
	})
	eventually(t, "listeners are told", func() bool { return told.Load() >= 2 })
	renewed, key := s.CurrentCertKeyContent()
	if want := w.pairIn(t, s.Name()); !bytes.Equal(renewed, want.certificate) || !bytes.Equal(key, want.key) {
		t.Error("the content is not that of the Secret")
	}

	if err := w.client.CoreV1().Secrets(namespace).Delete(ctx, s.Name(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	if _, err := s.GetCertificate(nil); err != nil {
		t.Errorf("after the Secret is gone: %v", err)
	}
}

func TestServingWaitEnds(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := NewServing(w.client, WebhookService, namespace).Wait(ctx); err == nil {
		t.Fatal("no error")
	}
}
