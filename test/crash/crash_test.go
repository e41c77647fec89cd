//go:build e2e

// Package crash kills the api role of a running control plane under concurrent writes and looks whether every write
// that it acknowledged is there. What this shows is the process' part alone, since the page cache survives it; that
// nothing is acknowledged before it is synced is shown on the system calls, in TestSyncBeforeAcknowledgement.
package crash

import (
	"bytes"
	"context"
	"crypto/x509"
	"flag"
	"fmt"
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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	"github.com/edict-dev/edict/generated/clientset/versioned"
)

var rounds = flag.Int("rounds", 5, "how often the api role is killed")

const writers = 8

// apiRole is the process of a control plane that runs Edict's roles apart.
type apiRole struct {
	local string
	args  []string
	cmd   *exec.Cmd
}

// takeOver stops the api role that hack/cluster started and learns how to start it.
func takeOver(t *testing.T) *apiRole {
	t.Helper()
	local := os.Getenv("LOCAL")
	if local == "" {
		t.Fatal("LOCAL names no control plane; hack/e2e.sh and `make crash` set it")
	}
	b, err := os.ReadFile(filepath.Join(local, "run", "edict-api.pid"))
	if err != nil {
		t.Fatalf("no api role of its own is running: %v", err)
	}
	pid, err := strconv.Atoi(strings.Fields(string(b))[0])
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, arg := range bytes.Split(bytes.TrimRight(line, "\x00"), []byte{0}) {
		args = append(args, string(arg))
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	return &apiRole{local: local, args: args}
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

func (a *apiRole) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(a.local, "logs", "crash.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()

	a.cmd = exec.Command(a.args[0], a.args[1:]...)
	a.cmd.Dir, a.cmd.Stdout, a.cmd.Stderr = a.local, log, log

	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := "http://" + a.flag(t, "health-address") + "/readyz"
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.Get(address)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the api role is not ready again: %v; see logs/crash.log", err)
		}
	}
}

func (a *apiRole) kill(t *testing.T) {
	t.Helper()
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = a.cmd.Wait()
}

// client calls the api role itself, as the control plane's administrator.
func (a *apiRole) client(t *testing.T) *versioned.Clientset {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(a.local, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	config.Host = "https://" + net.JoinHostPort("localhost", a.flag(t, "secure-port"))
	config.TLSClientConfig.CAFile, config.TLSClientConfig.CAData = "", servingCA(t, config.Host)
	config.QPS, config.Burst, config.Timeout = -1, 0, 10*time.Second
	return versioned.NewForConfigOrDie(rest.AddUserAgent(config, "crash"))
}

// servingCA is the issuer that the api role itself presents; who it is does not matter here.
func servingCA(t *testing.T, host string) []byte {
	t.Helper()
	local := os.Getenv("LOCAL")
	out, err := exec.Command(filepath.Join(local, "bin", "kubectl"), "--kubeconfig", filepath.Join(local, "kubeconfig"),
		"get", "configmap", "edict-ca", "-n", "kyverno", "-o", `jsonpath={.data.ca\.crt}`).Output()
	if err != nil || !x509.NewCertPool().AppendCertsFromPEM(out) {
		t.Fatalf("the CA of %s: %v", host, err)
	}
	return out
}

func TestKilledUnderWrites(t *testing.T) {
	api := takeOver(t)
	api.start(t)
	defer func() { api.kill(t) }()
	ctx := context.Background()
	client := api.client(t)
	reports := client.Wgpolicyk8sV1alpha2().PolicyReports("default")

	acknowledged := map[string]string{} // name: the value that was acknowledged last
	lost := 0
	for round := range *rounds {
		var mutex sync.Mutex
		var wg sync.WaitGroup
		stop := make(chan struct{})
		for w := range writers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					name := fmt.Sprintf("crash-%d-%d-%d", round, w, i)
					_, err := reports.Create(ctx, &v1alpha2.PolicyReport{
						ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"edict.dev/crash": "true"}},
					}, metav1.CreateOptions{})
					if err != nil {
						return // killed
					}
					mutex.Lock()
					acknowledged[name] = name
					mutex.Unlock()
				}
			}()
		}
		time.Sleep(time.Duration(100+37*(round%20)) * time.Millisecond)
		api.kill(t)
		close(stop)
		wg.Wait()
		api.start(t)

		list, err := reports.List(ctx, metav1.ListOptions{LabelSelector: "edict.dev/crash=true"})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		there := map[string]bool{}
		for _, r := range list.Items {
			there[r.Name] = true
		}
		for name := range acknowledged {
			if !there[name] {
				t.Errorf("round %d: %s was acknowledged and is gone", round, name)
				lost++
			}
		}
	}
	if len(acknowledged) < *rounds {
		t.Errorf("only %d writes were acknowledged in %d rounds: the test shows nothing", len(acknowledged), *rounds)
	}
	t.Logf("%d rounds, %d acknowledged writes, %d lost", *rounds, len(acknowledged), lost)
	err := reports.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "edict.dev/crash=true"})
	if err != nil {
		t.Error(err)
	}
}
