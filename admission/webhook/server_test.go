package webhook

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// authority signs certificates for tests.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a := &authority{}
	pair := a.sign(t, template)
	a.certificate, a.key = pair.Leaf, pair.PrivateKey.(*ecdsa.PrivateKey)
	return a
}

func (a *authority) issue(t *testing.T, name string, usage x509.ExtKeyUsage) tls.Certificate {
	t.Helper()
	return a.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage}})
}

func (a *authority) sign(t *testing.T, template *x509.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// listening is a Server on loopback, and how to trust it.
type listening struct {
	address string
	roots   *x509.CertPool
}

func listen(t *testing.T, config Config) listening {
	t.Helper()
	serving := newAuthority(t)
	certificate := serving.issue(t, "localhost", x509.ExtKeyUsageServerAuth)
	config.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }
	if config.Policies == nil {
		config.Policies = policies{app(t, "p", "Fail", "Enforce")}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listening{listener.Addr().String(), serving.pool()}
}

func (l listening) client(certificates ...tls.Certificate) *http.Client {
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: l.roots, ServerName: "localhost", Certificates: certificates},
	}}
}

func (l listening) post(t *testing.T, client *http.Client, body io.Reader) (int, string) {
	t.Helper()
	response, err := client.Post("https://"+l.address+failPath, "application/json", body)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestW01ClientCertificates(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	l := listen(t, Config{ClientCAs: ours.pool(), ClientNames: []string{"kube-apiserver"}})
	review := encode(t, reviewOf(map[string]any{"object": bad}))
	tests := []struct {
		name         string
		certificates []tls.Certificate
		want         int // 0: no connection
	}{
		{"none", nil, http.StatusUnauthorized},
		{"ours, right name", []tls.Certificate{ours.issue(t, "kube-apiserver", x509.ExtKeyUsageClientAuth)}, http.StatusOK},
		{"ours, other name", []tls.Certificate{ours.issue(t, "kube-apiserver2", x509.ExtKeyUsageClientAuth)}, http.StatusForbidden},
		{"ours, for servers only", []tls.Certificate{ours.issue(t, "kube-apiserver", x509.ExtKeyUsageServerAuth)}, 0},
		{"of another authority", []tls.Certificate{theirs.issue(t, "kube-apiserver", x509.ExtKeyUsageClientAuth)}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := l.client(test.certificates...)
			status, answer := l.post(t, client, bytes.NewReader(review))
			if status != test.want {
				t.Fatalf("%d %s", status, answer)
			}
			if status == http.StatusOK && !denied([]byte(answer)) {
				t.Errorf("a violator: %s", answer)
			}
			if test.want == 0 {
				return
			}
			response, err := client.Get("https://" + l.address + "/readyz")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("/readyz: %s", response.Status)
			}
		})
	}
	t.Run("refused before the body is read", func(t *testing.T) {
		s := newServer(t, Config{Policies: policies{}, ClientCAs: ours.pool()})
		status, _ := post(t, s, failPath, nil, func(r *http.Request) { r.Body = io.NopCloser(unread{t}) })
		if status != http.StatusUnauthorized {
			t.Errorf("%d", status)
		}
	})
	t.Run("none is asked for where none is configured", func(t *testing.T) {
		l := listen(t, Config{})
		if status, answer := l.post(t, l.client(), bytes.NewReader(review)); status != http.StatusOK || !denied([]byte(answer)) {
			t.Errorf("%d %s", status, answer)
		}
	})
}

func TestK04WeakTLSIsRefused(t *testing.T) {
	l := listen(t, Config{})
	handshake := func(config *tls.Config) error {
		config.RootCAs, config.ServerName = l.roots, "localhost"
		connection, err := tls.Dial("tcp", l.address, config)
		if err == nil {
			_ = connection.Close()
		}
		return err
	}
	for _, suite := range tls.InsecureCipherSuites() {
		if err := handshake(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}}); err == nil {
			t.Errorf("%s is accepted", suite.Name)
		}
	}
	for _, suite := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA} {
		if err := handshake(&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite}}); err == nil {
			t.Errorf("%s is accepted", tls.CipherSuiteName(suite))
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if err := handshake(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}); err == nil {
			t.Errorf("%s is accepted", tls.VersionName(version))
		}
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if err := handshake(&tls.Config{MinVersion: version, MaxVersion: version}); err != nil {
			t.Errorf("%s is refused: %v", tls.VersionName(version), err)
		}
	}
}

