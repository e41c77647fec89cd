package certs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/ktesting"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	aggregatorfake "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	clocktesting "k8s.io/utils/clock/testing"
)

const (
	namespace  = "kyverno"
	apiService = "v1.kyverno.io"
	day        = 24 * time.Hour
)

type world struct {
	*Controller
	client     *fake.Clientset
	aggregator *aggregatorfake.Clientset
	clock      *clocktesting.FakeClock
	ctx        context.Context
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		client:     fake.NewClientset(),
		aggregator: aggregatorfake.NewClientset(&apiregistrationv1.APIService{ObjectMeta: metav1.ObjectMeta{Name: apiService}}),
		clock:      clocktesting.NewFakeClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)),
		ctx:        t.Context(),
	}
	w.Controller = New(Config{
		Client: w.client, Aggregator: w.aggregator.ApiregistrationV1(), Namespace: namespace,
		ExtraNames: []string{"localhost", "127.0.0.1"}, APIServices: []string{apiService}, Clock: w.clock,
	})
	return w
}

func (w *world) mustSync(t *testing.T) {
	t.Helper()
	if err := w.sync(w.ctx); err != nil {
		t.Fatal(err)
	}
}

func (w *world) pairIn(t *testing.T, name string) pair {
	t.Helper()
	secret, err := w.client.CoreV1().Secrets(namespace).Get(w.ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if secret.Type != corev1.SecretTypeTLS {
		t.Errorf("%s is of type %s", name, secret.Type)
	}
	return pairOf(secret)
}

func (w *world) bundle(t *testing.T) []byte {
	t.Helper()
	configMap, err := w.client.CoreV1().ConfigMaps(namespace).Get(w.ctx, ConfigMapName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return []byte(configMap.Data["ca.crt"])
}

// served fails the test unless the certificate of the Service is accepted by who trusts the bundle, and returns it.
func (w *world) served(t *testing.T, service string, bundle []byte) *x509.Certificate {
	t.Helper()
	p := w.pairIn(t, ServingSecret(service, namespace))
	loaded, err := tls.X509KeyPair(p.certificate, p.key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	for _, name := range []string{service, service + ".kyverno", service + ".kyverno.svc", "localhost", "127.0.0.1"} {
		if _, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: w.clock.Now()}); err != nil {
			t.Errorf("%s as %s on %s: %v", service, name, w.clock.Now(), err)
		}
	}
	return loaded.Leaf
}

func TestFirstSyncMakesEverything(t *testing.T) {
	w := newWorld(t)
	w.mustSync(t)
	bundle := w.bundle(t)
	for _, service := range []string{WebhookService, APIService} {
		leaf := w.served(t, service, bundle)
		if got := leaf.NotAfter.Sub(w.clock.Now()); got != 150*day {
			t.Errorf("%s is valid for %s", service, got)
		}
		if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
			t.Errorf("%s has a key of type %T", service, leaf.PublicKey)
		}
		if leaf.IsCA || !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
			t.Errorf("%s can do more than serve", service)
		}
	}
	ca, err := parseCertificates(w.pairIn(t, "kyverno-svc.kyverno.svc.kyverno-tls-ca").certificate)
	if err != nil || len(ca) != 1 || !ca[0].IsCA || ca[0].NotAfter.Sub(w.clock.Now()) != 365*day {
		t.Errorf("authority: %v %v", ca, err)
	}
	service, err := w.aggregator.ApiregistrationV1().APIServices().Get(w.ctx, apiService, metav1.GetOptions{})
	if err != nil || !bytes.Equal(service.Spec.CABundle, bundle) || service.Spec.InsecureSkipTLSVerify {
		t.Errorf("APIService does not hold the bundle: %v", err)
	}
}

func TestSecondSyncWritesNothing(t *testing.T) {
	w := newWorld(t)
	w.mustSync(t)
	w.client.ClearActions()
	w.aggregator.ClearActions()
	w.clock.Step(time.Hour)
	w.mustSync(t)
	for _, action := range append(w.client.Actions(), w.aggregator.Actions()...) {
		if action.GetVerb() != "get" {
			t.Errorf("%s %s", action.GetVerb(), action.GetResource().Resource)
		}
	}
}

// A client that learns of the bundle a day late, and a server that loads its certificate a day late, never fail to meet.
func TestRotationOverThreeYears(t *testing.T) {
	w := newWorld(t)
	w.mustSync(t)
	bundle, authorities, leaves := w.bundle(t), map[string]bool{}, map[string]bool{}
	for today := range 3 * 365 {
		before := bundle
		old := w.served(t, WebhookService, before)
		w.mustSync(t)
		bundle = w.bundle(t)
		leaf := w.served(t, WebhookService, before) // new certificate, old trust
		w.served(t, APIService, bundle)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(bundle)
		if _, err := old.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: w.clock.Now()}); err != nil { // old certificate, new trust
			t.Fatalf("day %d: %v", today, err)
		}
		trusted, err := parseCertificates(bundle)
		if err != nil || len(trusted) > 2 {
			t.Fatalf("day %d: %d authorities are trusted, %v", today, len(trusted), err)
		}
		authorities[trusted[0].SerialNumber.String()], leaves[leaf.SerialNumber.String()] = true, true
		if t.Failed() {
			t.Fatalf("day %d", today)
		}
		w.clock.Step(day)
	}
	if len(authorities) != 6 || len(leaves) != 9 {
		t.Errorf("%d authorities and %d serving certificates in three years; want one in 200 days and one in 135", len(authorities), len(leaves))
	}
}

