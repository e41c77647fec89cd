package apiserver

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
)

func (s *server) readiness(t *testing.T) (status int, body string) {
	t.Helper()
	response, err := http.Get("http://" + s.health + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, read(t, response)
}

func (s *server) awaitReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, body := s.readiness(t)
		if status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready:\n%s", body)
		}
	}
}

// storeWithPolicy runs a server once, so that there is a policy and a record of the store.
func storeWithPolicy(t *testing.T) (dir string, cluster *fake.Clientset, recorded int64) {
	t.Helper()
	dir, cluster = t.TempDir(), newCluster()
	s := startServer(t, setup{dir: dir, cluster: cluster})
	s.awaitReady(t)
	if _, err := s.as("alice").KyvernoV1().ClusterPolicies().Create(context.Background(), newClusterPolicy("precious"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.mustStop(t)
	return dir, cluster, record(t, cluster)
}

func record(t *testing.T, cluster kubernetes.Interface) int64 {
	t.Helper()
	configMap, err := cluster.CoreV1().ConfigMaps("kyverno").Get(context.Background(), "edict-policy-store", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	revision, err := strconv.ParseInt(configMap.Data["revision"], 10, 64)
	if err != nil || configMap.Data["storeID"] == "" {
		t.Fatalf("recorded %v: %v", configMap.Data, err)
	}
	return revision
}

// P09: a policy store that is lost, foreign, rolled back or broken is never "no policies".
func TestP09PolicyStoreIsNeverSilentlyEmpty(t *testing.T) {
	ctx := context.Background()
	t.Parallel()
	for _, c := range []struct {
		name string
		// harm is done to the file between two runs.
		harm func(t *testing.T, path string)
		want []string
	}{
		{"missing", func(t *testing.T, path string) {
			must(t, os.Remove(path))
		}, []string{"is missing", "--accept-store-reset"}},
		{"another store", func(t *testing.T, path string) {
			other, _, _ := storeWithPolicy(t)
			must(t, os.Rename(filepath.Join(other, "policies.db"), path))
		}, []string{"is another store", "--accept-store-reset"}},
		{"empty", func(t *testing.T, path string) {
			must(t, os.Truncate(path, 0))
		}, []string{path("policies.db"), "it is empty", "move the file away", "--accept-store-reset"}},
		{"cut short", func(t *testing.T, path string) {
			info, err := os.Stat(path)
			must(t, err)
			must(t, os.Truncate(path, info.Size()/2))
		}, []string{path("policies.db"), "it is cut short", "--accept-store-reset"}},
		{"no store", func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("no store "), 4096), 0o600))
		}, []string{path("policies.db"), "--accept-store-reset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, cluster, _ := storeWithPolicy(t)
			file := filepath.Join(dir, "policies.db")
			c.harm(t, file)
			before, _ := os.ReadFile(file)

			s := startServer(t, setup{dir: dir, cluster: cluster})
			status, body := s.readiness(t)
			if status != http.StatusServiceUnavailable || !strings.Contains(body, "[-]policy-store failed: ") || !strings.Contains(body, "[+]report-store ok") {
				t.Errorf("readiness %d:\n%s", status, body)
			}
			list, err := s.as("alice").KyvernoV1().ClusterPolicies().List(ctx, metav1.ListOptions{})
			if !apierrors.IsServiceUnavailable(err) {
				t.Fatalf("the list holds %d policies: %v", len(list.Items), err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) || !strings.Contains(body, want) {
					t.Errorf("neither %q nor readiness say %q", err, want)
				}
			}
			if _, err := s.as("alice").KyvernoV1().ClusterPolicies().Watch(ctx, metav1.ListOptions{}); !apierrors.IsServiceUnavailable(err) {
				t.Errorf("watch: %v", err)
			}
			if _, err := s.as("alice").KyvernoV1().ClusterPolicies().Create(ctx, newClusterPolicy("p"), metav1.CreateOptions{}); !apierrors.IsServiceUnavailable(err) {
				t.Errorf("create: %v", err)
			}
			if _, err := s.as("alice").Wgpolicyk8sV1alpha2().ClusterPolicyReports().Create(ctx,
				&v1alpha2.ClusterPolicyReport{ObjectMeta: metav1.ObjectMeta{Name: "r"}}, metav1.CreateOptions{}); err != nil {
				t.Errorf("reports are not served: %v", err)
			}
			s.mustStop(t)
			if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func path(name string) string { return "/" + name }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// P09: a file restored from before is told from the newest one.
func TestP09RolledBack(t *testing.T) {
	ctx := context.Background()
	t.Parallel()
	dir, cluster, _ := storeWithPolicy(t)
	file := filepath.Join(dir, "policies.db")
	old, err := os.ReadFile(file)
	must(t, err)
	s := startServer(t, setup{dir: dir, cluster: cluster})
	must(t, s.as("alice").KyvernoV1().ClusterPolicies().Delete(ctx, "precious", metav1.DeleteOptions{}))
	s.mustStop(t)
	must(t, os.WriteFile(file, old, 0o600))

	s = startServer(t, setup{dir: dir, cluster: cluster})
	if _, err := s.as("alice").KyvernoV1().ClusterPolicies().List(ctx, metav1.ListOptions{}); !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "is older than it was") {
		t.Errorf("list: %v", err)
	}
	s.mustStop(t)
}

// A reset is accepted only when told to, and time never runs backwards for who watched before.
func TestAcceptStoreReset(t *testing.T) {
	ctx := context.Background()
	t.Parallel()
	dir, cluster, recorded := storeWithPolicy(t)
	must(t, os.Remove(filepath.Join(dir, "policies.db")))
	s := startServer(t, setup{dir: dir, cluster: cluster, acceptReset: true})
	s.awaitReady(t)
	policies := s.as("alice").KyvernoV1().ClusterPolicies()
	list, err := policies.List(ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) > 0 {
		t.Fatalf("%d policies: %v", len(list.Items), err)
	}
	if revision, err := strconv.ParseInt(list.ResourceVersion, 10, 64); err != nil || revision <= recorded {
		t.Errorf("the new store is at revision %s, the lost one was at %d", list.ResourceVersion, recorded)
	}
	_, err = policies.Watch(ctx, metav1.ListOptions{ResourceVersion: strconv.FormatInt(recorded, 10)})
	if !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		events, watchErr := policies.Watch(ctx, metav1.ListOptions{ResourceVersion: strconv.FormatInt(recorded, 10)})
		must(t, watchErr)
		if event := <-events.ResultChan(); !apierrors.IsResourceExpired(apierrors.FromObject(event.Object)) && !apierrors.IsGone(apierrors.FromObject(event.Object)) {
			t.Errorf("a watch from before the reset gets %+v", event)
		}
	}
	s.mustStop(t)
	if now := record(t, cluster); now <= recorded {
		t.Errorf("recorded %d after %d", now, recorded)
	}
	// Without the flag the new store is the recorded one.
	startServer(t, setup{dir: dir, cluster: cluster}).awaitReady(t)
}

// Without an answer from kube-apiserver it is not known which store there was: nothing is served, and the process waits.
func TestRecordCannotBeRead(t *testing.T) {
	t.Parallel()
	dir, cluster, _ := storeWithPolicy(t)
	var answers atomic.Bool
	cluster.PrependReactor("get", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		return !answers.Load(), nil, errors.New("kube-apiserver is down")
	})
	s, err := launch(setup{dir: dir, cluster: cluster})
	must(t, err)
	defer s.cancel()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + s.health + "/readyz")
		if err == nil {
			if body := read(t, response); response.StatusCode == http.StatusServiceUnavailable && strings.Contains(body, "kube-apiserver is down") {
				break
			} else if response.StatusCode == http.StatusOK {
				t.Fatalf("ready:\n%s", body)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("health does not tell: %v", err)
		}
	}
	alive, err := http.Get("http://" + s.health + "/livez")
	must(t, err)
	if body := read(t, alive); alive.StatusCode != http.StatusOK {
		t.Errorf("not alive:\n%s", body)
	}
	answers.Store(true)
	must(t, s.await())
	s.awaitReady(t)
	if _, err := s.as("alice").KyvernoV1().ClusterPolicies().Get(t.Context(), "precious", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	s.mustStop(t)
}

