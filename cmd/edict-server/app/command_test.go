package app

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func run(args ...string) (output string, err error) {
	var out bytes.Buffer
	command := NewCommand()
	command.SetArgs(args)
	command.SetOut(&out)
	command.SetErr(&out)
	err = command.Execute()
	return out.String(), err
}

func TestVersion(t *testing.T) {
	output, err := run("version")
	must(t, err)
	if !regexp.MustCompile(`^edict-server v\S+ go\S+ \w+/\w+\n$`).MatchString(output) {
		t.Errorf("got %q", output)
	}
}

func TestHelp(t *testing.T) {
	output, err := run("--help")
	must(t, err)
	for _, want := range []string{
		"Process flags:", "--roles strings", "Cluster flags:", "--api-kubeconfig", "Api storage flags:", "--data-dir", "--accept-store-reset",
		"Api serving flags:", "--secure-port int", "(default 8443)", "Admission flags:", "Logs flags:",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("the help does not say %q", want)
		}
	}
	if strings.Contains(output, "--cert-dir") {
		t.Error("the help offers --cert-dir, which is refused")
	}
}

func TestUnknownFlag(t *testing.T) {
	if _, err := run("--rolls=api"); err == nil || !strings.Contains(err.Error(), "--rolls") {
		t.Errorf("got %v", err)
	}
}
