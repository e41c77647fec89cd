package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

var _ dynamiccertificates.CertKeyContentProvider = &Serving{}

// Serving is the certificate that a listener presents, as its Secret holds it at the moment. When the Secret is gone
// or damaged, the last good one is presented.
type Serving struct {
	name     string
	informer cache.SharedIndexInformer

	mu        sync.RWMutex
	pair      pair
	loaded    *tls.Certificate
	listeners []dynamiccertificates.Listener
}

// NewServing returns the certificate of the Service; it is loaded while Run runs.
func NewServing(client kubernetes.Interface, service, namespace string) *Serving {
	s := &Serving{name: ServingSecret(service, namespace)}
	s.informer = informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace), onlyNamed(s.name)).
		Core().V1().Secrets().Informer()
	return s
}

// Run follows the Secret until ctx is done.
func (s *Serving) Run(ctx context.Context) error {
	err := follow(ctx, s.informer, s.name, func(object metav1.Object) {
		if secret, ok := object.(*corev1.Secret); ok {
			s.load(ctx, pairOf(secret))
		}
	})
	if err != nil {
		return fmt.Errorf("secret %s: %w", s.name, err)
	}
	return nil
}

func (s *Serving) load(ctx context.Context, p pair) {
	loaded, err := tls.X509KeyPair(p.certificate, p.key)
	if err != nil {
		// Not the error itself: it may quote what it could not read.
		klog.FromContext(ctx).Info("The Secret holds no certificate with its key; the one loaded before stays", "secret", s.name)
		return
	}
	s.mu.Lock()
	s.pair, s.loaded = p, &loaded
	listeners := s.listeners
	s.mu.Unlock()
	for _, listener := range listeners {
		listener.Enqueue()
	}
}

// GetCertificate is for tls.Config.
func (s *Serving) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.loaded == nil {
		return nil, fmt.Errorf("the certificate in Secret %s is not loaded yet", s.name)
	}
	return s.loaded, nil
}

// Wait returns when a certificate is loaded, or with an error when ctx is done before.
func (s *Serving) Wait(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := s.GetCertificate(nil); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a certificate in Secret %s: %w", s.name, ctx.Err())
		case <-ticker.C:
		}
	}
}

// Name, AddListener and CurrentCertKeyContent are for the secure serving of k8s.io/apiserver.
func (s *Serving) Name() string { return s.name }

// AddListener registers whom to tell when another certificate is loaded.
func (s *Serving) AddListener(listener dynamiccertificates.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, listener)
}

// CurrentCertKeyContent returns certificate and key as PEM, empty until they are loaded.
func (s *Serving) CurrentCertKeyContent() (certificate, key []byte) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.pair.certificate, s.pair.key
}

// onlyNamed restricts an informer to one object, which RBAC can then grant by name.
func onlyNamed(name string) informers.SharedInformerOption {
	return informers.WithTweakListOptions(func(options *metav1.ListOptions) {
		options.FieldSelector = fields.OneTermEqualSelector("metadata.name", name).String()
	})
}

// follow calls changed for every state of the object, and returns when ctx is done.
func follow(ctx context.Context, informer cache.SharedIndexInformer, name string, changed func(metav1.Object)) error {
	see := func(object any) {
		if object, ok := object.(metav1.Object); ok && object.GetName() == name {
			changed(object)
		}
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    see,
		UpdateFunc: func(_, object any) { see(object) },
	})
	if err != nil {
		return err
	}
	defer func() { _ = informer.RemoveEventHandler(registration) }()
	informer.RunWithContext(ctx)
	return nil
}