func TestReportStoreCutShort(t *testing.T) {
	ctx := context.Background()
	t.Parallel()
	dir, cluster, _ := storeWithPolicy(t)
	must(t, os.Truncate(filepath.Join(dir, "reports.db"), 100))
	s := startServer(t, setup{dir: dir, cluster: cluster})
	if _, err := s.as("alice").Wgpolicyk8sV1alpha2().ClusterPolicyReports().List(ctx, metav1.ListOptions{}); !apierrors.IsServiceUnavailable(err) || !strings.Contains(err.Error(), "reports.db") {
		t.Errorf("list of reports: %v", err)
	} else if !strings.Contains(err.Error(), "move the file away") || strings.Contains(err.Error(), "--accept-store-reset") {
		t.Errorf("reports are not kept on record, so their way out is without the flag: %v", err)
	}
	if _, err := s.as("alice").KyvernoV1().ClusterPolicies().Get(ctx, "precious", metav1.GetOptions{}); err != nil {
		t.Errorf("policies are not served: %v", err)
	}
}

func TestSecondProcessOnTheSameFile(t *testing.T) {
	ctx := context.Background()
	t.Parallel()
	dir, cluster, _ := storeWithPolicy(t)
	first := startServer(t, setup{dir: dir, cluster: cluster})
	first.awaitReady(t)
	second := startServer(t, setup{dir: dir, cluster: cluster})
	if _, body := second.readiness(t); !strings.Contains(body, "another process has it open") {
		t.Errorf("readiness:\n%s", body)
	}
	if _, err := second.as("alice").KyvernoV1().ClusterPolicies().List(ctx, metav1.ListOptions{}); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("the second process lists: %v", err)
	}
	if _, err := first.as("alice").KyvernoV1().ClusterPolicies().Get(ctx, "precious", metav1.GetOptions{}); err != nil {
		t.Errorf("the first process does not serve any more: %v", err)
	}
}
