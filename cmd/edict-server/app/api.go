package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/admission"
	admissionmetrics "k8s.io/apiserver/pkg/admission/metrics"
	"k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	"github.com/edict-dev/edict/registry"
	"github.com/edict-dev/edict/registry/kyverno/policyexception"
)

// watchGracePeriod is how long watches may take to end when the server stops.
const watchGracePeriod = 5 * time.Second

// APIConfig is what the api role is made of.
type APIConfig struct {
	// Generic is the server: its listener, schemas and audit.
	Generic *genericapiserver.RecommendedConfig
	// Kubernetes is where namespaces, the serving certificate and the record of the policy store are. Without it there
	// are none, and Generic must have a certificate.
	Kubernetes kubernetes.Interface
	// Identify adds who calls and what he may do to the server's configuration.
	Identify func(*genericapiserver.Config) error
	Features *genericoptions.FeatureOptions
	DataDir  string
	// Announce, if set, is called once when the server serves.
	Announce func()
	// AcceptStoreReset serves the policy store at hand whatever is on record.
	AcceptStoreReset bool
}

// apiServer is the api role.
type apiServer struct {
	*APIConfig
	namespace         string
	exceptions        policyexception.Settings
	policies, reports *storeFile
	serving           atomic.Bool
}

func newAPI(c *completedConfig) (*part, error) {
	a := &apiServer{APIConfig: c.API, namespace: c.Namespace, exceptions: c.Exceptions, policies: newStoreFile(), reports: newStoreFile()}
	ready := []healthz.HealthChecker{
		healthz.NamedCheck("policy-store", a.policies.check),
		healthz.NamedCheck("report-store", a.reports.check),
	}
	a.Generic.AddReadyzChecks(ready...)
	if a.Kubernetes != nil {
		a.Generic.SharedInformerFactory = informers.NewSharedInformerFactory(a.Kubernetes, 0)
		ready = append(ready, healthz.NewInformerSyncHealthz(a.Generic.SharedInformerFactory))
	}
	return &part{run: a.run, ready: append(ready, healthz.NamedCheck("api-server", a.checkServing))}, nil
}

func (a *apiServer) checkServing(*http.Request) error {
	if !a.serving.Load() {
		return errors.New("not serving yet")
	}
	frontProxy := a.Generic.Authentication.RequestHeaderConfig
	if frontProxy == nil {
		return nil
	}
	if _, loaded := frontProxy.CAContentProvider.VerifyOptions(); !loaded {
		return errors.New("who may pass on requests is not known yet: the ConfigMap extension-apiserver-authentication in kube-system " +
			"was not read, or has no requestheader-client-ca-file")
	}
	if !loadedBeside(frontProxy.CAContentProvider, a.Generic.SecureServing.ClientCA) {
		return errors.New("client certificates cannot be verified yet: client-ca-file of the ConfigMap extension-apiserver-authentication " +
			"in kube-system was not read")
	}
	return nil
}

// loadedBeside tells that what all consists of was read, given that one of it was. A cluster may have nothing else, and
// the union does not say which of its parts are there.
func loadedBeside(one, all dynamiccertificates.CAContentProvider) bool {
	return all.Name() == one.Name() || len(all.CurrentCABundleContent()) > len(one.CurrentCABundleContent())+1
}

