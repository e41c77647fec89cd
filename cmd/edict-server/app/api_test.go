package app

import (
	"crypto/x509"
	"testing"

	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// bundle is a CA bundle that is empty until it was read.
type bundle struct{ name, content string }

func (b bundle) Name() string                   { return b.name }
func (b bundle) CurrentCABundleContent() []byte { return []byte(b.content) }
func (b bundle) VerifyOptions() (x509.VerifyOptions, bool) {
	return x509.VerifyOptions{}, b.content != ""
}
func (b bundle) AddListener(listener dynamiccertificates.Listener) {}

// Ready before client certificates can be verified would mean that a client which has one is nobody.
func TestLoadedBeside(t *testing.T) {
	proxy := bundle{"proxy", "PROXY"}
	for name, c := range map[string]struct {
		all  dynamiccertificates.CAContentProvider
		want bool
	}{
		"both":         {dynamiccertificates.NewUnionCAContentProvider(bundle{"client", "CLIENT"}, proxy), true},
		"one of two":   {dynamiccertificates.NewUnionCAContentProvider(bundle{"client", ""}, proxy), false},
		"there is one": {proxy, true},
	} {
		if got := loadedBeside(proxy, c.all); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
