package app

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/spf13/pflag"
)

// AdmissionOptions are the flags of the admission role.
type AdmissionOptions struct {
	// Address is where reviews arrive.
	Address string
	// ClientCAFile and ClientNames say who may send them.
	ClientCAFile string
	ClientNames  []string
	// ServicePort is the port of the Service kyverno-svc.
	ServicePort int
	// CertificateNames are added to every serving certificate.
	CertificateNames []string
}

func newAdmissionOptions() *AdmissionOptions {
	return &AdmissionOptions{Address: ":9443", ServicePort: 443}
}

func (o *AdmissionOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Address, "webhook-address", o.Address, "Where kube-apiserver's AdmissionReviews arrive, over HTTPS.")
	flags.StringVar(&o.ClientCAFile, "webhook-client-ca", o.ClientCAFile,
		"The CA of the client certificate that kube-apiserver presents to webhooks. Without it, reviews are answered for whoever reaches the port.")
	flags.StringSliceVar(&o.ClientNames, "webhook-client-names", o.ClientNames,
		"The common names that kube-apiserver's client certificate may have; any, if empty.")
	flags.IntVar(&o.ServicePort, "webhook-service-port", o.ServicePort,
		"The port of the Service kyverno-svc, which the webhook configurations name.")
	flags.StringSliceVar(&o.CertificateNames, "certificate-extra-names", o.CertificateNames,
		"Host names and addresses that serving certificates hold beside those of their Services.")
}

func (o *AdmissionOptions) validate() (errs []error) {
	if _, _, err := net.SplitHostPort(o.Address); err != nil {
		errs = append(errs, fmt.Errorf("--webhook-address: %w; write host:port, or :port for all addresses", err))
	}
	if o.ServicePort < 1 || o.ServicePort > 65535 {
		errs = append(errs, fmt.Errorf("--webhook-service-port %d is no port: choose from 1 to 65535", o.ServicePort))
	}
	if len(o.ClientNames) > 0 && o.ClientCAFile == "" {
		errs = append(errs, errors.New("--webhook-client-names says nothing without --webhook-client-ca: give both"))
	}
	return errs
}

// config opens the listener.
func (o *AdmissionOptions) config() (*AdmissionConfig, error) {
	config := &AdmissionConfig{ClientNames: o.ClientNames, ServicePort: int32(o.ServicePort), CertificateNames: o.CertificateNames}
	if o.ClientCAFile != "" {
		pem, err := os.ReadFile(o.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("--webhook-client-ca: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--webhook-client-ca: %s holds no certificate in PEM form", o.ClientCAFile)
		}
	}
	var err error
	if config.Listener, err = net.Listen("tcp", o.Address); err != nil {
		return nil, fmt.Errorf("--webhook-address: %w", err)
	}
	return config, nil
}