func TestHeals(t *testing.T) {
	deleteSecret := func(name string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			if err := w.client.CoreV1().Secrets(namespace).Delete(w.ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	damageSecret := func(name, key string, value []byte) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			secret, err := w.client.CoreV1().Secrets(namespace).Get(w.ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			secret.Data[key] = value
			if _, err := w.client.CoreV1().Secrets(namespace).Update(w.ctx, secret, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	deleteBundle := func(t *testing.T, w *world) {
		if err := w.client.CoreV1().ConfigMaps(namespace).Delete(w.ctx, ConfigMapName, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	ca, serving := AuthoritySecret(namespace), ServingSecret(WebhookService, namespace)
	tests := []struct {
		name     string
		damage   []func(*testing.T, *world)
		sameLeaf bool
	}{
		{name: "authority deleted: what it signed stays in use and trusted", damage: []func(*testing.T, *world){deleteSecret(ca)}, sameLeaf: true},
		{name: "authority without its key", damage: []func(*testing.T, *world){damageSecret(ca, "tls.key", nil)}, sameLeaf: true},
		{name: "authority is not PEM", damage: []func(*testing.T, *world){damageSecret(ca, "tls.crt", []byte("x"))}, sameLeaf: true},
		{name: "bundle deleted", damage: []func(*testing.T, *world){deleteBundle}, sameLeaf: true},
		{name: "authority and bundle deleted", damage: []func(*testing.T, *world){deleteSecret(ca), deleteBundle}},
		{name: "serving certificate deleted", damage: []func(*testing.T, *world){deleteSecret(serving)}},
		{name: "serving key damaged", damage: []func(*testing.T, *world){damageSecret(serving, "tls.key", []byte("x"))}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.mustSync(t)
			before := w.served(t, WebhookService, w.bundle(t))
			for _, damage := range test.damage {
				damage(t, w)
			}
			w.mustSync(t)
			after := w.served(t, WebhookService, w.bundle(t))
			if before.Equal(after) != test.sameLeaf {
				t.Errorf("same serving certificate: %v, want %v", before.Equal(after), test.sameLeaf)
			}
		})
	}
}

func TestForeignAuthorityInBundleIsNotKept(t *testing.T) {
	w := newWorld(t)
	w.mustSync(t)
	foreign, err := newAuthority(w.clock.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	configMap, err := w.client.CoreV1().ConfigMaps(namespace).Get(w.ctx, ConfigMapName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	configMap.Data["ca.crt"] += string(encodeCertificates([]*x509.Certificate{foreign.certificate}))
	if _, err := w.client.CoreV1().ConfigMaps(namespace).Update(w.ctx, configMap, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := w.client.CoreV1().Secrets(namespace).Delete(w.ctx, AuthoritySecret(namespace), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.mustSync(t)
	trusted, err := parseCertificates(w.bundle(t))
	if err != nil || len(trusted) != 2 {
		t.Fatalf("%d trusted, %v; want the new one and the one in use", len(trusted), err)
	}
	for _, certificate := range trusted {
		if certificate.Equal(foreign.certificate) {
			t.Error("an authority that signed nothing of ours is trusted after a sync")
		}
	}
}

// A failing read is not absence: an authority that cannot be read must not be replaced.
func TestUnreadableAuthorityIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.mustSync(t)
	w.client.PrependReactor("get", "secrets", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "x", nil)
	})
	w.client.ClearActions()
	if err := w.sync(w.ctx); err == nil {
		t.Fatal("no error")
	}
	for _, action := range w.client.Actions() {
		if action.GetVerb() != "get" {
			t.Errorf("%s %s", action.GetVerb(), action.GetResource().Resource)
		}
	}
}

func TestMissingAPIServiceIsToldAndStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.config.APIServices = []string{"v1.missing.io", apiService}
	if err := w.sync(w.ctx); err == nil || !strings.Contains(err.Error(), "v1.missing.io") {
		t.Fatalf("err = %v", err)
	}
	w.served(t, APIService, w.bundle(t))
}

func TestKeysAreNotLogged(t *testing.T) {
	logger := ktesting.NewLogger(t, ktesting.NewConfig(ktesting.BufferLogs(true), ktesting.Verbosity(10)))
	w := newWorld(t)
	w.ctx = klog.NewContext(t.Context(), logger)
	w.mustSync(t)
	s := NewServing(w.client, WebhookService, namespace)
	s.load(w.ctx, pair{certificate: []byte("x"), key: w.pairIn(t, ServingSecret(WebhookService, namespace)).key})
	logs := logger.GetSink().(ktesting.Underlier).GetBuffer().String()
	if !strings.Contains(logs, "serving certificate") {
		t.Fatalf("nothing was logged: %q", logs)
	}
	if strings.Contains(logs, "PRIVATE") {
		t.Errorf("a key is in the log:\n%s", logs)
	}
}
