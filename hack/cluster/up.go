package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// marker makes a folder ours: down removes nothing that does not hold it.
const marker = "edict-cluster"

// up starts the control plane and returns when it answers and gives out ServiceAccounts.
func (c *cluster) up() error {
	bin, err := c.build()
	if err != nil {
		return err
	}
	if err := c.claim(); err != nil {
		return err
	}
	if err := c.writeFiles(bin); err != nil {
		return err
	}
	say("starting etcd, kube-apiserver and kube-controller-manager")
	if err := c.startEtcd(bin); err != nil {
		return err
	}
	if err := c.startAPIServer(bin); err != nil {
		return err
	}
	if err := c.startControllerManager(bin); err != nil {
		return err
	}
	err = c.wait("ServiceAccounts in namespace default", "kube-controller-manager", time.Minute, func() error {
		_, err := c.kubectl("get", "serviceaccount", "default", "-n", "default")
		return err
	})
	if err != nil {
		return err
	}
	say("the control plane is up; use it with\n  %s --kubeconfig %s get namespaces", c.shown("bin", "kubectl"), c.shown("kubeconfig"))
	return nil
}

// claim makes the folder, or recognises it as one of ours.
func (c *cluster) claim() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(c.path(marker)); err != nil {
			return fmt.Errorf("%s holds other files; point LOCAL at a folder of its own", c.dir)
		}
		return nil
	}
	if err := os.MkdirAll(c.path("bin"), 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.path(marker), []byte("Made by hack/cluster; `make cluster-down` removes this folder.\n"), 0o644)
}

