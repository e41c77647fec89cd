package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNothingOfOthersIsClaimedOrRemoved(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cluster{dir: dir}
	if err := c.claim(); err == nil || !strings.Contains(err.Error(), "LOCAL") {
		t.Errorf("claimed a folder of others: %v", err)
	}
	if err := c.down(); err == nil || !strings.Contains(err.Error(), "nothing is removed") {
		t.Errorf("removed a folder of others: %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestOwnFolderIsRemovedWhole(t *testing.T) {
	c := &cluster{dir: filepath.Join(t.TempDir(), "local")}
	for range 2 { // the second time it is recognised
		if err := c.claim(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.writePKI(); err != nil {
		t.Fatal(err)
	}
	if err := c.down(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", c.dir, err)
	}
}
