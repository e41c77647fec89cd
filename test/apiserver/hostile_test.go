package apiserver

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

// P06: no name reaches another object than the one that it names, nor another kind or namespace. P05: nothing redirects.
func TestP06NamesDoNotWander(t *testing.T) {
	ctx := context.Background()
	client := shared.as("alice")
	if _, err := client.KyvernoV1().Policies("team-2").Create(ctx, newPolicy("team-2", "p06-secret"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/apis/kyverno.io/v1/namespaces/team/policies/..%2F..%2Fteam-2%2Fpolicies%2Fp06-secret",
		"/apis/kyverno.io/v1/namespaces/team/policies/..%2Fteam-2%2Fp06-secret",
		"/apis/kyverno.io/v1/namespaces/team/policies/%2e%2e%2fteam-2%2fp06-secret",
		"/apis/kyverno.io/v1/namespaces/team/policies/../../team-2/policies/p06-secret",
		"/apis/kyverno.io/v1/namespaces/team%2F..%2Fteam-2/policies/p06-secret",
		"/apis/kyverno.io/v1/namespaces/..%2Fpolicies%2Fteam-2/policies/p06-secret",
		"/apis/kyverno.io/v1/clusterpolicies/..%2Fpolicies%2Fteam-2%2Fp06-secret",
		"/apis/kyverno.io/v1/clusterpolicies/%2e%2e",
		"/apis/kyverno.io/v1/clusterpolicies/%25",
		"/apis/kyverno.io/v1/clusterpolicies/a%00b",
		"//apis/kyverno.io/v1/namespaces/team/policies/p06-secret",
	} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, shared.url("/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.URL = &url.URL{Scheme: "https", Host: shared.address, Opaque: "//" + shared.address + path}
		response, err := shared.http(t, "alice").Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body := read(t, response)
		if response.StatusCode != http.StatusBadRequest && response.StatusCode != http.StatusNotFound || strings.Contains(body, "require-owner") {
			t.Errorf("%s: status %d: %s", path, response.StatusCode, body)
		}
	}
	for _, name := range []string{"a/b", "..", ".", "%", "a%2fb", "../policies/team/x", "A", strings.Repeat("a", 254)} {
		if _, err := client.KyvernoV1().ClusterPolicies().Create(ctx, newClusterPolicy(name), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("ClusterPolicy %q: %v", name, err)
		}
	}
	for _, name := range []string{"a/b", "..", ".", "%"} {
		report := &v1alpha2.PolicyReport{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := client.Wgpolicyk8sV1alpha2().PolicyReports("team").Create(ctx, report, metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("PolicyReport %q: %v", name, err)
		}
	}
	// team is a prefix of team-2.
	list, err := client.KyvernoV1().Policies("team").List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=p06-secret"})
	if err != nil || len(list.Items) > 0 {
		t.Errorf("the list of team holds %d policies of team-2: %v", len(list.Items), err)
	}
	events, err := client.KyvernoV1().Policies("team").Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=p06-secret", ResourceVersion: "0"})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	select {
	case event := <-events.ResultChan():
		t.Errorf("the watch of team sees %v", event)
	case <-time.After(200 * time.Millisecond):
	}
}

func TestHostileBodies(t *testing.T) {
	const depth = 100_000
	const head = `{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{"name":"hostile"},"spec":{"rules":[{"name":"r",` +
		`"match":{"any":[{"resources":{"kinds":["Pod"]}}]},"validate":{"pattern":`
	nested := head + strings.Repeat(`{"a":`, depth) + `1` + strings.Repeat(`}`, depth) + `}}]}}`
	bomb := &strings.Builder{}
	bomb.WriteString("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: hostile}\na0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for level := 'b'; level <= 'k'; level++ {
		previous := string(level-1) + "0"
		bomb.WriteString(string(level) + "0: &" + string(level) + "0 [" + strings.TrimSuffix(strings.Repeat("*"+previous+", ", 9), ", ") + "]\n")
	}
	bomb.WriteString("spec: {rules: [*k0]}\n")
	for _, c := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"D02 deep JSON", "application/json", nested, http.StatusBadRequest},
		{"D02 deep JSON as YAML", "application/yaml", nested, http.StatusBadRequest},
		{"D01 alias bomb", "application/yaml", bomb.String(), http.StatusBadRequest},
		{"too large", "application/json", head + `"` + strings.Repeat("x", 4<<20) + `"}}]}}`, http.StatusRequestEntityTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			response := shared.post(t, "/apis/kyverno.io/v1/clusterpolicies", c.contentType, c.body)
			body := read(t, response)
			if response.StatusCode != c.status {
				t.Errorf("status %d: %.300s", response.StatusCode, body)
			}
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// K04: a client that offers nothing but broken cryptography gets no connection.
func TestK04WeakTLSIsRefused(t *testing.T) {
	weak := map[string]*tls.Config{
		"TLS 1.1": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"3DES":    {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}},
		"RC4":     {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA}},
		"static RSA": {MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
		}},
	}
	// A server that would accept them all shows that it is not the client that refuses.
	lax := httptest.NewUnstartedServer(http.NotFoundHandler())
	lax.Config.ErrorLog = nil
	lax.TLS = &tls.Config{MinVersion: tls.VersionTLS10}
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		lax.TLS.CipherSuites = append(lax.TLS.CipherSuites, suite.ID)
	}
	lax.StartTLS()
	defer lax.Close()

	for name, config := range weak {
		config.InsecureSkipVerify = true
		if err := handshake(lax.Listener.Addr().String(), config); err != nil {
			t.Errorf("%s: the client itself does not offer it: %v", name, err)
		}
		if err := handshake(shared.address, config); err == nil {
			t.Errorf("%s was accepted", name)
		}
		if err := handshake(shared.address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}); err != nil {
			t.Errorf("TLS 1.2 was refused: %v", err)
		}
	}
}

func handshake(address string, config *tls.Config) error {
	connection, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, config)
	if err != nil {
		return err
	}
	return connection.Close()
}

// Without credentials nothing is served.
func TestAnonymous(t *testing.T) {
	for path, want := range map[string]int{
		"/apis/kyverno.io/v1/clusterpolicies": http.StatusUnauthorized,
		"/metrics":                            http.StatusUnauthorized,
		"/debug/pprof/":                       http.StatusUnauthorized,
	} {
		response, err := shared.http(t, "").Get(shared.url(path))
		if err != nil {
			t.Fatal(err)
		}
		if body := read(t, response); response.StatusCode != want {
			t.Errorf("%s: status %d: %s", path, response.StatusCode, body)
		}
	}
}
