package apiserver

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	"sigs.k8s.io/yaml"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// authority signs client certificates.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key := newKey(t)
	certificate, err := certutil.NewSelfSignedCACert(certutil.Config{CommonName: name}, key)
	must(t, err)
	return authority{certificate, key}
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	encoded, err := keyutil.MakeEllipticPrivateKeyPEM()
	must(t, err)
	key, err := keyutil.ParsePrivateKeyPEM(encoded)
	must(t, err)
	return key.(crypto.Signer)
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

func (a authority) issue(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, SerialNumber: big.NewInt(time.Now().UnixNano()),
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	must(t, err)
	return &tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}
}

// kubeAPIServer is what delegated authentication and authorization ask of the real one. Bearer tokens are names of users;
// alice may do everything, nobody else anything.
func kubeAPIServer(t *testing.T, frontProxy authority) (kubeconfig string) {
	t.Helper()
	authentication := corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Name: "extension-apiserver-authentication", Namespace: "kube-system", ResourceVersion: "1"},
		Data: map[string]string{
			"client-ca-file":                     newAuthority(t, "clients").pem(),
			"requestheader-client-ca-file":       frontProxy.pem(),
			"requestheader-allowed-names":        `["front-proxy"]`,
			"requestheader-username-headers":     `["X-Remote-User"]`,
			"requestheader-uid-headers":          `["X-Remote-Uid"]`,
			"requestheader-group-headers":        `["X-Remote-Group"]`,
			"requestheader-extra-headers-prefix": `["X-Remote-Extra-"]`,
		},
	}
	reply := func(w http.ResponseWriter, status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	const configMaps = "/api/v1/namespaces/kube-system/configmaps"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+configMaps+"/"+authentication.Name, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, authentication)
	})
	mux.HandleFunc("GET "+configMaps, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.FormValue("sendInitialEvents") != "":
			reply(w, http.StatusUnprocessableEntity, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonInvalid, Code: http.StatusUnprocessableEntity})
		case r.FormValue("watch") != "":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			reply(w, http.StatusOK, corev1.ConfigMapList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMapList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}, Items: []corev1.ConfigMap{authentication}})
		}
	})
	mux.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authenticationv1.TokenReview
		err := json.NewDecoder(r.Body).Decode(&review)
		if info, known := users[review.Spec.Token]; err == nil && known {
			review.Status.Authenticated = true
			review.Status.User = authenticationv1.UserInfo{Username: info.Name, UID: info.UID, Groups: info.Groups}
		}
		reply(w, http.StatusCreated, review)
	})
	mux.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SubjectAccessReview
		err := json.NewDecoder(r.Body).Decode(&review)
		review.Status.Allowed = err == nil && review.Spec.User == "alice"
		reply(w, http.StatusCreated, review)
	})
	kube := httptest.NewTLSServer(mux)
	t.Cleanup(func() {
		kube.CloseClientConnections()
		kube.Close()
	})

	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: kube.Certificate().Raw})
	content, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"contexts": []any{map[string]any{"name": "test", "context": map[string]any{"cluster": "test", "user": "test"}}},
		"clusters": []any{map[string]any{"name": "test", "cluster": map[string]any{"server": kube.URL, "certificate-authority-data": ca}}},
		"users":    []any{map[string]any{"name": "test", "user": map[string]any{"token": "edict"}}},
	})
	must(t, err)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	must(t, os.WriteFile(kubeconfig, content, 0o600))
	return kubeconfig
}

// P01, P02: who calls is what a trusted front proxy or a token says, never what a header says; what he may do is asked
// also of those who call directly.
func TestIdentityIsDelegated(t *testing.T) {
	frontProxy := newAuthority(t, "front-proxy-ca")
	s := startServer(t, setup{dir: t.TempDir(), cluster: newCluster(), kubeconfig: kubeAPIServer(t, frontProxy)})
	s.awaitReady(t)

	headers := map[string]string{
		"X-Remote-User": "alice", "X-Remote-Uid": "7", "X-Remote-Group": "system:masters", "X-Remote-Extra-Scopes": "all",
	}
	do := func(certificate *tls.Certificate, method, path, body string) (int, string) {
		t.Helper()
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(servingCertificate)
		config := &tls.Config{RootCAs: roots}
		if certificate != nil {
			config.Certificates = []tls.Certificate{*certificate}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}, Timeout: 10 * time.Second}
		defer client.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), method, s.url(path), strings.NewReader(body))
		must(t, err)
		request.Header.Set("Content-Type", "application/json")
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		response, err := client.Do(request)
		must(t, err)
		return response.StatusCode, read(t, response)
	}
	const list = "/apis/kyverno.io/v1/clusterpolicies"
	for name, certificate := range map[string]*tls.Certificate{
		"no certificate":                   nil,
		"a certificate of another CA":      newAuthority(t, "front-proxy-ca").issue(t, "front-proxy"),
		"a certificate under another name": frontProxy.issue(t, "mallory"),
	} {
		t.Run("P01 "+name, func(t *testing.T) {
			if status, body := do(certificate, http.MethodGet, list, ""); status != http.StatusUnauthorized && status != http.StatusForbidden {
				t.Errorf("status %d: %s", status, body)
			}
		})
	}
	t.Run("the front proxy is believed", func(t *testing.T) {
		policy := newClusterPolicy("by-alice")
		policy.TypeMeta = metav1.TypeMeta{APIVersion: "kyverno.io/v1", Kind: "ClusterPolicy"}
		status, body := do(frontProxy.issue(t, "front-proxy"), http.MethodPost, list, asJSON(t, policy))
		if status != http.StatusCreated {
			t.Fatalf("status %d: %s", status, body)
		}
		var created kyvernov1.ClusterPolicy
		must(t, json.Unmarshal([]byte(body), &created))
		if author := created.Status.Author; author == nil || author.Username != "alice" || author.UID != "7" || !slices.Contains(author.Groups, "system:masters") {
			t.Errorf("author %+v", author)
		}
	})
	for _, path := range []string{
		list, list + "/by-alice", list + "/by-alice/status", "/apis/wgpolicyk8s.io/v1alpha2/policyreports", "/metrics", "/debug/pprof/",
	} {
		t.Run("P02 "+path, func(t *testing.T) {
			for token, want := range map[string]int{"alice": http.StatusOK, "bob": http.StatusForbidden, "nobody": http.StatusUnauthorized} {
				response, err := s.http(t, token).Get(s.url(path))
				must(t, err)
				if body := read(t, response); response.StatusCode != want {
					t.Errorf("%s: status %d, want %d: %.200s", token, response.StatusCode, want, body)
				}
			}
		})
	}
}
