package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"
	aggregator "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset"

	"github.com/edict-dev/edict/admission/controller"
	"github.com/edict-dev/edict/admission/controller/certs"
	"github.com/edict-dev/edict/admission/controller/webhookconfig"
	"github.com/edict-dev/edict/admission/policyset"
	"github.com/edict-dev/edict/admission/webhook"
	"github.com/edict-dev/edict/generated/clientset/versioned"
	"github.com/edict-dev/edict/generated/informers/externalversions"
	"github.com/edict-dev/edict/registry"
	"github.com/edict-dev/edict/registry/kyverno/policyexception"
)

// The Leases that the replicas of a role compete for have the names that people know them by.
const (
	admissionLease  = "kyverno"
	backgroundLease = "kyverno-background-controller"
)

// backgroundAccount is the ServiceAccount that scans.
const backgroundAccount = "kyverno-background-controller"

// The ServiceAccounts and workloads that artifacts/ installs in Edict's namespace.
var ownAccounts = []string{"kyverno-api-server", "kyverno-admission-controller", backgroundAccount}

// AdmissionConfig is what the admission role is made of.
type AdmissionConfig struct {
	// Listener is where kube-apiserver's reviews arrive.
	Listener net.Listener
	// ClientCAs and ClientNames say who may send them; anybody, where there are no ClientCAs.
	ClientCAs   *x509.CertPool
	ClientNames []string
	// ServicePort is the port of the Service that kube-apiserver is to call.
	ServicePort int32
	// CertificateNames are names that serving certificates hold beside those of their Services.
	CertificateNames []string
}

// admissionServer is the admission role: it answers reviews, and while it leads keeps certificates and configurations.
type admissionServer struct {
	*AdmissionConfig
	namespace  string
	replica    string
	kubernetes kubernetes.Interface
	follower   *policyFollower
	reader     *clusterReader
	serving    *certs.Serving
	bundle     *certs.Bundle
	server     *webhook.Server
	certs      *certs.Controller
	configs    *webhookconfig.Controller
}

func newAdmission(c *completedConfig) (*part, error) {
	replica, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("the name of this replica: %w", err)
	}
	a := &admissionServer{AdmissionConfig: c.Admission, namespace: c.Namespace, replica: replica}
	if a.kubernetes, err = kubernetes.NewForConfig(c.Kubernetes[RoleAdmission]); err != nil {
		return nil, err
	}
	aggregators, err := aggregator.NewForConfig(c.Kubernetes[RoleAdmission])
	if err != nil {
		return nil, err
	}
	api, err := c.apiClient(RoleAdmission)
	if err != nil {
		return nil, err
	}
	policies, err := versioned.NewForConfig(api)
	if err != nil {
		return nil, err
	}
	if a.follower, err = newPolicyFollower(policies, c.Exceptions); err != nil {
		return nil, err
	}
	if a.reader, err = newClusterReader(c.Kubernetes[RoleAdmission], c.Lookup, true); err != nil {
		return nil, err
	}
	a.serving = certs.NewServing(a.kubernetes, certs.WebhookService, a.namespace)
	a.server, err = webhook.New(webhook.Config{
		Policies: a.follower.set, Lookup: a.reader.cluster.Within, KindOf: a.reader.cluster.KindOf, GetCertificate: a.serving.GetCertificate,
		ClientCAs: a.ClientCAs, ClientNames: a.ClientNames, Registerer: legacyregistry.Registerer(),
	})
	if err != nil {
		return nil, err
	}
	a.certs = certs.New(certs.Config{
		Client: a.kubernetes, Namespace: a.namespace, ExtraNames: a.CertificateNames,
		APIServices: apiServices(), Aggregator: aggregators.ApiregistrationV1(),
	})
	a.bundle = certs.NewBundle(a.kubernetes, a.namespace, func() { a.configs.Resync() })
	a.configs = webhookconfig.New(webhookconfig.Config{
		Client: a.kubernetes, Statuses: policies.KyvernoV1(), Policies: a.follower.set,
		Discovery: a.kubernetes.Discovery(), CABundle: a.bundle.Current,
		Endpoint: webhookconfig.Endpoint{
			Namespace: a.namespace, Service: certs.WebhookService, Port: a.ServicePort, Accounts: ownAccounts, Workloads: ownAccounts,
		},
	})
	return &part{run: a.run, ready: []healthz.HealthChecker{a.follower, healthz.NamedCheck("webhook-certificate", a.certified)}}, nil
}

