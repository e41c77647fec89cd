package apiserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	certutil "k8s.io/client-go/util/cert"

	"github.com/edict-dev/edict/cmd/edict-server/app"
	"github.com/edict-dev/edict/generated/clientset/versioned"
)

// users are who the bearer tokens of the tests stand for.
var users = map[string]*user.DefaultInfo{
	"admin": {Name: "admin", UID: "1", Groups: []string{"system:masters", "system:authenticated"}},
	"alice": {Name: "alice", UID: "2", Groups: []string{"developers", "system:authenticated"}},
	"bob":   {Name: "bob", UID: "3", Groups: []string{"system:authenticated"}},
}

// servingCertificate and servingKey are what every server of these tests presents.
var servingCertificate, servingKey = func() ([]byte, []byte) {
	certificate, key, err := certutil.GenerateSelfSignedCertKey("127.0.0.1", []net.IP{net.IPv4(127, 0, 0, 1)}, []string{"localhost"})
	if err != nil {
		panic(err)
	}
	return certificate, key
}()

// shared is a server for tests that need no other than a running one. They must not rely on what else is stored.
var shared *server

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "edict-apiserver-test-")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if shared, err = start(setup{dir: dir, cluster: newCluster()}); err != nil {
			panic(err)
		}
		defer func() { _ = shared.stop() }()
		return m.Run()
	}())
}

// newCluster is what the server finds in the Kubernetes cluster.
func newCluster() *fake.Clientset {
	return fake.NewClientset(
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team-2"}},
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ending"}, Status: corev1.NamespaceStatus{Phase: corev1.NamespaceTerminating}},
	)
}

// server is an api role that runs.
type server struct {
	address, health string
	cancel          context.CancelFunc
	ended           chan error
}

// setup is what a server is started with.
type setup struct {
	// dir holds its files.
	dir string
	// cluster is the Kubernetes cluster that it finds.
	cluster kubernetes.Interface
	// acceptReset is --accept-store-reset.
	acceptReset bool
	// exceptions are --enable-policy-exception and --exception-namespace.
	exceptions app.ExceptionOptions
	// authorizer says who may do what; everybody everything, if it is nil.
	authorizer authorizer.Authorizer
	// kubeconfig, if set, is of a kube-apiserver that says who is who. Otherwise users are, and may do everything.
	kubeconfig string
}

// start runs an api role, and returns when it answers.
func start(with setup) (*server, error) {
	s, err := launch(with)
	if err != nil {
		return nil, err
	}
	return s, s.await()
}

// launch runs an api role.
func launch(with setup) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	health, err := freeAddress()
	if err != nil {
		return nil, err
	}
	options := app.NewOptions()
	options.Roles = []string{string(app.RoleAPI)}
	options.HealthAddress = health
	options.Kubeconfig = with.kubeconfig
	if with.kubeconfig == "" {
		options.Kubeconfig = filepath.Join(with.dir, "kubeconfig")
		if err := os.WriteFile(options.Kubeconfig, []byte(nowhere), 0o600); err != nil {
			return nil, err
		}
	}
	options.API.DataDir = with.dir
	options.API.AcceptStoreReset = with.acceptReset
	options.Exceptions = &with.exceptions
	options.API.SecureServing.Listener = listener
	if options.API.SecureServing.ServerCert.GeneratedCert, err = dynamiccertificates.NewStaticCertKeyContent("test", servingCertificate, servingKey); err != nil {
		return nil, err
	}
	config, err := options.Config(io.Discard)
	if err != nil {
		return nil, err
	}
	config.API.Kubernetes = with.cluster
	if with.kubeconfig == "" {
		config.API.Identify = with.identify
	}
	completed, err := config.Complete()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{address: listener.Addr().String(), health: health, cancel: cancel, ended: make(chan error, 1)}
	go func() { s.ended <- completed.Run(ctx) }()
	return s, nil
}

// nowhere is a kubeconfig whose cluster cannot be reached.
const nowhere = `apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: test, user: {token: none}}]
`

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

func (with setup) identify(config *genericapiserver.Config) error {
	config.Authentication.Authenticator = bearertoken.New(authenticator.TokenFunc(
		func(_ context.Context, token string) (*authenticator.Response, bool, error) {
			info, ok := users[token]
			return &authenticator.Response{User: info}, ok, nil
		}))
	config.Authorization.Authorizer = with.authorizer
	if with.authorizer == nil {
		config.Authorization.Authorizer = authorizerfactory.NewAlwaysAllowAuthorizer()
	}
	return nil
}

// await returns when the server answers: discovery is there, whatever the state of the stores.
func (s *server) await() error {
	client := versioned.NewForConfigOrDie(s.config("admin"))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-s.ended:
			s.ended <- err
			return fmt.Errorf("the server ended: %w", err)
		default:
		}
		_, err := client.Discovery().ServerResourcesForGroupVersion("kyverno.io/v1")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			s.cancel()
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
}

func (s *server) stop() error {
	s.cancel()
	return <-s.ended
}

func (s *server) url(path string) string { return "https://" + s.address + path }

func (s *server) config(token string) *rest.Config {
	return &rest.Config{
		Host: "https://" + s.address, BearerToken: token, QPS: -1, Timeout: 20 * time.Second,
		TLSClientConfig: rest.TLSClientConfig{CAData: servingCertificate},
	}
}

func (s *server) as(token string) *versioned.Clientset {
	return versioned.NewForConfigOrDie(s.config(token))
}

func (s *server) dynamic(token string) *dynamic.DynamicClient {
	return dynamic.NewForConfigOrDie(s.config(token))
}

// http is a client without Kubernetes' manners, which never follows a redirect.
func (s *server) http(t *testing.T, token string) *http.Client {
	t.Helper()
	config := s.config(token)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// startServer runs a server of the test's own, which is stopped with the test.
func startServer(t *testing.T, with setup) *server {
	t.Helper()
	s, err := start(with)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cancel() })
	return s
}

func (s *server) mustStop(t *testing.T) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatalf("the server ended with an error: %v", err)
	}
}
