package app

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
)

// parse reads a command line as the command does.
func parse(t *testing.T, args ...string) *Options {
	t.Helper()
	options := NewOptions()
	sections := options.Flags()
	all := sections.FlagSet("all")
	for _, section := range sections.FlagSets {
		all.AddFlagSet(section)
	}
	must(t, all.Parse(args))
	return options
}

func TestDefaultsAreValid(t *testing.T) {
	if errs := parse(t).Validate(); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestValidateOptions(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"--roles=", "--roles is empty"},
		{"--roles=api,scan", `there is no role "scan"; the roles are api, admission, background`},
		{"--roles=api,api", "names api twice"},
		{"--namespace=A_", "--namespace"},
		{"--health-address=8081", "--health-address"},
		{"--api-server-url=http://api", "--api-server-url"},
		{"--exception-namespace=A_", `--exception-namespace "A_" names no namespace`},
		{"--data-dir=", "--data-dir is empty"},
		{"--secure-port=0", "--secure-port"},
		{"--cert-dir=/tmp", "--cert-dir is not supported"},
		{"--tls-cert-file=a", "give both or none"},
		{"--tls-private-key-file=a", "give both or none"},
		{"--tls-cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA", "K04 TLS_RSA_WITH_AES_128_CBC_SHA is not secure"},
		{"--tls-cipher-suites=TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "K04 TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA is not secure"},
		{"--tls-min-version=VersionTLS11", "K04 --tls-min-version VersionTLS11 is not secure"},
	} {
		t.Run(c.args, func(t *testing.T) {
			want := strings.TrimPrefix(c.want, "K04 ")
			err := utilerrors.NewAggregate(parse(t, c.args).Validate())
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}

// What a role does not need is not asked of it.
func TestOptionsOfOtherRolesAreIgnored(t *testing.T) {
	if errs := parse(t, "--roles=background", "--data-dir=", "--secure-port=0").Validate(); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestEachRoleHasItsIdentity(t *testing.T) {
	dir := t.TempDir()
	kubeconfig := func(name string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(`{apiVersion: v1, kind: Config, current-context: c,
contexts: [{name: c, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}],
users: [{name: u, user: {token: `+name+`}}]}`), 0o600))
		return path
	}
	options := parse(t, "--roles=api,background", "--bind-address=127.0.0.1", "--secure-port=0",
		"--kubeconfig="+kubeconfig("shared"), "--background-kubeconfig="+kubeconfig("own"))
	config, err := options.Config(io.Discard)
	must(t, err)
	if token := config.Kubernetes[RoleAPI].BearerToken; token != "shared" {
		t.Errorf("api is %s", token)
	}
	if token := config.Kubernetes[RoleBackground].BearerToken; token != "own" {
		t.Errorf("background is %s", token)
	}
	if config.API == nil || config.Admission != nil || config.Background == nil {
		t.Error("the roles have not what they need, or more")
	}
}

func TestNoKubeconfig(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	_, err := parse(t, "--roles=background").Config(io.Discard)
	if err == nil || !strings.Contains(err.Error(), "give --kubeconfig or --background-kubeconfig") {
		t.Errorf("got %v", err)
	}
}