// writeFiles writes keys, certificates and configuration, once.
func (c *cluster) writeFiles(bin string) error {
	link := c.path("bin", "kubectl")
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(filepath.Join(bin, "kubectl"), link); err != nil {
		return err
	}
	done := c.path("pki", ".complete")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := c.writePKI(); err != nil {
		return err
	}
	files := map[string]string{
		"kubeconfig": c.kubeconfig(c.server(), fmt.Sprintf("{client-certificate: %s, client-key: %s}", c.path("pki", "admin.crt"), c.path("pki", "admin.key"))),
		"controller-manager.kubeconfig": c.kubeconfig(c.server(), fmt.Sprintf("{client-certificate: %s, client-key: %s}",
			c.path("pki", "kube-controller-manager.crt"), c.path("pki", "kube-controller-manager.key"))),
		// kube-apiserver looks for a user named after the host that it calls; * is any.
		"webhook.kubeconfig": fmt.Sprintf("apiVersion: v1\nkind: Config\nusers:\n- name: '*'\n  user: {client-certificate: %s, client-key: %s}\n",
			c.path("webhook-client.crt"), c.path("webhook-client.key")),
		"admission.yaml": c.admissionConfiguration(),
	}
	for name, content := range files {
		if err := os.WriteFile(c.path(name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(done, nil, 0o600)
}

func (c *cluster) server() string { return fmt.Sprintf("https://127.0.0.1:%d", c.ports.apiserver) }

// kubeconfig is one cluster, one user, one context.
func (c *cluster) kubeconfig(server, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: local
  cluster: {server: %q, certificate-authority: %s}
users:
- name: local
  user: %s
contexts:
- name: local
  context: {cluster: local, user: local}
current-context: local
`, server, c.path("pki", "ca.crt"), user)
}

// admissionConfiguration makes kube-apiserver present a client certificate to webhooks.
func (c *cluster) admissionConfiguration() string {
	var b strings.Builder
	b.WriteString("apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n")
	for _, plugin := range []string{"ValidatingAdmissionWebhook", "MutatingAdmissionWebhook"} {
		fmt.Fprintf(&b, "- name: %s\n  configuration:\n    apiVersion: apiserver.config.k8s.io/v1\n    kind: WebhookAdmissionConfiguration\n    kubeConfigFile: %s\n",
			plugin, c.path("webhook.kubeconfig"))
	}
	return b.String()
}

func (c *cluster) startEtcd(bin string) error {
	client, peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcd), fmt.Sprintf("http://127.0.0.1:%d", c.ports.etcdPeer)
	err := c.start("etcd", filepath.Join(bin, "etcd"), "--name=local", "--data-dir="+c.path("etcd"), "--log-level=warn",
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=local="+peer)
	if err != nil {
		return err
	}
	return c.wait("etcd", "etcd", time.Minute, func() error { return get(http.DefaultClient, client+"/health") })
}

func (c *cluster) startAPIServer(bin string) error {
	pki := func(name string) string { return c.path("pki", name) }
	err := c.start("kube-apiserver", filepath.Join(bin, "kube-apiserver"),
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", c.ports.etcd),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.apiserver), "--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true", "--authorization-mode=Node,RBAC",
		"--client-ca-file="+pki("ca.crt"), "--tls-cert-file="+pki("kube-apiserver.crt"), "--tls-private-key-file="+pki("kube-apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+pki("service-accounts.key"),
		"--service-account-signing-key-file="+pki("service-accounts.key"),
		"--proxy-client-cert-file="+pki("front-proxy-client.crt"), "--proxy-client-key-file="+pki("front-proxy-client.key"),
		"--requestheader-client-ca-file="+pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-uid-headers=X-Remote-Uid",
		"--admission-control-config-file="+c.path("admission.yaml"),
		// Pods can be created before their namespace's ServiceAccount is.
		"--disable-admission-plugins=ServiceAccount")
	if err != nil {
		return err
	}
	client, err := c.httpClient()
	if err != nil {
		return err
	}
	return c.wait("kube-apiserver", "kube-apiserver", 2*time.Minute, func() error { return get(client, c.server()+"/readyz") })
}

func (c *cluster) startControllerManager(bin string) error {
	pki := func(name string) string { return c.path("pki", name) }
	kubeconfig := c.path("controller-manager.kubeconfig")
	return c.start("kube-controller-manager", filepath.Join(bin, "kube-controller-manager"),
		"--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.controllerManager), "--leader-elect=false",
		// As in kubeadm's clusters each controller is a ServiceAccount of its own: what admission sees of who
		// creates a Deployment's Pods is what it sees in production.
		"--use-service-account-credentials=true", "--service-account-private-key-file="+pki("service-accounts.key"), "--root-ca-file="+pki("ca.crt"),
		"--cluster-signing-cert-file="+pki("ca.crt"), "--cluster-signing-key-file="+pki("ca.key"),
		// No kubelet ever renews a node here.
		"--controllers=*,-node-lifecycle-controller")
}

// down stops everything and removes the folder. The cache of binaries stays.
func (c *cluster) down() error {
	if _, err := os.Stat(c.path(marker)); err != nil {
		if _, err := os.Stat(c.dir); os.IsNotExist(err) {
			say("nothing to stop: there is no %s", c.dir)
			return nil
		}
		return fmt.Errorf("%s was not made by hack/cluster; nothing is removed", c.dir)
	}
	if err := c.edictStop(); err != nil {
		return err
	}
	for _, name := range []string{"kube-controller-manager", "kube-apiserver", "etcd"} {
		if err := c.stop(name); err != nil {
			return err
		}
	}
	return os.RemoveAll(c.dir)
}

// kubectl runs kubectl as the cluster's administrator; its error holds what kubectl said.
func (c *cluster) kubectl(args ...string) (string, error) {
	cmd := exec.Command(c.path("bin", "kubectl"), append([]string{"--kubeconfig", c.path("kubeconfig")}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// httpClient trusts the control plane's CA and is its administrator.
func (c *cluster) httpClient() (*http.Client, error) {
	ca, err := os.ReadFile(c.path("pki", "ca.crt"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	admin, err := tls.LoadX509KeyPair(c.path("pki", "admin.crt"), c.path("pki", "admin.key"))
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{admin}, MinVersion: tls.VersionTLS12},
	}}, nil
}

// get is nil when the address answers 200.
func get(client *http.Client, address string) error {
	response, err := client.Get(address)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(strings.TrimSpace(string(body)))
	}
	return nil
}

// shown is a path as a person at the top of the repository would type it.
func (c *cluster) shown(names ...string) string {
	path := c.path(names...)
	if relative, err := filepath.Rel(c.root, path); err == nil && !strings.HasPrefix(relative, "..") {
		return relative
	}
	return path
}
