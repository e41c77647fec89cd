package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

const (
	// The paths of the webhooks that fail closed and of those that fail open. They answer alike: what differs is what
	// kube-apiserver does without an answer.
	failPath   = "/validate/fail"
	ignorePath = "/validate/ignore"
	// Beneath them are those of the webhooks that policies with match conditions have for themselves. There too all
	// policies are evaluated: the name in the path is for people.
	finegrained = "/finegrained/"

	defaultMaxInFlight = 256

	// A review is sent by kube-apiserver in one go; whoever takes longer than this is no kube-apiserver.
	readTimeout = 10 * time.Second
	// kube-apiserver waits 30 seconds at most, so nobody listens after that.
	maxTimeout  = 30 * time.Second
	idleTimeout = 2 * time.Minute
	// Of the time that is left for a review, this part is kept for the answer.
	answerShare = 10
	maxHeader   = 16 << 10
	// How long reviews that have begun may take to end when the server stops.
	drainTimeout = maxTimeout
)

// Policies are the compiled policies that reviews are evaluated with.
type Policies interface {
	// Candidates are the programs that may concern the request, and the exceptions from them. loaded is false until all
	// policies and exceptions that exist have been read once.
	Candidates(req *eval.Request) (programs []*engine.Program, exceptions *engine.Exceptions, loaded bool)
	// Revision names what is loaded, for people; it is empty until something is.
	Revision() string
}

// Config says how reviews are answered, and to whom.
type Config struct {
	Policies Policies
	// Lookup returns what rules look things up with while they are evaluated for one request; it ends with ctx.
	Lookup func(ctx context.Context) eval.Lookup
	// KindOf tells the kind of a resource. It is asked when a review is on a subresource.
	KindOf func(ctx context.Context, resource schema.GroupVersionResource) (schema.GroupVersionKind, error)
	// GetCertificate returns the certificate to present.
	GetCertificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// ClientCAs sign the certificate that kube-apiserver presents. When it is nil, reviews are answered for whoever
	// sends them.
	ClientCAs *x509.CertPool
	// ClientNames are the common names that a client certificate may have; any when it is empty.
	ClientNames []string
	// MaxInFlight bounds the reviews that are evaluated at once; 256 when it is zero.
	MaxInFlight int
	// Registerer takes the metrics; none are kept when it is nil.
	Registerer prometheus.Registerer
}

// Server answers AdmissionReviews, and /livez and /readyz, which need no client certificate.
type Server struct {
	config  Config
	mux     *http.ServeMux
	metrics *metrics
	bodies  bodyReader
	slots   chan struct{}
}

// New returns a Server. It is an http.Handler, for tests and for Serve.
func New(config Config) (*Server, error) {
	if config.MaxInFlight == 0 {
		config.MaxInFlight = defaultMaxInFlight
	}
	m, err := newMetrics(config.Registerer)
	if err != nil {
		return nil, fmt.Errorf("metrics of the webhook: %w", err)
	}
	s := &Server{
		config:  config,
		mux:     http.NewServeMux(),
		metrics: m,
		bodies:  bodyReader{max: maxBody, budget: maxBodies},
		slots:   make(chan struct{}, config.MaxInFlight),
	}
	for _, path := range []string{failPath, ignorePath} {
		s.mux.HandleFunc(path, s.answer)
		s.mux.HandleFunc(path+finegrained, s.answer)
	}
	s.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	s.mux.HandleFunc("GET /readyz", s.ready)
	return s, nil
}

// ServeHTTP answers one request. What it does not know is a 404, which kube-apiserver takes for an error.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	revision := s.config.Policies.Revision()
	if revision == "" {
		http.Error(w, "policies are not loaded yet", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintf(w, "ok: policies loaded at %s\n", revision)
}

// Serve answers on the listener until ctx is done, and then lets reviews that have begun end.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		TLSConfig:         s.tlsConfig(),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + maxTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          klog.NewStandardLogger("WARNING"),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: s.config.MaxInFlight},
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		stopped <- server.Shutdown(drain)
	})
	err := server.ServeTLS(listener, "", "")
	if !stop() && errors.Is(err, http.ErrServerClosed) {
		err = <-stopped
	}
	if err != nil {
		return fmt.Errorf("webhook on %s: %w", listener.Addr(), err)
	}
	return nil
}

// tlsConfig offers nothing older than TLS 1.2 and only suites with authenticated encryption and forward secrecy. A
// client certificate is asked for where there is something to check it with; whether one is required depends on the
// path, since kubelets probe without one.
func (s *Server) tlsConfig() *tls.Config {
	config := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: s.config.GetCertificate,
		// Of TLS 1.2. Those of 1.3 are all of this kind and cannot be chosen.
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
	}
	if s.config.ClientCAs != nil {
		config.ClientCAs = s.config.ClientCAs
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return config
}

// authenticate says why the client may not have reviews answered, or nil.
func (s *Server) authenticate(r *http.Request) *problem {
	if s.config.ClientCAs == nil {
		return nil
	}
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return &problem{http.StatusUnauthorized, "a client certificate is required"}
	}
	name := r.TLS.VerifiedChains[0][0].Subject.CommonName
	if len(s.config.ClientNames) > 0 && !slices.Contains(s.config.ClientNames, name) {
		return &problem{http.StatusForbidden, fmt.Sprintf("the client certificate of %q may not have reviews answered", name)}
	}
	return nil
}
