package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// authority signs certificates. Each purpose has its own, as a careful cluster does: were the front proxy's CA the
// clients' CA, any client certificate could speak for any user.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

// newAuthority writes NAME.crt and NAME.key into pki/ and returns what signs with them.
func (c *cluster) newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &authority{key: key, dir: c.path("pki")}
	a.cert, err = a.write(name, template, template, key, key)
	return a, err
}

// issue writes NAME.crt and NAME.key for a client or, when hosts are given, a server.
func (a *authority) issue(name string, subject pkix.Name, hosts ...string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject: subject, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if len(hosts) > 0 {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	_, err = a.write(name, template, a.cert, key, a.key)
	return err
}

func (a *authority) write(name string, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().AddDate(1, 0, 0)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", name, err)
	}
	base := a.dir + string(os.PathSeparator) + name
	if err := writePEM(base+".crt", 0o644, "CERTIFICATE", der); err != nil {
		return nil, err
	}
	if err := writeKey(base+".key", key); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, 0o600, "EC PRIVATE KEY", der)
}

func writePEM(path string, mode os.FileMode, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}

// writePKI makes every key and certificate of the control plane.
func (c *cluster) writePKI() error {
	if err := os.MkdirAll(c.path("pki"), 0o700); err != nil {
		return err
	}
	ca, err := c.newAuthority("ca")
	if err != nil {
		return err
	}
	frontProxy, err := c.newAuthority("front-proxy-ca")
	if err != nil {
		return err
	}
	webhookClients, err := c.newAuthority("webhook-client-ca")
	if err != nil {
		return err
	}
	serviceAccounts, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := writeKey(c.path("pki", "service-accounts.key"), serviceAccounts); err != nil {
		return err
	}
	for _, issue := range []func() error{
		func() error {
			return ca.issue("kube-apiserver", pkix.Name{CommonName: "kube-apiserver"}, "localhost", "127.0.0.1", "10.96.0.1",
				"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
		},
		func() error {
			return ca.issue("admin", pkix.Name{CommonName: "kubernetes-admin", Organization: []string{"system:masters"}})
		},
		func() error {
			return ca.issue("kube-controller-manager", pkix.Name{CommonName: "system:kube-controller-manager"})
		},
		func() error {
			return frontProxy.issue("front-proxy-client", pkix.Name{CommonName: "front-proxy-client"})
		},
		func() error { return webhookClients.issue("webhook-client", pkix.Name{CommonName: "kube-apiserver"}) },
	} {
		if err := issue(); err != nil {
			return err
		}
	}
	// Load tools call the webhook with kube-apiserver's own certificate.
	for _, ext := range []string{".crt", ".key"} {
		if err := os.Symlink("pki/webhook-client"+ext, c.path("webhook-client"+ext)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}
