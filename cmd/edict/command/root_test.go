package command

import (
	"bytes"
	"strings"
	"testing"
)

func TestUnknownCommand(t *testing.T) {
	stdout, stderr, code := edict(t, "", "aply")
	if code != 2 || stdout != "" || !strings.Contains(stderr, `unknown command "aply"`) || !strings.Contains(stderr, "edict --help") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if stdout, stderr, code := edict(t, "", "completion", shell); code != 0 || !strings.Contains(stdout, "edict") {
			t.Errorf("%s: exit code %d: %q", shell, code, stderr)
		}
	}
}

func TestKubectlPlugin(t *testing.T) {
	for program, want := range map[string]string{
		"/usr/bin/kubectl-edict": "kubectl edict apply POLICIES", "edict": "  edict apply POLICIES",
	} {
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), []string{program, "apply", "--help"}, Streams{Out: &stdout, Err: &stderr})
		if code != 0 || !strings.Contains(stdout.String(), want) {
			t.Errorf("%s: exit code %d: %s", program, code, stdout.String())
		}
	}
}
