package app

import (
	"errors"
	"fmt"
	"slices"

	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	cliflag "k8s.io/component-base/cli/flag"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/version"

	"github.com/edict-dev/edict/registry"
)

// APIOptions are the flags of the api role.
type APIOptions struct {
	SecureServing  *genericoptions.SecureServingOptionsWithLoopback
	Authentication *genericoptions.DelegatingAuthenticationOptions
	Authorization  *genericoptions.DelegatingAuthorizationOptions
	Audit          *genericoptions.AuditOptions
	Features       *genericoptions.FeatureOptions
	// DataDir holds policies.db and reports.db.
	DataDir string
	// AcceptStoreReset lets a policy store begin anew where the recorded one is lost.
	AcceptStoreReset bool
}

func newAPIOptions() *APIOptions {
	serving := genericoptions.NewSecureServingOptions()
	serving.BindPort = 8443
	serving.Required = true
	serving.ServerCert.CertDirectory, serving.ServerCert.PairName = "", ""
	// The client is mostly kube-apiserver's aggregator, which sends everybody's requests through few connections.
	serving.HTTP2MaxStreamsPerConnection = 1000
	features := genericoptions.NewFeatureOptions()
	features.EnablePriorityAndFairness = false
	return &APIOptions{
		SecureServing:  serving.WithLoopback(),
		Authentication: genericoptions.NewDelegatingAuthenticationOptions(),
		Authorization:  genericoptions.NewDelegatingAuthorizationOptions(),
		Audit:          genericoptions.NewAuditOptions(),
		Features:       features,
		DataDir:        "/var/lib/edict",
	}
}

func (o *APIOptions) addFlags(sections *cliflag.NamedFlagSets) {
	storage := sections.FlagSet("api storage")
	storage.StringVar(&o.DataDir, "data-dir", o.DataDir,
		"The directory that holds policies.db and reports.db. It must be on a local disk and last as long as the policies shall.")
	storage.BoolVar(&o.AcceptStoreReset, "accept-store-reset", o.AcceptStoreReset,
		"Serve the policies.db at hand, or a new and empty one, although the cluster has another or a newer one on record. What the "+
			"recorded one held is then given up. Remove the flag again after it was used.")

	serving := sections.FlagSet("api serving")
	o.SecureServing.AddFlags(serving)
	serving.Lookup("tls-cert-file").Usage = "The certificate to serve with, and the chain to its CA. Without it, the one that the admission " +
		"role keeps in the Secret kyverno-api.<namespace>.svc.kyverno-tls-pair."
	serving.Lookup("cert-dir").Hidden = true
	o.Authentication.AddFlags(sections.FlagSet("api authentication"))
	o.Authorization.AddFlags(sections.FlagSet("api authorization"))
	o.Audit.AddFlags(sections.FlagSet("api audit"))
	o.Features.AddFlags(sections.FlagSet("api features"))
}

func (o *APIOptions) validate() []error {
	errs := slices.Concat(o.SecureServing.Validate(), o.Authentication.Validate(), o.Authorization.Validate(),
		o.Audit.Validate(), o.Features.Validate())
	if o.DataDir == "" {
		errs = append(errs, errors.New("--data-dir is empty: name the directory for policies.db and reports.db"))
	}
	serving := o.SecureServing
	if serving.ServerCert.CertDirectory != "" {
		errs = append(errs, errors.New("--cert-dir is not supported: give --tls-cert-file and --tls-private-key-file"))
	}
	if (serving.ServerCert.CertKey.CertFile == "") != (serving.ServerCert.CertKey.KeyFile == "") {
		errs = append(errs, errors.New("--tls-cert-file and --tls-private-key-file go together: give both or none"))
	}
	insecure := cliflag.InsecureTLSCipherNames()
	for _, name := range serving.CipherSuites {
		if slices.Contains(insecure, name) {
			errs = append(errs, fmt.Errorf("--tls-cipher-suites: %s is not secure; choose from %v", name, cliflag.PreferredTLSCipherNames()))
		}
	}
	if old := []string{"VersionTLS10", "VersionTLS11"}; slices.Contains(old, serving.MinTLSVersion) {
		errs = append(errs, fmt.Errorf("--tls-min-version %s is not secure: choose VersionTLS12 or VersionTLS13", serving.MinTLSVersion))
	}
	return errs
}

// config opens the listener. Who calls, and what he may do, is asked of the kube-apiserver of the kubeconfig.
func (o *APIOptions) config(kubeconfig string, kubernetesConfig *rest.Config) (*APIConfig, error) {
	client, err := kubernetes.NewForConfig(kubernetesConfig)
	if err != nil {
		return nil, err
	}
	generic, err := o.generic()
	if err != nil {
		return nil, err
	}
	generic.ClientConfig = kubernetesConfig
	return &APIConfig{
		Generic:          generic,
		Kubernetes:       client,
		Identify:         o.identify(kubeconfig),
		Features:         o.Features,
		DataDir:          o.DataDir,
		AcceptStoreReset: o.AcceptStoreReset,
	}, nil
}

// generic is the server itself, as far as it does not matter who calls.
func (o *APIOptions) generic() (*genericapiserver.RecommendedConfig, error) {
	generic := genericapiserver.NewRecommendedConfig(registry.Codecs)
	generic.EffectiveVersion = basecompatibility.NewEffectiveVersionFromString(version.DefaultKubeBinaryVersion, "", "")
	generic.ShutdownWatchTerminationGracePeriod = watchGracePeriod
	describe(&generic.Config)
	if err := o.SecureServing.ApplyToConfig(&generic.Config); err != nil {
		return nil, err
	}
	if err := o.Audit.ApplyTo(&generic.Config); err != nil {
		return nil, err
	}
	return generic, nil
}

// identify returns what has kube-apiserver tell who calls and what he may do.
func (o *APIOptions) identify(kubeconfig string) func(*genericapiserver.Config) error {
	return func(config *genericapiserver.Config) error {
		authentication, authorization := *o.Authentication, *o.Authorization
		if authentication.RemoteKubeConfigFile == "" {
			authentication.RemoteKubeConfigFile = kubeconfig
		}
		if authorization.RemoteKubeConfigFile == "" {
			authorization.RemoteKubeConfigFile = kubeconfig
		}
		if err := authentication.ApplyTo(&config.Authentication, config.SecureServing, config.OpenAPIConfig); err != nil {
			return fmt.Errorf("authentication: %w", err)
		}
		if err := authorization.ApplyTo(&config.Authorization); err != nil {
			return fmt.Errorf("authorization: %w", err)
		}
		return nil
	}
}
