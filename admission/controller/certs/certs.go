// Package certs makes and renews the certificates that Edict's servers present: one authority, kept in a Secret, and a
// serving certificate for each Service, signed by it. It tells those who call the servers what to trust: the ConfigMap
// edict-ca, from which the webhook configurations are filled, and spec.caBundle of our APIServices.
//
// The Controller writes and runs under a lease. Serving and Bundle only read; every process has its own. None of them
// makes certificates for clients, and none configures a listener.
//
// # Rotation
//
// Clients trust the authority and those before it that have not expired. A new authority begins 165 days before the
// old one ends, longer than anything that it has signed can still be in use. Serving certificates are left alone then:
// each is renewed in its own time, by which the new authority has long been trusted. So there is no moment at which a
// client must learn something faster than a server does.
package certs

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
	apiregistrationv1client "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"
	"k8s.io/utils/clock"

	"github.com/edict-dev/edict/admission/controller"
)

const (
	// WebhookService and APIService are the names of the Services that present certificates of ours.
	WebhookService = "kyverno-svc"
	APIService     = "kyverno-api"
	// ConfigMapName is the ConfigMap that holds, under ca.crt, what clients of our servers must trust.
	ConfigMapName = "edict-ca"

	bundleKey = "ca.crt"
	// How often everything is looked at again, so that what was deleted or edited is back within seconds.
	interval = 10 * time.Second
)

// AuthoritySecret is the name of the Secret with the authority's certificates and key.
func AuthoritySecret(namespace string) string {
	return fmt.Sprintf("%s.%s.svc.kyverno-tls-ca", WebhookService, namespace)
}

// ServingSecret is the name of the Secret with the certificate and key that the Service presents.
func ServingSecret(service, namespace string) string {
	return fmt.Sprintf("%s.%s.svc.kyverno-tls-pair", service, namespace)
}

// Config says where certificates are kept and who must trust them.
type Config struct {
	Client kubernetes.Interface
	// Namespace is Edict's own.
	Namespace string
	// ExtraNames are host names and addresses that serving certificates hold beside those of their Service.
	ExtraNames []string
	// APIServices are the names of our APIServices, and Aggregator is how they are reached.
	APIServices []string
	Aggregator  apiregistrationv1client.APIServicesGetter
	// Clock is the real one when it is nil.
	Clock clock.WithTicker
}

// Controller keeps certificates. Only one may run at a time.
type Controller struct {
	config Config
	runner *controller.Runner
}

// New returns a Controller that does nothing until Run is called.
func New(config Config) *Controller {
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	c := &Controller{config: config}
	c.runner = controller.NewRunner(controller.Config{
		Name:       "certs",
		Keys:       func() []string { return []string{"all"} },
		Reconcile:  func(ctx context.Context, _ string) (time.Duration, error) { return interval, c.sync(ctx) },
		MaxBackoff: interval,
		Clock:      config.Clock,
	})
	return c
}

// Run keeps certificates until ctx is done.
func (c *Controller) Run(ctx context.Context) { c.runner.Run(ctx) }

// Health tells how it goes.
func (c *Controller) Health() controller.Health { return c.runner.Health() }

// sync goes from the authority outward: what is trusted is written before anything that is signed anew.
func (c *Controller) sync(ctx context.Context) error {
	now := c.config.Clock.Now()
	authority, err := c.authority(ctx, now)
	if err != nil {
		return fmt.Errorf("certificate authority: %w", err)
	}
	trusted := authority.trusted(now)
	bundle := encodeCertificates(trusted)
	if err := c.publish(ctx, bundle); err != nil {
		return fmt.Errorf("ConfigMap %s: %w", ConfigMapName, err)
	}
	var errs []error
	for _, name := range c.config.APIServices {
		if err := c.trust(ctx, name, bundle); err != nil {
			errs = append(errs, fmt.Errorf("APIService %s: %w", name, err))
		}
	}
	for _, service := range []string{WebhookService, APIService} {
		if err := c.serving(ctx, service, authority, now); err != nil {
			errs = append(errs, fmt.Errorf("certificate of Service %s: %w", service, err))
		}
	}
	return errors.Join(errs...)
}

// authority reads the authority and makes one when there is none, when what is there cannot be used, or when its time
// has come.
func (c *Controller) authority(ctx context.Context, now time.Time) (*authority, error) {
	secret, err := c.secret(ctx, AuthoritySecret(c.config.Namespace))
	if err != nil {
		return nil, err
	}
	current, err := parseAuthority(pairOf(secret.Secret))
	switch {
	case err != nil:
		// Lost or damaged. What it has signed is still served, so whoever signed that stays trusted.
		earlier, err := c.signersInUse(ctx, now)
		if err != nil {
			return nil, err
		}
		current, err = newAuthority(now, earlier)
		if err != nil {
			return nil, err
		}
		klog.FromContext(ctx).Info("Made a new certificate authority: there was none that could be used", "serial", current.certificate.SerialNumber)
	case current.due(now):
		previous := current
		current, err = newAuthority(now, previous.trusted(now))
		if err != nil {
			return nil, err
		}
		klog.FromContext(ctx).Info("Made a new certificate authority: the old one ends in time to come", "serial", current.certificate.SerialNumber, "oldEnds", previous.certificate.NotAfter)
	}
	wanted, err := current.pair(now)
	if err != nil {
		return nil, err
	}
	return current, c.writeSecret(ctx, secret, wanted)
}

