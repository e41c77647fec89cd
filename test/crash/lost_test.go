//go:build e2e

package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	guarded = "lost-policies"
	// webhooks are what kube-apiserver calls, and in which generation of their configuration.
	webhooks = `jsonpath={.metadata.generation} {.webhooks[*].name}`
)

var guardingPolicy = `
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: ` + guarded + `}
spec:
  rules:
  - name: owner
    match: {any: [{resources: {kinds: [ConfigMap], namespaces: [default]}}]}
    validate: {failureAction: Enforce, message: no owner, pattern: {metadata: {labels: {owner: "?*"}}}}
`

// P09: policies that are lost, while the admission role holds them, are never "no policies". Nothing changes for who is
// admitted, reports and discovery are served, and users and operators are told what to do.
func TestP09LostPolicies(t *testing.T) {
	api := takeOver(t)
	process := api.start(t)
	t.Cleanup(func() { process.kill(t) })
	manifest := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(manifest, []byte(guardingPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the policy is not created", func() error { return api.try("apply", "-f", manifest) })
	if err := api.try("wait", "--for=condition=Ready", "clusterpolicy/"+guarded, "--timeout=120s"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the policy is not in force", func() error { return api.refuses() })
	before := api.webhooks(t)

	file := filepath.Join(api.flag(t, "data-dir"), "policies.db")
	kept := filepath.Join(t.TempDir(), "policies.db")
	for name, harm := range map[string]func() error{
		"missing":   func() error { return nil },
		"empty":     func() error { return os.WriteFile(file, nil, 0o600) },
		"cut short": func() error { return cutShort(kept, file) },
	} {
		process.kill(t)
		if err := os.Rename(file, kept); err != nil {
			t.Fatal(err)
		}
		if err := harm(); err != nil {
			t.Fatal(err)
		}
		process = api.launch(t)
		t.Run(name, func(t *testing.T) {
			api.withoutPolicies(t, file)
			if after := api.webhooks(t); after != before {
				t.Errorf("the webhooks were %q and are %q", before, after)
			}
		})
		process.kill(t)
		if err := os.Rename(kept, file); err != nil {
			t.Fatal(err)
		}
		process = api.start(t)
	}
	eventually(t, "the policy is not there again", func() error { return api.try("get", "clusterpolicy", guarded) })
	if err := api.try("delete", "clusterpolicy", guarded); err != nil {
		t.Error(err)
	}
}

// withoutPolicies looks at a control plane whose policies are lost.
func (a *apiRole) withoutPolicies(t *testing.T, file string) {
	t.Helper()
	// kube-apiserver finds the api role again a moment after it has started.
	eventually(t, "reports are not served", func() error { return a.try("get", "policyreports", "-A") })
	for range 5 {
		// Whoever asks is told, the admission role's informers too.
		out, err := a.kubectl("get", "clusterpolicies")
		if err == nil || !strings.Contains(out, file) || !strings.Contains(out, "--accept-store-reset") {
			t.Fatalf("the answer is no refusal that names %s and the way out:\n%s", file, out)
		}
		if err := a.refuses(); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.try("get", "--raw", "/apis/kyverno.io/v1"); err != nil {
		t.Error(err)
	}
	ready, body, err := a.readiness(t)
	if err != nil || ready || !strings.Contains(body, "[-]policy-store failed: ") || !strings.Contains(body, "--accept-store-reset") {
		t.Errorf("ready: %v, %v\n%s", ready, err, body)
	}
	log, err := os.ReadFile(filepath.Join(a.local, "logs", "crash.log"))
	if err != nil || !strings.Contains(string(log), "A store is not served") {
		t.Errorf("the log says nothing of it: %v", err)
	}
}

func (a *apiRole) try(args ...string) error {
	_, err := a.kubectl(args...)
	return err
}

// refuses is nil when the policy is enforced.
func (a *apiRole) refuses() error {
	out, err := a.kubectl("create", "configmap", "without-owner", "-n", "default", "--dry-run=server")
	if err == nil {
		return errors.New("a ConfigMap that violates the policy was admitted")
	}
	if !strings.Contains(out, guarded) {
		return fmt.Errorf("it was not the policy that refused: %w", err)
	}
	return nil
}

func (a *apiRole) webhooks(t *testing.T) string {
	t.Helper()
	out, err := a.kubectl("get", "validatingwebhookconfigurations", "kyverno-resource-validating-webhook-cfg", "-o", webhooks)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// cutShort copies a file without its last page.
func cutShort(from, to string) error {
	whole, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, whole[:len(whole)-os.Getpagesize()], 0o600)
}
