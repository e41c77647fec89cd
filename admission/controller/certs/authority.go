package certs

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

const (
	authorityLifetime = 365 * 24 * time.Hour
	servingLifetime   = 150 * 24 * time.Hour
	servingRenewal    = 15 * 24 * time.Hour
	// An authority is followed by the next one while everything that it may still sign would outlast it. What it has
	// signed by then is used up under the overlap and renewed by its successor, so that no serving certificate ever
	// changes hands before every client has learned to trust both.
	authorityRenewal = servingLifetime + servingRenewal
	// Clocks of a cluster differ; what is made now must be valid for those that are behind.
	backdate = time.Hour
)

// authority is a certificate authority: what signs now, and those that signed before and are still trusted.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	earlier     []*x509.Certificate
}

// pair is a certificate, or several, and the key of the first, as PEM.
type pair struct {
	certificate, key []byte
}

func newAuthority(now time.Time, earlier []*x509.Certificate) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template, err := template(now, authorityLifetime)
	if err != nil {
		return nil, err
	}
	// The serial number keeps the names of two authorities apart: with equal names, chains may be built from the wrong one.
	template.Subject = pkix.Name{CommonName: fmt.Sprintf("edict-ca-%x", template.SerialNumber.Bytes()[:4]), Organization: []string{"edict"}}
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.MaxPathLenZero = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	certificate, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &authority{certificate: certificate, key: key, earlier: earlier}, nil
}

// parseAuthority reads what authority.pair wrote.
func parseAuthority(p pair) (*authority, error) {
	certificates, err := parseCertificates(p.certificate)
	if err != nil {
		return nil, err
	}
	if len(certificates) == 0 {
		return nil, errors.New("no certificate")
	}
	loaded, err := tls.X509KeyPair(p.certificate, p.key)
	if err != nil {
		return nil, err
	}
	key, ok := loaded.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !certificates[0].IsCA {
		return nil, errors.New("not an ECDSA certificate authority")
	}
	return &authority{certificate: certificates[0], key: key, earlier: certificates[1:]}, nil
}

// due tells whether a successor is wanted.
func (a *authority) due(now time.Time) bool {
	return now.Before(a.certificate.NotBefore) || now.Add(authorityRenewal).After(a.certificate.NotAfter)
}

// trusted are the certificates that clients are to trust at the time: the current one first.
func (a *authority) trusted(now time.Time) []*x509.Certificate {
	trusted := []*x509.Certificate{a.certificate}
	for _, certificate := range a.earlier {
		if now.Before(certificate.NotAfter) && !certificate.Equal(a.certificate) {
			trusted = append(trusted, certificate)
		}
	}
	return trusted
}

func (a *authority) pair(now time.Time) (pair, error) {
	key, err := encodeKey(a.key)
	if err != nil {
		return pair{}, err
	}
	return pair{certificate: encodeCertificates(a.trusted(now)), key: key}, nil
}

// issue makes a serving certificate for the names, of which those that are IP addresses are entered as such.
func (a *authority) issue(now time.Time, names []string) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	template, err := template(now, servingLifetime)
	if err != nil {
		return pair{}, err
	}
	template.Subject = pkix.Name{CommonName: names[0]}
	template.DNSNames, template.IPAddresses = splitNames(names)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	certificate, err := sign(template, a.certificate, key.Public(), a.key)
	if err != nil {
		return pair{}, err
	}
	encoded, err := encodeKey(key)
	if err != nil {
		return pair{}, err
	}
	return pair{certificate: encodeCertificates([]*x509.Certificate{certificate}), key: encoded}, nil
}

// unusable says why a serving certificate must be replaced, or "" when it need not be.
func unusable(p pair, names []string, trusted []*x509.Certificate, now time.Time) string {
	if len(p.certificate) == 0 && len(p.key) == 0 {
		return "missing"
	}
	loaded, err := tls.X509KeyPair(p.certificate, p.key)
	if err != nil {
		// The error may quote the input, which may hold a key.
		return "not a certificate with its key"
	}
	if now.Add(servingRenewal).After(loaded.Leaf.NotAfter) {
		return "about to expire"
	}
	roots := x509.NewCertPool()
	for _, certificate := range trusted {
		roots.AddCert(certificate)
	}
	for _, name := range names {
		if _, err := loaded.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
			return "not valid for " + name
		}
	}
	return ""
}

func template(now time.Time, lifetime time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	serial.SetBit(serial, 126, 1) // always 16 bytes long
	return &x509.Certificate{SerialNumber: serial, NotBefore: now.Add(-backdate), NotAfter: now.Add(lifetime)}, nil
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func splitNames(names []string) (dns []string, addresses []net.IP) {
	for _, name := range names {
		if address := net.ParseIP(name); address != nil {
			addresses = append(addresses, address)
		} else {
			dns = append(dns, name)
		}
	}
	return dns, addresses
}

func encodeCertificates(certificates []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, certificate := range certificates {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	}
	return b.Bytes()
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return certificates, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
}
