package jmespath

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// encodedPEM makes a block of PEM of what a constructor of certificates returns.
func encodedPEM(t *testing.T, kind string) func(der []byte, err error) string {
	return func(der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
}

func newCertificate(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(42),
		Subject:      pkix.Name{CommonName: "web", Organization: []string{"Example"}},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"web.example.com"},
		IPAddresses:  []net.IP{net.IPv4(10, 0, 0, 1)},
		URIs:         []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/web"}},
		// Nothing in JSON may depend on what a name holds.
		ExcludedIPRanges: []*net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}},
		IsCA:             true, BasicConstraintsValid: true,
	}
	return encodedPEM(t, "CERTIFICATE")(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
}

func newRequest(t *testing.T, key crypto.Signer) string {
	t.Helper()
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "asked"}, DNSNames: []string{"asked.example.com"}}
	return encodedPEM(t, "CERTIFICATE REQUEST")(x509.CreateCertificateRequest(rand.Reader, template, key))
}

func TestX509Decode(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	certificate, request := newCertificate(t, key), newRequest(t, key)
	for _, test := range []struct{ pem, expression, want string }{
		{certificate, "Subject.[CommonName, Organization, Country]", `["web",["Example"],null]`},
		{certificate, "[NotBefore, NotAfter]", `["2026-01-01T00:00:00Z","2027-01-01T00:00:00Z"]`},
		{certificate, "[SerialNumber, Version, IsCA, KeyUsage, ExtKeyUsage]", `[42,3,true,1,[1]]`},
		{certificate, "[DNSNames, IPAddresses, EmailAddresses]", `[["web.example.com"],["10.0.0.1"],null]`},
		{certificate, "URIs[0].[Scheme, Host, Path]", `["spiffe","example.com","/web"]`},
		{certificate, "PublicKey", `{"E":65537,"N":"` + key.N.String() + `"}`},
		{certificate, "[PublicKeyAlgorithm, SignatureAlgorithm]", `[1,4]`},
		{certificate + newCertificate(t, key), "Subject.CommonName", `"web"`},
		{"text before\n" + certificate + "text behind\n", "Subject.CommonName", `"web"`},
		{request, "[Subject.CommonName, DNSNames[0], PublicKey.E]", `["asked","asked.example.com",65537]`},
		{request, "PublicKey.N", `"` + key.N.String() + `"`},
	} {
		data := `{"pem":"` + strings.ReplaceAll(test.pem, "\n", `\n`) + `"}`
		if got, err := ask("x509_decode(pem)."+test.expression, data); err != nil || !sameJSON(got, test.want) {
			t.Errorf("%s: got %s, %v; want %s", test.expression, got, err, test.want)
		}
	}
}

func TestX509DecodeRefuses(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                            "failed to decode PEM block",
		"MIIB":                        "failed to decode PEM block",
		newCertificate(t, elliptical): "certificate should use rsa algorithm",
		newRequest(t, elliptical):     "certificate should use rsa algorithm",
		newCertificate(t, edwards):    "certificate should use rsa algorithm",
		encodedPEM(t, "PRIVATE KEY")([]byte{0}, nil):         "PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST",
		encodedPEM(t, "CERTIFICATE")([]byte{0}, nil):         "x509: malformed certificate",
		encodedPEM(t, "CERTIFICATE REQUEST")([]byte{0}, nil): "asn1: ",
	} {
		if _, err := decodeX509(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzX509(f *testing.F) {
	f.Add([]byte(exampleCertificate))
	block, _ := pem.Decode([]byte(exampleCertificate))
	f.Add(block.Bytes)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, text := range []string{
			string(data), encodedPEM(t, "CERTIFICATE")(data, nil), encodedPEM(t, "CERTIFICATE REQUEST")(data, nil),
		} {
			if result, err := decodeX509(text); err == nil {
				if err := decodedJSON(result); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
		}
	})
}
