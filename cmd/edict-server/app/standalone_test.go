package app

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	"github.com/edict-dev/edict/generated/clientset/versioned"
)

// announcement is what a server prints, and tells when it did.
type announcement struct {
	mu      sync.Mutex
	text    bytes.Buffer
	printed chan struct{}
	once    sync.Once
}

func (a *announcement) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	defer a.once.Do(func() { close(a.printed) })
	return a.text.Write(b)
}

// runAlone runs a standalone server in the directory until the test ends or stop is called.
func runAlone(t *testing.T, dir string) (printed string, stop func()) {
	t.Helper()
	options := parse(t, "--standalone", "--data-dir="+dir)
	options.alone(func(flag string) bool { return false })
	if errs := options.Validate(); len(errs) > 0 {
		t.Fatal(errs)
	}
	out := &announcement{printed: make(chan struct{})}
	config, err := options.Config(out)
	if err != nil {
		t.Fatal(err)
	}
	completed, err := config.Complete()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- completed.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-out.printed:
	case <-time.After(30 * time.Second):
		t.Fatal("it does not say that it serves")
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	return out.text.String(), stop
}

func clientOf(t *testing.T, dir string) (*versioned.Clientset, *rest.Config) {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, standaloneKubeconfig))
	if err != nil {
		t.Fatal(err)
	}
	return versioned.NewForConfigOrDie(config), config
}

func TestStandalone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	printed, stop := runAlone(t, dir)
	if !strings.Contains(printed, filepath.Join(dir, standaloneKubeconfig)) || !strings.Contains(printed, "https://127.0.0.1:") {
		t.Errorf("printed %q", printed)
	}
	client, config := clientOf(t, dir)
	if strings.Contains(printed, config.BearerToken) {
		t.Error("the token is printed")
	}
	policy := &kyvernov1.ClusterPolicy{ObjectMeta: metav1.ObjectMeta{Name: "empty"}}
	created, err := client.KyvernoV1().ClusterPolicies().Create(t.Context(), policy, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if author := created.Status.Author; author == nil || author.Username != "admin" {
		t.Errorf("author %+v", author)
	}

	t.Run("nobody else gets in", func(t *testing.T) {
		for name, token := range map[string]string{"no token": "", "another token": config.BearerToken + "x"} {
			stranger := rest.AnonymousClientConfig(config)
			stranger.BearerToken = token
			_, err := versioned.NewForConfigOrDie(stranger).KyvernoV1().ClusterPolicies().List(t.Context(), metav1.ListOptions{})
			if !apierrors.IsUnauthorized(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("P11 only the owner can read what it writes", func(t *testing.T) {
		for _, name := range []string{standaloneKubeconfig, policiesFile, reportsFile} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("%s has mode %o", name, mode)
			}
		}
	})
	t.Run("P01 headers of a front proxy count for nothing", func(t *testing.T) {
		forger := rest.AnonymousClientConfig(config)
		forger.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				r = r.Clone(r.Context())
				r.Header.Set("X-Remote-User", "admin")
				r.Header.Set("X-Remote-Group", "system:masters")
				return next.RoundTrip(r)
			})
		})
		_, err := versioned.NewForConfigOrDie(forger).KyvernoV1().ClusterPolicies().List(t.Context(), metav1.ListOptions{})
		if !apierrors.IsUnauthorized(err) {
			t.Error(err)
		}
	})

	stop()
	runAlone(t, dir)
	client, _ = clientOf(t, dir)
	if _, err := client.KyvernoV1().ClusterPolicies().Get(t.Context(), "empty", metav1.GetOptions{}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestStandaloneRefusesWhatContradictsIt(t *testing.T) {
	options := parse(t, "--standalone", "--roles=api,admission", "--kubeconfig=there", "--tls-cert-file=c", "--tls-private-key-file=k")
	options.alone(func(flag string) bool { return flag == "roles" })
	text := ""
	for _, err := range options.Validate() {
		text += err.Error() + "\n"
	}
	for _, want := range []string{"leave --roles out", "leave --kubeconfig", "leave --tls-cert-file"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
