package app

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/kubernetes/fake"
	certutil "k8s.io/client-go/util/cert"

	"github.com/edict-dev/edict/admission/controller/certs"
)

func newServer(client *fake.Clientset) *apiServer {
	return &apiServer{namespace: namespace, APIConfig: &APIConfig{
		Kubernetes: client,
		Generic:    &genericapiserver.RecommendedConfig{Config: genericapiserver.Config{SecureServing: &genericapiserver.SecureServingInfo{}}},
	}}
}

func TestCertificateIsAwaited(t *testing.T) {
	client := fake.NewClientset()
	server := newServer(client)
	presented := make(chan error, 1)
	go func() { presented <- server.presentCertificate(t.Context()) }()
	select {
	case err := <-presented:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	certificate, key, err := certutil.GenerateSelfSignedCertKey("kyverno-api.kyverno.svc", nil, nil)
	must(t, err)
	_, err = client.CoreV1().Secrets(namespace).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: certs.ServingSecret(certs.APIService, namespace)},
		Data:       map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key},
	}, metav1.CreateOptions{})
	must(t, err)
	must(t, <-presented)
	if got, _ := server.Generic.SecureServing.Cert.CurrentCertKeyContent(); !bytes.Equal(got, certificate) {
		t.Error("another certificate is presented")
	}
}

func TestWaitingForCertificateEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := newServer(fake.NewClientset()).presentCertificate(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
