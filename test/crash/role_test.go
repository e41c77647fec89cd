//go:build e2e

// Package crash takes the api role of a running control plane over and does to it what a test of the store cannot: it
// kills it under concurrent writes and looks whether every write that it acknowledged is there, it watches its system
// calls to see whether every write was synced before it was acknowledged, and it takes its policies away to see that the
// admission role goes on with them. It leaves the api role stopped.
package crash

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edict-dev/edict/generated/clientset/versioned"
	"github.com/edict-dev/edict/test/systrace"
)

// apiRole is how hack/cluster starts the process of the api role.
type apiRole struct {
	local string
	args  []string
}

// takeOver stops the api role that hack/cluster started and learns how to start it.
func takeOver(t *testing.T) *apiRole {
	t.Helper()
	api, err := running()
	if err != nil {
		t.Fatal(err)
	}
	return api
}

var running = sync.OnceValues(func() (*apiRole, error) {
	local := os.Getenv("LOCAL")
	if local == "" {
		return nil, fmt.Errorf("LOCAL names no control plane; `make e2e` and `make crash` set it")
	}
	b, err := os.ReadFile(filepath.Join(local, "run", "edict-api.pid"))
	if err != nil {
		return nil, fmt.Errorf("no api role of its own is running: %w", err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(b))[0])
	if err != nil {
		return nil, err
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil, fmt.Errorf("the api role is not running: %w", err)
	}
	api := &apiRole{local: local}
	for _, arg := range bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0}) {
		api.args = append(api.args, string(arg))
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return nil, err
	}
	return api, process.Kill()
})

// kubectl is what a user of the control plane types.
func (a *apiRole) kubectl(args ...string) (string, error) {
	all := append([]string{"--kubeconfig", filepath.Join(a.local, "kubeconfig")}, args...)
	out, err := exec.Command(filepath.Join(a.local, "bin", "kubectl"), all...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

func (a *apiRole) flag(t *testing.T, name string) string {
	t.Helper()
	for _, arg := range a.args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
	}
	t.Fatalf("the api role was started without --%s", name)
	return ""
}

// command is the api role's command line, with its output in a log of its own.
func (a *apiRole) command(t *testing.T, binary string, more ...string) *exec.Cmd {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(a.local, "logs", "crash.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	cmd := exec.Command(binary, append(a.args[1:len(a.args):len(a.args)], more...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = a.local, log, log
	return cmd
}

// run is one process of the api role.
type run struct{ cmd *exec.Cmd }

func (a *apiRole) start(t *testing.T, more ...string) run {
	t.Helper()
	r := a.launch(t, more...)
	a.awaitReady(t)
	return r
}

// launch starts the api role without waiting for it to be ready.
func (a *apiRole) launch(t *testing.T, more ...string) run {
	t.Helper()
	cmd := a.command(t, a.args[0], more...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return run{cmd}
}

func (r run) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
}

// startTraced starts a binary as the api role, with all of its system calls observed.
func (a *apiRole) startTraced(t *testing.T, binary string, observe func(systrace.Call)) *systrace.Process {
	t.Helper()
	process, err := systrace.Start(a.command(t, binary), observe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Kill()
		_ = process.Wait()
	})
	a.awaitReady(t)
	return process
}

func (a *apiRole) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, "the api role is not ready again; see logs/crash.log", func() error {
		ready, body, err := a.readiness(t)
		if err == nil && !ready {
			err = errors.New(body)
		}
		return err
	})
}

func (a *apiRole) readiness(t *testing.T) (ready bool, body string, err error) {
	t.Helper()
	response, err := http.Get("http://" + a.flag(t, "health-address") + "/readyz")
	if err != nil {
		return false, "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode == http.StatusOK, string(content), err
}

func eventually(t *testing.T, complaint string, holds func() error) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", complaint, err)
		}
	}
}

// client calls the api role itself, as the control plane's administrator.
func (a *apiRole) client(t *testing.T) *versioned.Clientset {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(a.local, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.Host = "https://" + net.JoinHostPort("localhost", a.flag(t, "secure-port"))
	config.CAFile, config.CAData = "", a.servingCA(t)
	config.QPS, config.Burst, config.Timeout = -1, 0, 10*time.Second
	return versioned.NewForConfigOrDie(rest.AddUserAgent(config, "crash"))
}

// servingCA is the issuer of the certificate that the api role presents; kube-apiserver gets it from the APIServices.
func (a *apiRole) servingCA(t *testing.T) []byte {
	t.Helper()
	out, err := a.kubectl("get", "configmap", "edict-ca", "-n", "kyverno", "-o", `jsonpath={.data.ca\.crt}`)
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM([]byte(out)) {
		t.Fatalf("the CA of the api role: %v", err)
	}
	return []byte(out)
}
