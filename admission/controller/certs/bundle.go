package certs

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// Bundle is what clients of our servers must trust, as the ConfigMap edict-ca holds it. While the ConfigMap is gone,
// the last content stays.
type Bundle struct {
	informer cache.SharedIndexInformer

	mu      sync.RWMutex
	content []byte
	changed func()
}

// NewBundle returns the bundle in the namespace; it is loaded while Run runs. changed is called after every change.
func NewBundle(client kubernetes.Interface, namespace string, changed func()) *Bundle {
	return &Bundle{
		informer: informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace), onlyNamed(ConfigMapName)).
			Core().V1().ConfigMaps().Informer(),
		changed: changed,
	}
}

// Run follows the ConfigMap until ctx is done.
func (b *Bundle) Run(ctx context.Context) error {
	err := follow(ctx, b.informer, ConfigMapName, func(object metav1.Object) {
		configMap, ok := object.(*corev1.ConfigMap)
		if !ok {
			return
		}
		// An edited ConfigMap is put right by the Controller; until then nobody is told to trust what is no certificate.
		certificates, err := parseCertificates([]byte(configMap.Data[bundleKey]))
		if err != nil || len(certificates) == 0 {
			return
		}
		b.mu.Lock()
		b.content = []byte(configMap.Data[bundleKey])
		b.mu.Unlock()
		b.changed()
	})
	if err != nil {
		return fmt.Errorf("ConfigMap %s: %w", ConfigMapName, err)
	}
	return nil
}

// Current returns the certificates as PEM, or nothing until they are loaded.
func (b *Bundle) Current() []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.content
}
