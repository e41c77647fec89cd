package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/edict-dev/edict/admission/controller/certs"
)

// apiClient returns how a role reaches the api role: directly, and as who it is in the cluster, so that the same RBAC
// holds in one process and in three.
func (c *completedConfig) apiClient(role Role) (*rest.Config, error) {
	config := rest.CopyConfig(c.Kubernetes[role])
	// The role bounds itself, and nobody else depends on the api role's attention.
	config.QPS = -1
	if c.API != nil && c.APIServerURL == "" {
		loopback := c.API.Generic.LoopbackClientConfig
		config.Host = loopback.Host
		config.CAData, config.CAFile = loopback.CAData, ""
		config.ServerName, config.Insecure = loopback.ServerName, false
		return config, nil
	}
	config.Host = c.APIServerURL
	if config.Host == "" {
		config.Host = fmt.Sprintf("https://%s.%s.svc:443", certs.APIService, c.Namespace)
	}
	client, err := kubernetes.NewForConfig(c.Kubernetes[role])
	if err != nil {
		return nil, fmt.Errorf("role %s: %w", role, err)
	}
	bundle := certs.NewBundle(client, c.Namespace, func() {})
	c.beside = append(c.beside, bundle.Run)
	return trustBundle(config, bundle.Current)
}

// trustBundle makes a client trust the authorities that there are at the time of each connection, since they rotate.
func trustBundle(config *rest.Config, current func() []byte) (*rest.Config, error) {
	host, err := url.Parse(config.Host)
	if err != nil {
		return nil, fmt.Errorf("--api-server-url: %w", err)
	}
	clientCertificate, err := rest.TLSConfigFor(&rest.Config{TLSClientConfig: rest.TLSClientConfig{
		Insecure: true, // only for the client certificate that the kubeconfig may have
		CertFile: config.CertFile, KeyFile: config.KeyFile, CertData: config.CertData, KeyData: config.KeyData,
	}})
	if err != nil {
		return nil, err
	}
	tlsConfig := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The chain is verified below, as crypto/tls would, but against authorities that are not known beforehand.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verify(state.PeerCertificates, host.Hostname(), current())
		},
	}
	if clientCertificate != nil {
		tlsConfig.Certificates, tlsConfig.GetClientCertificate = clientCertificate.Certificates, clientCertificate.GetClientCertificate
	}
	config.TLSClientConfig = rest.TLSClientConfig{}
	config.Transport = net.SetTransportDefaults(&http.Transport{TLSClientConfig: tlsConfig})
	return config, nil
}

// verify says whether the chain is of the host, which the connection does not tell when it is an address.
func verify(chain []*x509.Certificate, host string, authorities []byte) error {
	if len(authorities) == 0 {
		return fmt.Errorf("the ConfigMap %s, which says whom to trust, is not loaded yet", certs.ConfigMapName)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authorities) {
		return fmt.Errorf("the ConfigMap %s holds no certificate", certs.ConfigMapName)
	}
	if len(chain) == 0 {
		return errors.New("the api role presents no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		DNSName: host, Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	return err
}