func TestW02HostileClientsDoNotHinderOthers(t *testing.T) {
	l := listen(t, Config{})
	// Connections that say nothing, that begin a header and that begin a body.
	for i := range 60 {
		connection, err := tls.Dial("tcp", l.address, &tls.Config{RootCAs: l.roots, ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		switch i % 3 {
		case 1:
			fmt.Fprint(connection, "POST "+failPath+" HTTP/1.1\r\nHost: x\r\n")
		case 2:
			fmt.Fprint(connection, "POST "+failPath+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{")
		}
	}
	review := encode(t, reviewOf(map[string]any{"object": bad}))
	if status, answer := l.post(t, l.client(), bytes.NewReader(review)); status != http.StatusOK || !denied([]byte(answer)) {
		t.Errorf("%d %s", status, answer)
	}
	t.Run("headers of 1 MiB", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodPost, "https://"+l.address+failPath, bytes.NewReader(review))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Large", strings.Repeat("x", 1<<20))
		response, err := l.client().Do(request)
		if err != nil {
			return // cut off before the answer was read
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%d", response.StatusCode)
		}
	})
	t.Run("a body of 1 GiB in chunks", func(t *testing.T) {
		body := &counting{Reader: io.LimitReader(zeros{}, 1<<30)}
		status, answer := l.post(t, l.client(), body)
		if status == http.StatusOK {
			t.Errorf("%d %s", status, answer)
		}
		if body.n > 64<<20 {
			t.Errorf("%d bytes were taken", body.n)
		}
	})
}

// Who sends slower than any kube-apiserver is cut off, before or within the body.
func TestW02SlowClientsAreCutOff(t *testing.T) {
	t.Parallel() // it takes as long as the server is patient
	l := listen(t, Config{})
	connections := map[string]net.Conn{}
	for name, beginning := range map[string]string{
		"nothing":          "",
		"half the headers": "POST " + failPath + " HTTP/1.1\r\nHost: x\r\n",
		"half the body":    "POST " + failPath + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{",
	} {
		connection, err := tls.Dial("tcp", l.address, &tls.Config{RootCAs: l.roots, ServerName: "localhost"})
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		fmt.Fprint(connection, beginning)
		if err := connection.SetReadDeadline(time.Now().Add(2 * readTimeout)); err != nil {
			t.Fatal(err)
		}
		connections[name] = connection
	}
	for name, connection := range connections {
		if _, err := io.Copy(io.Discard, connection); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: still connected after %s", name, 2*readTimeout)
		}
	}
}

// slow is a set whose candidates take a while.
type slow struct{ began chan struct{} }

func (s slow) Candidates(*eval.Request) ([]*engine.Program, *engine.Exceptions, bool) {
	close(s.began)
	time.Sleep(200 * time.Millisecond)
	return nil, nil, true
}
func (s slow) Revision() string { return "1" }

func TestServeLetsReviewsEnd(t *testing.T) {
	serving := newAuthority(t)
	certificate := serving.issue(t, "localhost", x509.ExtKeyUsageServerAuth)
	began := make(chan struct{})
	s := newServer(t, Config{Policies: slow{began}, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil }})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	l := listening{listener.Addr().String(), serving.pool()}
	status := make(chan int, 1)
	body := encode(t, reviewOf(nil))
	go func() { got, _ := l.post(t, l.client(), bytes.NewReader(body)); status <- got }()
	<-began
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("a review that had begun: %d", got)
	}
	if _, err := net.Dial("tcp", l.address); err == nil {
		t.Error("still listening")
	}
}
