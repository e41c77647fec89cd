package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apiserver/pkg/server/healthz"
)

const healthTimeout = 10 * time.Second

// health speaks for all roles of the process, over plain HTTP. Unlike the endpoints of the same names that an API server
// has, it says why a check fails: it is for whoever operates the process, and its address is his to choose.
type health struct {
	ready        []healthz.HealthChecker
	shuttingDown atomic.Bool
}

func (h *health) shutDown() { h.shuttingDown.Store(true) }

// serve answers until ctx is done.
func (h *health) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: h.handler(), ReadHeaderTimeout: healthTimeout, ReadTimeout: healthTimeout, WriteTimeout: healthTimeout,
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("health: %w", err)
	}
	return nil
}

func (h *health) handler() http.Handler {
	shutdown := healthz.NamedCheck("shutdown", func(*http.Request) error {
		if h.shuttingDown.Load() {
			return errors.New("the process is shutting down")
		}
		return nil
	})
	mux := http.NewServeMux()
	mux.Handle("GET /livez", checks{healthz.PingHealthz})
	mux.Handle("GET /readyz", append(checks{healthz.PingHealthz, shutdown}, h.ready...))
	return mux
}

type checks []healthz.HealthChecker

func (c checks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body strings.Builder
	status := http.StatusOK
	for _, check := range c {
		if err := check.Check(r); err != nil {
			status = http.StatusServiceUnavailable
			fmt.Fprintf(&body, "[-]%s failed: %s\n", check.Name(), strings.ReplaceAll(err.Error(), "\n", " "))
			continue
		}
		fmt.Fprintf(&body, "[+]%s ok\n", check.Name())
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body.String()))
}
