package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// layout is how Edict's roles are spread over processes.
type layout map[string][]string // process name: its roles

var (
	oneProcess     = layout{"edict": {"api", "admission", "background"}}
	threeProcesses = layout{"edict-api": {"api"}, "edict-admission": {"admission"}, "edict-background": {"background"}}
)

// serviceAccounts are the identities of the roles, bound by what artifacts/ installs and nothing more.
var serviceAccounts = map[string]string{
	"api": "kyverno-api-server", "admission": "kyverno-admission-controller", "background": "kyverno-background-controller",
}

const namespace = "kyverno"

// edictUp installs Edict's manifests and starts bin/edict-server; what runs in another layout is stopped first.
func (c *cluster) edictUp(l layout) error {
	if _, err := os.Stat(c.edictServer()); err != nil {
		return fmt.Errorf("%s is not there; run `make build` first", c.edictServer())
	}
	if _, err := c.kubectl("get", "--raw", "/readyz"); err != nil {
		return fmt.Errorf("the control plane does not answer; run `make cluster-up` first: %w", err)
	}
	// First of all, while what runs can answer for a policy that concerns what is installed, such as one on Namespaces.
	say("installing Edict's manifests")
	if err := c.install(); err != nil {
		return err
	}
	for _, other := range []layout{oneProcess, threeProcesses} {
		for name := range other {
			if _, wanted := l[name]; !wanted {
				if err := c.stop(name); err != nil {
					return err
				}
			}
		}
	}
	for role := range serviceAccounts {
		if err := c.writeRoleKubeconfig(role); err != nil {
			return err
		}
	}
	say("starting edict-server")
	for name, roles := range l {
		if err := c.start(name, c.edictServer(), c.serverFlags(name, roles)...); err != nil {
			return err
		}
	}
	return c.waitForEdict(l)
}

