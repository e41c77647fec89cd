package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"

	"k8s.io/apiserver/pkg/server/healthz"
)

func TestHealth(t *testing.T) {
	var problem error
	h := &health{ready: []healthz.HealthChecker{
		healthz.NamedCheck("first", func(*http.Request) error { return problem }),
		healthz.NamedCheck("second", func(*http.Request) error { return nil }),
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- h.serve(ctx, listener) }()
	expect := func(path string, status int, body string) {
		t.Helper()
		response, err := http.Get("http://" + listener.Addr().String() + path)
		must(t, err)
		got, err := io.ReadAll(response.Body)
		must(t, errors.Join(err, response.Body.Close()))
		if response.StatusCode != status || string(got) != body {
			t.Errorf("%s: status %d, want %d:\n%s\nwant:\n%s", path, response.StatusCode, status, got, body)
		}
	}
	expect("/readyz", 200, "[+]ping ok\n[+]shutdown ok\n[+]first ok\n[+]second ok\n")
	problem = errors.New("store policies.db is missing;\nput it back")
	expect("/readyz", 503, "[+]ping ok\n[+]shutdown ok\n[-]first failed: store policies.db is missing; put it back\n[+]second ok\n")
	expect("/livez", 200, "[+]ping ok\n")
	problem = nil
	h.shutDown()
	expect("/readyz", 503, "[+]ping ok\n[-]shutdown failed: the process is shutting down\n[+]first ok\n[+]second ok\n")
	expect("/livez", 200, "[+]ping ok\n")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