func (a *apiServer) run(ctx context.Context) (err error) {
	if err := a.openStores(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	defer func() { err = errors.Join(err, a.policies.close(), a.reports.close()) }()
	if err := a.presentCertificate(ctx); err != nil {
		return unlessDone(ctx, err)
	}
	server, err := a.server()
	if err != nil {
		return err
	}
	defer a.followPolicyStore(ctx)()
	return server.PrepareRun().RunWithContext(ctx)
}

// unlessDone drops the error of what was cut short because the process is to end.
func unlessDone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// openStores opens both files. A file that may not be served is no error: its group answers with the reason, and
// readiness tells it.
func (a *apiServer) openStores(ctx context.Context) error {
	if err := os.MkdirAll(a.DataDir, 0o700); err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	policies := policyStore{path: filepath.Join(a.DataDir, policiesFile), acceptReset: a.AcceptStoreReset}
	if a.Kubernetes != nil {
		records := a.records()
		var err error
		if policies.recorded, err = records.await(ctx, a.policies.refuse); err != nil {
			return err
		}
		policies.recordedIn = records.name()
	}
	a.policies.settle(policies.open(ctx))
	a.reports.settle(openStore(filepath.Join(a.DataDir, reportsFile)))
	for _, file := range []*storeFile{a.policies, a.reports} {
		if err := file.check(nil); err != nil {
			klog.FromContext(ctx).Error(err, "A store is not served, its objects cannot be read or written")
		}
	}
	return nil
}

func (a *apiServer) records() storeRecords {
	return storeRecords{client: a.Kubernetes, namespace: a.namespace}
}

// followPolicyStore keeps the record until the function that it returns is called, which waits for the last one.
func (a *apiServer) followPolicyStore(ctx context.Context) (stop func()) {
	if a.Kubernetes == nil || a.policies.store == nil {
		return func() {}
	}
	// Requests that are under way when the process is told to end are still served, and recorded.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var following sync.WaitGroup
	following.Go(func() { a.records().follow(ctx, a.policies.store) })
	return func() {
		cancel()
		following.Wait()
	}
}

func (a *apiServer) server() (*genericapiserver.GenericAPIServer, error) {
	config := a.Generic
	if err := a.Identify(&config.Config); err != nil {
		return nil, err
	}
	if err := a.Features.ApplyTo(&config.Config, a.Kubernetes, config.SharedInformerFactory); err != nil {
		return nil, err
	}
	if a.Kubernetes != nil {
		chain, err := a.admission()
		if err != nil {
			return nil, err
		}
		config.AdmissionControl = chain
		config.Authorization.Authorizer = newReportAccess(config.Authorization.Authorizer, a.namespace)
	}
	options := newRESTOptions(a.policies, a.reports)
	config.RESTOptionsGetter = options
	judge := a.validator()
	groups, err := registry.Groups(registry.Config{
		Options: options, Policies: judge, Exceptions: judge,
		Authorizer: config.Authorization.Authorizer, ExceptionSettings: a.exceptions,
	})
	if err != nil {
		return nil, err
	}
	server, err := config.Complete().New("edict-server", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, err
	}
	if err := server.InstallAPIGroups(groups...); err != nil {
		return nil, err
	}
	prefer(server.AggregatedDiscoveryGroupManager, groups)
	err = server.AddPostStartHook("edict-serving", func(genericapiserver.PostStartHookContext) error {
		a.serving.Store(true)
		if a.Announce != nil {
			a.Announce()
		}
		return nil
	})
	return server, err
}

// prefer has discovery name the versions of each group in the order that the scheme has them. Left to itself it would take
// the highest number for the best. kube-apiserver goes by the APIServices.
func prefer(discovered aggregated.ResourceManager, groups []*genericapiserver.APIGroupInfo) {
	for _, group := range groups {
		for i, version := range group.PrioritizedVersions {
			discovered.SetGroupVersionPriority(metav1.GroupVersion(version), 0, len(group.PrioritizedVersions)-i)
		}
	}
}

// admission is what kube-apiserver would do before it stores an object, and does not for groups that it proxies: it
// refuses objects in namespaces that are absent or on their way out.
func (a *apiServer) admission() (admission.Interface, error) {
	plugin, err := lifecycle.NewLifecycle(sets.New(metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic, corev1.NamespaceNodeLease))
	if err != nil {
		return nil, err
	}
	plugin.SetExternalKubeClientSet(a.Kubernetes)
	plugin.SetExternalKubeInformerFactory(a.Generic.SharedInformerFactory)
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	return admissionmetrics.WithStepMetrics(admission.NewChainHandler(plugin)), nil
}
