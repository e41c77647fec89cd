package command

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Run([]string{"version"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if got := stdout.String(); !regexp.MustCompile(`^edict v\S+ go\S+ \w+/\w+\n$`).MatchString(got) {
		t.Errorf("got %q", got)
	}
}

func TestUnknownCommand(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Run([]string{"aply"}, &stdout, &stderr); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if stdout.Len() > 0 || !strings.Contains(stderr.String(), `unknown command "aply"`) || !strings.Contains(stderr.String(), "edict --help") {
		t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
	}
}
