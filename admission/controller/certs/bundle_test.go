package certs

import (
	"bytes"
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestBundleKeepsTheLastGoodContent(t *testing.T) {
	w := newWorld(t)
	changes := make(chan struct{}, 16)
	b := NewBundle(w.client, namespace, func() { changes <- struct{}{} })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := b.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	defer func() { cancel(); <-done }()
	if b.Current() != nil {
		t.Fatal("a bundle before there is one")
	}
	w.mustSync(t)
	<-changes
	good := w.bundle(t)
	if !bytes.Equal(b.Current(), good) {
		t.Fatal("not what the ConfigMap holds")
	}
	configMaps := w.client.CoreV1().ConfigMaps(namespace)
	configMap, err := configMaps.Get(ctx, ConfigMapName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{"", "no PEM at all"} {
		configMap.Data = map[string]string{"ca.crt": damaged}
		if _, err := configMaps.Update(ctx, configMap, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Step(210 * day) // the next authority: a change that must arrive after the damaged ones
	w.mustSync(t)
	<-changes
	if !bytes.Equal(b.Current(), w.bundle(t)) || bytes.Equal(b.Current(), good) {
		t.Error("the bundle did not follow")
	}
	if len(changes) != 0 {
		t.Error("told of a bundle that holds no certificate")
	}
}
