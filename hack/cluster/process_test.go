package main

import (
	"fmt"
	"os"
	"testing"
)

func TestStartAndStop(t *testing.T) {
	c := &cluster{dir: t.TempDir()}
	if err := c.start("sleeper", "/bin/sleep", "60"); err != nil {
		t.Fatal(err)
	}
	first, ok := c.pid("sleeper")
	if !ok {
		t.Fatal("not running after start")
	}
	if err := c.start("sleeper", "/bin/sleep", "60"); err != nil {
		t.Fatal(err)
	}
	if again, _ := c.pid("sleeper"); again != first {
		t.Errorf("started twice: %d and %d", first, again)
	}
	if err := c.stop("sleeper"); err != nil {
		t.Fatal(err)
	}
	if startTime(first) != "gone" {
		t.Errorf("process %d is still there", first)
	}
	if err := c.stop("sleeper"); err != nil {
		t.Errorf("stopping what does not run: %v", err)
	}
}

// A process id that was given to somebody else since is not ours to end.
func TestReusedProcessIDs(t *testing.T) {
	c := &cluster{dir: t.TempDir()}
	if err := os.MkdirAll(c.path("run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.pidFile("other"), fmt.Appendf(nil, "%d 1\n", os.Getpid()), 0o600); err != nil {
		t.Fatal(err)
	}
	if c.running("other") {
		t.Error("a process with another start time counts as ours")
	}
	if err := c.stop("other"); err != nil {
		t.Error(err)
	}
}
