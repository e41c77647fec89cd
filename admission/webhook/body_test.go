package webhook

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestW02BodyBounds(t *testing.T) {
	s := newServer(t, Config{Policies: policies{}})
	large := func(size int) []byte {
		return encode(t, reviewOf(map[string]any{"object": map[string]any{"data": strings.Repeat("x", size)}}))
	}
	if status, body := post(t, s, failPath, large(6<<20)); status != http.StatusOK {
		t.Errorf("two objects of the largest size that kube-apiserver accepts: %d %s", status, body)
	}
	if status, _ := post(t, s, failPath, large(maxBody)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("announced to be too large: %d", status)
	}
	endless := &counting{Reader: zeros{}}
	if status, _ := post(t, s, failPath, nil, func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(endless), -1 }); status != http.StatusRequestEntityTooLarge {
		t.Errorf("endless: %d", status)
	}
	if endless.n > maxBody+1 {
		t.Errorf("%d bytes were read of it", endless.n)
	}
	broken := io.MultiReader(strings.NewReader(`{"apiVersion"`), errorReader{})
	if status, _ := post(t, s, failPath, nil, func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(broken), -1 }); status != http.StatusBadRequest {
		t.Errorf("broken off: %d", status)
	}
	if got := s.bodies.held.Load(); got != 0 {
		t.Errorf("%d bytes are still counted as held", got)
	}
}

func TestW02AllBodiesTogetherAreBounded(t *testing.T) {
	s := newServer(t, Config{Policies: policies{}})
	s.bodies.budget = 100 << 10
	if status, _ := post(t, s, failPath, encode(t, reviewOf(map[string]any{"object": map[string]any{"data": strings.Repeat("x", 200<<10)}}))); status != http.StatusServiceUnavailable {
		t.Errorf("beyond what may be held: %d", status)
	}
	if status, body := post(t, s, failPath, encode(t, reviewOf(nil))); status != http.StatusOK {
		t.Errorf("afterwards: %d %s", status, body)
	}
}

type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type errorReader struct{}

func (errorReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