// edictRestart stops and starts each of Edict's processes, one after the other.
func (c *cluster) edictRestart() error {
	for _, l := range []layout{oneProcess, threeProcesses} {
		for name, roles := range l {
			if !c.running(name) {
				continue
			}
			if err := c.stop(name); err != nil {
				return err
			}
			if err := c.start(name, c.edictServer(), c.serverFlags(name, roles)...); err != nil {
				return err
			}
			if err := c.waitForEdict(layout{name: roles}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cluster) edictServer() string { return filepath.Join(c.root, "bin", "edict-server") }

// serverFlags is the command line of one edict-server process.
func (c *cluster) serverFlags(name string, roles []string) []string {
	flags := []string{
		"--roles=" + strings.Join(roles, ","), "--namespace=" + namespace,
		fmt.Sprintf("--health-address=127.0.0.1:%d", c.ports.health[name]),
	}
	for _, role := range roles {
		flags = append(flags, fmt.Sprintf("--%s-kubeconfig=%s", role, c.roleKubeconfig(role)))
		switch role {
		case "api":
			flags = append(flags, "--data-dir="+c.dir, "--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.edictAPI))
		case "admission":
			flags = append(flags,
				fmt.Sprintf("--webhook-address=127.0.0.1:%d", c.ports.edictWebhook), fmt.Sprintf("--webhook-service-port=%d", c.ports.edictWebhook),
				"--webhook-client-ca="+c.path("pki", "webhook-client-ca.crt"), "--certificate-extra-names=localhost")
		}
	}
	if len(roles) == 1 && roles[0] != "api" {
		flags = append(flags, fmt.Sprintf("--api-server-url=https://localhost:%d", c.ports.edictAPI))
	}
	return append(flags, strings.Fields(os.Getenv("EDICT_FLAGS"))...)
}

// install applies artifacts/install with this machine's addresses: without a kubelet or DNS a Service reaches a
// process here as an ExternalName, and the port is the process's own.
func (c *cluster) install() error {
	dir := c.path("install")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	base, err := filepath.Rel(dir, filepath.Join(c.root, "artifacts", "install"))
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [%s]\npatches:\n", base)
	for _, s := range []struct {
		name string
		port int
	}{{"kyverno-api", c.ports.edictAPI}, {"kyverno-svc", c.ports.edictWebhook}} {
		fmt.Fprintf(&b, `- patch: |
    apiVersion: v1
    kind: Service
    metadata: {name: %s, namespace: %s}
    spec:
      $patch: replace
      type: ExternalName
      externalName: localhost
      ports: [{name: https, port: %d}]
`, s.name, namespace, s.port)
	}
	fmt.Fprintf(&b, "- target: {kind: APIService}\n  patch: |\n    - {op: replace, path: /spec/service/port, value: %d}\n", c.ports.edictAPI)
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	install := exec.Command(filepath.Join(c.root, "artifacts", "install.sh"), dir)
	install.Env = append(os.Environ(), "KUBECONFIG="+c.path("kubeconfig"), "KUBECTL="+c.path("bin", "kubectl"))
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("install: %w\n%s", err, out)
	}
	return nil
}

func (c *cluster) roleKubeconfig(role string) string { return c.path(role + ".kubeconfig") }

// writeRoleKubeconfig gives a role its own ServiceAccount's token, as a Pod of it would have.
func (c *cluster) writeRoleKubeconfig(role string) error {
	token, err := c.kubectl("create", "token", serviceAccounts[role], "-n", namespace, "--duration=168h")
	if err != nil {
		return err
	}
	file := c.path(role + ".token")
	if err := os.WriteFile(file, []byte(strings.TrimSpace(token)), 0o600); err != nil {
		return err
	}
	return os.WriteFile(c.roleKubeconfig(role), []byte(c.kubeconfig(c.server(), fmt.Sprintf("{tokenFile: %s}", file))), 0o600)
}

// waitForEdict returns when every process is ready and kube-apiserver serves Edict's groups.
func (c *cluster) waitForEdict(l layout) error {
	for name := range l {
		address := fmt.Sprintf("http://127.0.0.1:%d/readyz", c.ports.health[name])
		err := c.wait(name, name, 2*time.Minute, func() error { return get(&http.Client{Timeout: 2 * time.Second}, address) })
		if err != nil {
			return err
		}
	}
	for _, service := range []string{"v1.kyverno.io", "v2.kyverno.io", "v2beta1.kyverno.io", "v1alpha2.wgpolicyk8s.io"} {
		err := c.wait("APIService "+service, "", time.Minute, func() error {
			condition, err := c.kubectl("get", "apiservice", service, "-o", `jsonpath={range .status.conditions[?(@.type=="Available")]}{.status} {.message}{end}`)
			if err == nil && !strings.HasPrefix(condition, "True") {
				err = fmt.Errorf("its condition Available is %s", condition)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) edictStop() error {
	for _, l := range []layout{oneProcess, threeProcesses} {
		for name := range l {
			if err := c.stop(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// edictDown removes Edict from the cluster: first what makes kube-apiserver call it, then the rest, then its data.
func (c *cluster) edictDown() error {
	if _, err := os.Stat(c.path("install", "kustomization.yaml")); err == nil && c.running("kube-apiserver") {
		for _, args := range [][]string{
			{"delete", "validatingwebhookconfigurations,mutatingwebhookconfigurations", "-l", "app.kubernetes.io/part-of=kyverno", "--ignore-not-found"},
			{"delete", "apiservices", "-l", "app.kubernetes.io/part-of=kyverno", "--ignore-not-found"},
			{"delete", "-k", c.path("install"), "--ignore-not-found", "--timeout=60s"},
		} {
			if _, err := c.kubectl(args...); err != nil {
				return err
			}
		}
	}
	if err := c.edictStop(); err != nil {
		return err
	}
	for _, name := range []string{"policies.db", "reports.db"} {
		if err := os.Remove(c.path(name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return os.RemoveAll(c.path("install"))
}