func (a *admissionServer) certified(*http.Request) error {
	if _, err := a.serving.GetCertificate(nil); err != nil {
		return errors.New("no certificate to present yet")
	}
	return nil
}

func (a *admissionServer) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.follower.run(ctx) })
	group.Go(func() error { return a.reader.run(ctx) })
	group.Go(func() error { return a.serving.Run(ctx) })
	group.Go(func() error { return a.bundle.Run(ctx) })
	group.Go(func() error { return a.server.Serve(ctx, a.Listener) })
	group.Go(func() error {
		webhookconfig.NewPublisher(webhookconfig.PublisherConfig{
			Client: a.kubernetes.CoordinationV1(), Namespace: a.namespace, Replica: a.replica,
			Revisions: a.follower.set.Revisions, Changes: a.follower.set.Subscribe(),
		}).Run(ctx)
		return nil
	})
	group.Go(func() error {
		return lease(a.kubernetes, a.namespace, admissionLease, a.replica).Lead(ctx, func(ctx context.Context) {
			// Neither waits for the other: without policies there are certificates, without new certificates policies.
			leading, ctx := errgroup.WithContext(ctx)
			leading.Go(func() error { a.certs.Run(ctx); return nil })
			leading.Go(func() error { return a.configs.Run(ctx) })
			if err := leading.Wait(); err != nil {
				klog.FromContext(ctx).Error(err, "Webhook configurations and certificates are not kept")
			}
		})
	})
	return group.Wait()
}

// apiServices are the names of the APIServices of what the api role serves.
func apiServices() (names []string) {
	for _, version := range registry.Scheme.PrioritizedVersionsAllGroups() {
		if version.Group != "" {
			names = append(names, version.Version+"."+version.Group)
		}
	}
	return names
}

func lease(client kubernetes.Interface, namespace, name, replica string) controller.Lease {
	return controller.Lease{
		Client: client.CoordinationV1(), Namespace: namespace, Name: name,
		// A replica that starts again is another one: the lease of the first is not its own.
		Identity: replica + "_" + string(uuid.NewUUID()),
	}
}

// policyFollower holds the policies of the api role compiled, and the exceptions from them that are applied.
type policyFollower struct {
	informers, exceptions externalversions.SharedInformerFactory
	set                   *policyset.Set
}

func newPolicyFollower(client versioned.Interface, settings policyexception.Settings) (*policyFollower, error) {
	f := &policyFollower{informers: externalversions.NewSharedInformerFactory(client, 0)}
	policies := f.informers.Kyverno().V1()
	from := policyset.Config{ClusterPolicies: policies.ClusterPolicies().Informer(), Policies: policies.Policies().Informer()}
	namespace := settings.Namespace
	if namespace == policyexception.EveryNamespace {
		namespace = metav1.NamespaceAll
	}
	f.exceptions = externalversions.NewSharedInformerFactoryWithOptions(client, 0, externalversions.WithNamespace(namespace))
	if settings.Enabled && settings.Namespace != "" {
		from.Exceptions = f.exceptions.Kyverno().V2().PolicyExceptions().Informer()
		from.ExceptionNamespace = settings.Namespace
	}
	var err error
	f.set, err = policyset.New(from)
	return f, err
}

func (f *policyFollower) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return runInformers(ctx, f.informers) })
	group.Go(func() error { return runInformers(ctx, f.exceptions) })
	group.Go(func() error { return f.set.Run(ctx) })
	return group.Wait()
}

// Name and Check are those of a health check.
func (f *policyFollower) Name() string { return "policies" }

// Check fails until all policies that exist have been read once.
func (f *policyFollower) Check(*http.Request) error {
	if f.set.Current() == nil {
		return errors.New("the policies have not been read yet")
	}
	return nil
}

// runInformers runs the informers of a factory until ctx is done.
func runInformers(ctx context.Context, factory interface {
	Start(<-chan struct{})
	Shutdown()
}) error {
	factory.Start(ctx.Done())
	<-ctx.Done()
	factory.Shutdown()
	return nil
}
