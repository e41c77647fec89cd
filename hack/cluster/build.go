package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// binaries names what is built: the module folder under hack/cluster that pins it, and its main package.
var binaries = []struct{ name, module, pkg string }{
	{"etcd", "etcd", "go.etcd.io/etcd/server/v3"},
	{"kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl"},
}

// build returns the folder of the control plane's binaries, building what is missing. The folder is keyed by what the
// modules pin, so another version never runs by mistake; two builds at once share one lock.
func (c *cluster) build() (string, error) {
	version, key, err := c.pinned()
	if err != nil {
		return "", err
	}
	out := filepath.Join(c.cache, "controlplane-"+version+"-"+key)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(out, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	for _, b := range binaries {
		if _, err := os.Stat(filepath.Join(out, b.name)); err == nil {
			continue
		}
		if err := c.buildOne(out, b.name, filepath.Join(c.root, "hack", "cluster", b.module), b.pkg, version); err != nil {
			return "", err
		}
	}
	return out, nil
}

// pinned is Kubernetes' version and a digest of all that the modules pin.
func (c *cluster) pinned() (version, key string, err error) {
	sum := sha256.New()
	for _, module := range []string{"kubernetes", "etcd"} {
		for _, file := range []string{"go.mod", "go.sum"} {
			b, err := os.ReadFile(filepath.Join(c.root, "hack", "cluster", module, file))
			if err != nil {
				return "", "", err
			}
			sum.Write(b)
			if m := regexp.MustCompile(`k8s\.io/kubernetes (v\S+)`).FindSubmatch(b); m != nil && file == "go.mod" {
				version = string(m[1])
			}
		}
	}
	if version == "" {
		return "", "", fmt.Errorf("hack/cluster/kubernetes/go.mod requires no k8s.io/kubernetes")
	}
	return version, hex.EncodeToString(sum.Sum(nil))[:12], nil
}

func (c *cluster) buildOne(out, name, module, pkg, version string) error {
	env := append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	list := exec.Command("go", "list", "-deps", pkg)
	list.Dir, list.Env, list.Stderr = module, env, os.Stderr
	deps, err := list.Output()
	if err != nil {
		return fmt.Errorf("list what %s needs: %w", name, err)
	}
	total := strings.Count(string(deps), "\n")
	say("building %s: %d packages; minutes when nothing is cached, once", name, total)

	minor := strings.Split(version, ".")[1]
	const set = " -X k8s.io/component-base/version."
	temporary := filepath.Join(out, "."+name)
	build := exec.Command("go", "build", "-v", "-trimpath", "-o", temporary,
		"-ldflags", "-s -w"+set+"gitVersion="+version+set+"gitMajor=1"+set+"gitMinor="+minor, pkg)
	build.Dir, build.Env = module, env
	stderr, err := build.StderrPipe()
	if err != nil {
		return err
	}
	if err := build.Start(); err != nil {
		return err
	}
	showProgress(stderr, name, total)
	if err := build.Wait(); err != nil {
		return fmt.Errorf("build %s: %w", name, err)
	}
	return os.Rename(temporary, filepath.Join(out, name))
}

// showProgress counts the packages that `go build -v` names as it compiles them, and passes everything else on.
func showProgress(r io.Reader, name string, total int) {
	isPackage := regexp.MustCompile(`^[\w.~-]+(/[\w.~-]+)*$`)
	compiled := 0
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line := lines.Text()
		if !isPackage.MatchString(line) {
			if !strings.HasPrefix(line, "go: downloading") {
				say("%s", line)
			}
			continue
		}
		if compiled++; compiled%100 == 0 {
			say("  %s: %d of %d packages", name, compiled, total)
		}
	}
}
