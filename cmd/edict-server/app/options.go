package app

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/logs"
	logsapi "k8s.io/component-base/logs/api/v1"
)

// Options are the flags.
type Options struct {
	// Roles that the process plays.
	Roles []string
	// Standalone is to serve the API without Kubernetes.
	Standalone bool
	// Namespace is Edict's own.
	Namespace string
	// Kubeconfig says how to reach kube-apiserver, where RoleKubeconfigs does not say it for a role.
	Kubeconfig      string
	RoleKubeconfigs map[Role]*string
	// APIServerURL is where the other roles reach the api role.
	APIServerURL string
	// HealthAddress is where /livez and /readyz are served.
	HealthAddress string
	Logs          *logsapi.LoggingConfiguration

	Exceptions *ExceptionOptions
	Lookup     *LookupOptions
	API        *APIOptions
	Admission  *AdmissionOptions
	Background *BackgroundOptions

	// freePort has a standalone server choose its port.
	freePort bool
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	o := &Options{
		Namespace:       "kyverno",
		RoleKubeconfigs: map[Role]*string{},
		HealthAddress:   ":8081",
		Logs:            logs.NewOptions(),
		Exceptions:      &ExceptionOptions{},
		Lookup:          newLookupOptions(),
		API:             newAPIOptions(),
		Admission:       newAdmissionOptions(),
		Background:      newBackgroundOptions(),
	}
	for _, role := range allRoles {
		o.Roles = append(o.Roles, string(role))
		o.RoleKubeconfigs[role] = new(string)
	}
	return o
}

// Flags binds the options to flags, in sections.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var sections cliflag.NamedFlagSets
	process := sections.FlagSet("process")
	process.StringSliceVar(&o.Roles, "roles", o.Roles,
		"What this process does: api serves and stores policies and reports, admission answers webhooks, background scans what exists.")
	process.BoolVar(&o.Standalone, "standalone", o.Standalone,
		"Serve the API without Kubernetes: on loopback and a free port, with a certificate of its own, and a kubeconfig in --data-dir.")
	process.StringVar(&o.Namespace, "namespace", o.Namespace,
		"The namespace that Edict is installed in: its Services, Secrets, ConfigMaps and Leases are there.")
	process.StringVar(&o.HealthAddress, "health-address", o.HealthAddress,
		"Where /livez and /readyz of all roles of this process are served, over plain HTTP.")

	cluster := sections.FlagSet("cluster")
	cluster.StringVar(&o.Kubeconfig, "kubeconfig", o.Kubeconfig,
		"The kubeconfig by which kube-apiserver is reached. Without it, the process takes the ServiceAccount of its Pod.")
	for _, role := range allRoles {
		cluster.StringVar(o.RoleKubeconfigs[role], string(role)+"-kubeconfig", "", fmt.Sprintf(
			"The kubeconfig of the %s role, where it has an identity of its own; --kubeconfig if empty.", role))
	}
	cluster.StringVar(&o.APIServerURL, "api-server-url", o.APIServerURL,
		"Where the admission and background roles reach the api role. If empty: the api role of this process, where there is one, "+
			"or else the Service kyverno-api in --namespace.")

	o.Exceptions.addFlags(sections.FlagSet("exceptions"))
	o.Lookup.addFlags(sections.FlagSet("lookup"))
	o.API.addFlags(&sections)
	o.Admission.addFlags(sections.FlagSet("admission"))
	o.Background.addFlags(sections.FlagSet("background"))
	logsapi.AddFlags(o.Logs, sections.FlagSet("logs"))
	return sections
}

// Validate says what is wrong with the options.
func (o *Options) Validate() []error {
	var errs []error
	if len(o.Roles) == 0 {
		errs = append(errs, fmt.Errorf("--roles is empty: name at least one of %s", roleNames()))
	}
	for i, role := range o.Roles {
		switch {
		case parts[Role(role)] == nil:
			errs = append(errs, fmt.Errorf("--roles: there is no role %q; the roles are %s", role, roleNames()))
		case slices.Contains(o.Roles[:i], role):
			errs = append(errs, fmt.Errorf("--roles names %s twice", role))
		}
	}
	if problems := validation.IsDNS1123Label(o.Namespace); len(problems) > 0 {
		errs = append(errs, fmt.Errorf("--namespace %q: %s", o.Namespace, strings.Join(problems, "; ")))
	}
	if o.Standalone {
		errs = append(errs, o.validateAlone()...)
	}
	if _, _, err := net.SplitHostPort(o.HealthAddress); err != nil && (o.HealthAddress != "" || !o.Standalone) {
		errs = append(errs, fmt.Errorf("--health-address: %w; write host:port, or :port for all addresses", err))
	}
	if o.APIServerURL != "" {
		if u, err := url.Parse(o.APIServerURL); err != nil || u.Scheme != "https" || u.Host == "" {
			errs = append(errs, fmt.Errorf("--api-server-url %q: write https://host:port", o.APIServerURL))
		}
	}
	errs = append(errs, o.Exceptions.validate()...)
	errs = append(errs, o.Lookup.validate()...)
	if o.plays(RoleAPI) {
		errs = append(errs, o.API.validate()...)
	}
	if o.plays(RoleAdmission) {
		errs = append(errs, o.Admission.validate()...)
	}
	if o.plays(RoleBackground) {
		errs = append(errs, o.Background.validate()...)
	}
	return errs
}

func (o *Options) plays(role Role) bool { return slices.Contains(o.Roles, string(role)) }

// Config turns options into what the process is made of. It opens listeners, and asks nobody. out is for what the process
// tells whoever started it, beside its log.
func (o *Options) Config(out io.Writer) (*Config, error) {
	if o.Standalone {
		return o.standalone(out)
	}
	config := &Config{
		Namespace:     o.Namespace,
		HealthAddress: o.HealthAddress,
		APIServerURL:  o.APIServerURL,
		Kubernetes:    map[Role]*rest.Config{},
		Exceptions:    o.Exceptions.config(),
		Lookup:        *o.Lookup,
	}
	for _, name := range o.Roles {
		role := Role(name)
		kubernetes, err := o.kubernetes(role)
		if err != nil {
			return nil, err
		}
		config.Roles = append(config.Roles, role)
		config.Kubernetes[role] = kubernetes
	}
	if o.plays(RoleAPI) {
		var err error
		if config.API, err = o.API.config(o.kubeconfig(RoleAPI), config.Kubernetes[RoleAPI]); err != nil {
			return nil, fmt.Errorf("role %s: %w", RoleAPI, err)
		}
	}
	if o.plays(RoleAdmission) {
		var err error
		if config.Admission, err = o.Admission.config(); err != nil {
			return nil, fmt.Errorf("role %s: %w", RoleAdmission, err)
		}
	}
	if o.plays(RoleBackground) {
		config.Background = o.Background.config()
	}
	return config, nil
}

// kubeconfig is the file that a role reaches kube-apiserver by; empty for the ServiceAccount of the Pod.
func (o *Options) kubeconfig(role Role) string {
	if file := *o.RoleKubeconfigs[role]; file != "" {
		return file
	}
	return o.Kubeconfig
}

func (o *Options) kubernetes(role Role) (*rest.Config, error) {
	file := o.kubeconfig(role)
	if file == "" {
		config, err := rest.InClusterConfig()
		if err != nil {
			return nil, fmt.Errorf("role %s has no way to reach kube-apiserver: %w; outside a cluster, give --kubeconfig or --%s-kubeconfig", role, err, role)
		}
		return config, nil
	}
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return nil, fmt.Errorf("role %s: kubeconfig %s: %w", role, file, err)
	}
	return config, nil
}