// signersInUse are the published authorities that have signed a certificate which is served now.
func (c *Controller) signersInUse(ctx context.Context, now time.Time) ([]*x509.Certificate, error) {
	published, err := c.config.Client.CoreV1().ConfigMaps(c.config.Namespace).Get(ctx, ConfigMapName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	candidates, err := parseCertificates([]byte(published.Data[bundleKey]))
	if err != nil {
		return nil, nil // damaged too: nothing can be kept
	}
	var signers []*x509.Certificate
	for _, candidate := range candidates {
		for _, service := range []string{WebhookService, APIService} {
			secret, err := c.secret(ctx, ServingSecret(service, c.config.Namespace))
			if err != nil {
				return nil, err
			}
			if unusable(pairOf(secret.Secret), c.names(service), []*x509.Certificate{candidate}, now) == "" {
				signers = append(signers, candidate)
				break
			}
		}
	}
	return signers, nil
}

func (c *Controller) publish(ctx context.Context, bundle []byte) error {
	client := c.config.Client.CoreV1().ConfigMaps(c.config.Namespace)
	published, err := client.Get(ctx, ConfigMapName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = client.Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: ConfigMapName, Namespace: c.config.Namespace},
			Data:       map[string]string{bundleKey: string(bundle)},
		}, metav1.CreateOptions{})
		return err
	case err != nil:
		return err
	case published.Data[bundleKey] == string(bundle):
		return nil
	}
	published = published.DeepCopy()
	published.Data = map[string]string{bundleKey: string(bundle)}
	_, err = client.Update(ctx, published, metav1.UpdateOptions{})
	return err
}

// trust has kube-apiserver trust the bundle when it calls us for the APIService. One that is missing is an error that
// is told and tried again: it is installed, and never made here.
func (c *Controller) trust(ctx context.Context, name string, bundle []byte) error {
	client := c.config.Aggregator.APIServices()
	service, err := client.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if string(service.Spec.CABundle) == string(bundle) && !service.Spec.InsecureSkipTLSVerify {
		return nil
	}
	service = service.DeepCopy()
	service.Spec.CABundle = bundle
	service.Spec.InsecureSkipTLSVerify = false
	_, err = client.Update(ctx, service, metav1.UpdateOptions{})
	return err
}

func (c *Controller) serving(ctx context.Context, service string, authority *authority, now time.Time) error {
	secret, err := c.secret(ctx, ServingSecret(service, c.config.Namespace))
	if err != nil {
		return err
	}
	names := c.names(service)
	reason := unusable(pairOf(secret.Secret), names, authority.trusted(now), now)
	if reason == "" {
		return nil
	}
	issued, err := authority.issue(now, names)
	if err != nil {
		return err
	}
	klog.FromContext(ctx).Info("Made a new serving certificate", "service", service, "reason", reason)
	return c.writeSecret(ctx, secret, issued)
}

func (c *Controller) names(service string) []string {
	qualified := service + "." + c.config.Namespace
	return append([]string{qualified + ".svc", qualified, service}, c.config.ExtraNames...)
}

// storedSecret is a Secret as it is in the cluster, or as it is to be created there.
type storedSecret struct {
	*corev1.Secret
	exists bool
}

func (c *Controller) secret(ctx context.Context, name string) (storedSecret, error) {
	secret, err := c.config.Client.CoreV1().Secrets(c.config.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return storedSecret{Secret: &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: c.config.Namespace},
			Type:       corev1.SecretTypeTLS,
		}}, nil
	}
	return storedSecret{Secret: secret, exists: true}, err
}

// writeSecret writes only what differs, and only over what was read: another leader's write is a conflict.
func (c *Controller) writeSecret(ctx context.Context, secret storedSecret, wanted pair) error {
	data := map[string][]byte{corev1.TLSCertKey: wanted.certificate, corev1.TLSPrivateKeyKey: wanted.key}
	if maps.EqualFunc(secret.Data, data, bytes.Equal) {
		return nil
	}
	changed := secret.DeepCopy()
	changed.Data = data
	client := c.config.Client.CoreV1().Secrets(c.config.Namespace)
	var err error
	if secret.exists {
		_, err = client.Update(ctx, changed, metav1.UpdateOptions{})
	} else {
		_, err = client.Create(ctx, changed, metav1.CreateOptions{})
	}
	return err
}

func pairOf(secret *corev1.Secret) pair {
	return pair{certificate: secret.Data[corev1.TLSCertKey], key: secret.Data[corev1.TLSPrivateKeyKey]}
}
