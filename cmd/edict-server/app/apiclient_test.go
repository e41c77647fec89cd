package app

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"
)

// In one process a role still is who it is, and not the API server's own all-powerful client.
func TestAPIClientInTheSameProcess(t *testing.T) {
	c := &completedConfig{Config: &Config{
		Kubernetes: map[Role]*rest.Config{RoleAdmission: {
			Host: "https://kube", BearerToken: "admission", TLSClientConfig: rest.TLSClientConfig{CAFile: "kube-ca"},
		}},
		API: &APIConfig{Generic: &genericapiserver.RecommendedConfig{Config: genericapiserver.Config{LoopbackClientConfig: &rest.Config{
			Host: "https://127.0.0.1:1", BearerToken: "all-powerful", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("loopback"), ServerName: "loopback"},
		}}}},
	}}
	config, err := c.apiClient(RoleAdmission)
	must(t, err)
	if config.Host != "https://127.0.0.1:1" || string(config.CAData) != "loopback" || config.CAFile != "" || config.ServerName != "loopback" {
		t.Errorf("it calls %s with %+v", config.Host, config.TLSClientConfig)
	}
	if config.BearerToken != "admission" {
		t.Errorf("it calls as %s", config.BearerToken)
	}
	if c.Kubernetes[RoleAdmission].Host != "https://kube" {
		t.Error("the way to kube-apiserver was changed")
	}
}

func TestAPIClientElsewhere(t *testing.T) {
	c := &completedConfig{Config: &Config{
		Namespace:  "edict",
		Kubernetes: map[Role]*rest.Config{RoleBackground: {Host: "https://kube", BearerToken: "background"}},
	}}
	config, err := c.apiClient(RoleBackground)
	must(t, err)
	if config.Host != "https://kyverno-api.edict.svc:443" || config.BearerToken != "background" {
		t.Errorf("it calls %s as %s", config.Host, config.BearerToken)
	}
	if len(c.beside) != 1 {
		t.Error("nobody reads whom to trust")
	}
}

// The authorities may change at any time, and every host is held to its name, addresses too.
func TestTrustBundle(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(r.Header.Get("Authorization")))
	}))
	defer server.Close()
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	foreign, _, err := certutil.GenerateSelfSignedCertKey("foreign", nil, nil)
	must(t, err)
	// The test's certificate is of 127.0.0.1, ::1 and example.com.
	address, err := url.Parse(server.URL)
	must(t, err)
	for _, c := range []struct {
		name, host  string
		authorities []byte
		problem     string
	}{
		{"the authority", server.URL, own, ""},
		{"another authority", server.URL, foreign, "unknown authority"},
		{"not loaded", server.URL, nil, "not loaded yet"},
		{"another name", "https://localhost:" + address.Port(), own, "not localhost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := trustBundle(&rest.Config{Host: c.host, BearerToken: "token"}, func() []byte { return c.authorities })
			must(t, err)
			client, err := rest.HTTPClientFor(config)
			must(t, err)
			response, err := client.Get(c.host)
			if c.problem == "" {
				must(t, err)
				body, err := io.ReadAll(response.Body)
				must(t, errors.Join(err, response.Body.Close()))
				if string(body) != "Bearer token" {
					t.Errorf("the server sees %q", body)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("got %v, want %q", err, c.problem)
			}
		})
	}
	if err := verify([]*x509.Certificate{server.Certificate()}, "127.0.0.2", own); err == nil || !strings.Contains(err.Error(), "not 127.0.0.2") {
		t.Errorf("another address: %v", err)
	}
}
