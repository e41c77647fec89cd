package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The formats of --output-format.
var applyFormats = []string{"table", "json", "yaml", "policyreport", "junit", "sarif"}

// applyOptions are the flags of apply.
type applyOptions struct {
	policies []string

	resources, parameters, crds list
	valuesFile, userInfo        string
	contextFile                 string
	set                         list
	git                         gitOptions

	exceptions                                         list
	exceptionsWithResources, exceptionsWithinResources bool
	exceptionsWithinPolicies                           bool
	generateExceptions                                 bool
	exceptionTTL                                       time.Duration

	cluster                        bool
	namespace, context, kubeconfig string
	clusterWide                    bool
	batchSize                      int64
	concurrent                     int

	policyReport, table, detailed bool
	format, output                string
	removeColor, stdin            bool
	performance                   bool

	auditWarn, warnNoPass           bool
	warnExitCode                    int
	warningsAsErrors, strict        bool
	continueOnFail, continueOnError bool

	registry                              bool
	targets                               list
	payloads, httpPayloads, envoyPayloads list
}

type gitOptions struct{ branch, username, password string }

const applyLong = `Apply judges resources by policies and prints what fails, what cannot be judged and a summary.

Policies and resources are files, folders with all that is below them, patterns such as 'policies/*.yaml', - for
standard input, and URLs of files and of git repositories. Documents among the policies that are none are passed over
with a line. A rule that needs what is not here (a call to the cluster, an image's data) or that is not evaluated yet is
skipped, and its line says what it needs; --strict makes that an error.

No cluster, network or kubeconfig is touched unless --cluster or a URL asks for it.

` + exitCodes + `  N  with --warn-exit-code N: nothing failed, and there are warnings, or with --warn-no-pass nothing passed
`

const applyExample = `  edict apply policies/require-limits.yaml --resource manifests/deployment.yaml
  edict apply policies/ --resource manifests/ --warn-exit-code 3
  kustomize build overlays/prod | edict apply policies/ --resource -
  edict apply policies/ --cluster --namespace payments
  edict apply policies/ --resource manifests/ --output-format sarif > edict.sarif`

func applyCommand(streams Streams) *cobra.Command {
	o := &applyOptions{}
	command := &cobra.Command{
		Use:     "apply POLICIES... --resource RESOURCES",
		Short:   "Judge resources by policies",
		Long:    applyLong,
		Example: applyExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.policies = args
			if err := o.validate(cmd.Flags()); err != nil {
				return err
			}
			return newApplication(o, cmd, streams).run(cmd.Context())
		},
	}
	o.addInputFlags(command.Flags())
	o.addOutputFlags(command.Flags())
	o.addPendingFlags(command.Flags())
	command.Flags().SortFlags = false
	return command
}

func (o *applyOptions) addInputFlags(flags *pflag.FlagSet) {
	flags.VarP(&o.resources, "resource", "r", "the resources: a file, folder, pattern, URL, or - for standard input; may be repeated")
	flags.Var(&o.resources, "resources", "the same as --resource")
	flags.Var(&o.parameters, "parameter-resource", "objects that CEL expressions take as parameters (paramKind)")
	flags.Var(&o.crds, "crd-paths", "CustomResourceDefinitions of the resources, so that it is known which are in no namespace")
	flags.Var(&o.crds, "crd-path", "the same as --crd-paths")
	_ = flags.MarkDeprecated("crd-path", "write --crd-paths") // it is there, a line above
	flags.VarP(&o.set, "set", "s", "values of variables: name=value, where the name is a dotted path such as request.namespace")
	flags.StringVarP(&o.valuesFile, "values-file", "f", "", "a file of kind Values: what variables, lookups and labels of namespaces are")
	flags.StringVar(&o.contextFile, "context-file", "", "a file of kind Context: objects of the cluster and data of images that rules may look up")
	flags.StringVarP(&o.userInfo, "userinfo", "u", "", "a file of kind UserInfo: who makes the requests, and which roles he has")
	flags.VarP(&o.exceptions, "exception", "e", "PolicyExceptions to apply; may be repeated")
	flags.Var(&o.exceptions, "exceptions", "the same as --exception")
	flags.BoolVar(&o.exceptionsWithResources, "exceptions-with-resources", false, "apply PolicyExceptions found among the resources")
	flags.BoolVar(&o.exceptionsWithinResources, "exceptions-within-resources", false, "the same as --exceptions-with-resources")
	flags.BoolVar(&o.exceptionsWithinPolicies, "exceptions-within-policies", false, "apply PolicyExceptions found among the policies")
	flags.StringVarP(&o.git.branch, "git-branch", "b", "", "the branch of git repositories; their default branch when empty")
	flags.StringVar(&o.git.username, "username", "", "the user name for git repositories over HTTPS")
	flags.StringVar(&o.git.password, "password", "", "the password or token for git repositories over HTTPS")

	flags.BoolVarP(&o.cluster, "cluster", "c", false, "read from the cluster what rules look up, and the resources and policies of which none are given")
	flags.StringVarP(&o.namespace, "namespace", "n", "", "with --cluster: read the resources of this namespace alone")
	flags.BoolVar(&o.clusterWide, "cluster-wide-resources", false, "with --cluster and --namespace: also read resources that are in no namespace")
	flags.StringVar(&o.context, "context", "", "with --cluster: the context of the kubeconfig")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "with --cluster: the kubeconfig file")
	flags.Int64Var(&o.batchSize, "batch-size", 100, "with --cluster: how many objects are read at once")
	flags.IntVar(&o.concurrent, "concurrent", 1, "with --cluster: how many kinds are read side by side")
}

func (o *applyOptions) addOutputFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.format, "output-format", "", "what is printed: "+strings.Join(applyFormats, ", ")+"; with --policy-report yaml or json")
	flags.BoolVarP(&o.table, "table", "t", false, "print a table of all results; the same as --output-format table")
	flags.BoolVarP(&o.policyReport, "policy-report", "p", false, "print one ClusterReport of openreports.io with all results")
	flags.BoolVar(&o.detailed, "detailed-results", false, "show messages in the table, and why rules were skipped")
	flags.BoolVar(&o.removeColor, "remove-color", false, "use no colors, which are only used on a terminal anyway")
	flags.BoolVarP(&o.stdin, "stdin", "i", false, "leave out the heading, for what is piped on")
	flags.BoolVar(&o.generateExceptions, "generate-exceptions", false, "print a PolicyException for every failure, and nothing else")
	flags.DurationVar(&o.exceptionTTL, "generated-exception-ttl", 720*time.Hour, "how long a generated PolicyException lives (label cleanup.kyverno.io/ttl)")
	flags.BoolVar(&o.performance, "show-performance", false, "say on standard error how long reading and judging took")

	flags.BoolVar(&o.auditWarn, "audit-warn", false, "count failures of rules that only audit as warnings")
	flags.IntVar(&o.warnExitCode, "warn-exit-code", 0, "the exit code when there are warnings and nothing failed")
	flags.BoolVar(&o.warnNoPass, "warn-no-pass", false, "end with --warn-exit-code when nothing passed")
	flags.BoolVar(&o.warningsAsErrors, "warnings-as-errors", false, "make warnings about policies errors")
	flags.BoolVar(&o.strict, "strict", false, "make it an error when a rule cannot be judged here, or when no rule matches any resource")
	flags.BoolVar(&o.continueOnFail, "continue-on-fail", false, "as Edict always does: go on with the next resource after a failure")
	flags.BoolVar(&o.continueOnError, "continue-on-error", true, "go on when a resource cannot be read; the exit code is 1 all the same")
}

// addPendingFlags are those whose use is explained, since what they are for is not built yet.
func (o *applyOptions) addPendingFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.registry, "registry", false, "not yet: data of images is not read from registries")
	flags.Var(&o.targets, "target-resource", "not yet: mutate rules are skipped, and so are their targets")
	flags.Var(&o.targets, "target-resources", "the same as --target-resource")
	flags.StringVarP(&o.output, "output", "o", "", "not yet: mutate and generate rules are skipped, so there are no objects to write")
	flags.Var(&o.payloads, "json", "not yet: JSON payloads are for policies of the group policies.kyverno.io")
	flags.Var(&o.httpPayloads, "http-payload", "not yet: see --json")
	flags.Var(&o.envoyPayloads, "envoy-payload", "not yet: see --json")
}

// validate refuses what cannot be meant.
func (o *applyOptions) validate(flags *pflag.FlagSet) error {
	reports := []string{"yaml", "json"}
	switch {
	case len(o.policies) == 0 && !o.cluster:
		return errors.New("apply: no policies; name files or folders, or read those of the cluster with --cluster")
	case len(o.resources) == 0 && !o.cluster:
		return errors.New("apply: no resources; name files or folders with --resource, or read those of the cluster with --cluster")
	case count("-", o.policies, o.resources, o.exceptions) > 1:
		return errors.New("apply: - is given more than once, and there is only one standard input")
	case o.policyReport && o.format != "" && !slices.Contains(reports, o.format):
		return fmt.Errorf("--output-format: %q is no format of --policy-report; write %s", o.format, strings.Join(reports, " or "))
	case !o.policyReport && o.format != "" && !slices.Contains(applyFormats, o.format):
		return fmt.Errorf("--output-format: %q is no format; write one of %s", o.format, strings.Join(applyFormats, ", "))
	case o.table && (o.policyReport || o.format != "" && o.format != "table"):
		return errors.New("--table: it cannot be combined with another format")
	case o.generateExceptions && (o.policyReport || o.table || o.format != ""):
		return errors.New("--generate-exceptions: it prints exceptions and no results; leave the format out")
	case flags.Changed("kubeconfig") && len(o.crds) > 0:
		return errors.New("--crd-paths: the cluster knows its own; give either this or --kubeconfig")
	case o.warnExitCode < 0 || o.warnExitCode > 125:
		return fmt.Errorf("--warn-exit-code: %d is no exit code; write one from 0 to 125", o.warnExitCode)
	case o.batchSize < 1:
		return fmt.Errorf("--batch-size: %d; write at least 1", o.batchSize)
	case o.concurrent < 1:
		return fmt.Errorf("--concurrent: %d; write at least 1", o.concurrent)
	case len(o.payloads)+len(o.httpPayloads)+len(o.envoyPayloads) > 0:
		return errors.New("--json, --http-payload, --envoy-payload: payloads that are no Kubernetes resources are not judged yet")
	}
	for _, assignment := range o.set {
		if name, _, ok := strings.Cut(assignment, "="); !ok || name == "" {
			return fmt.Errorf("--set: %q is not of the form name=value", assignment)
		}
	}
	return nil
}

func count(what string, lists ...[]string) int {
	n := 0
	for _, list := range lists {
		for _, s := range list {
			if s == what {
				n++
			}
		}
	}
	return n
}

// notes say of flags that were given what they do not do.
func (o *applyOptions) notes(flags *pflag.FlagSet) []string {
	var notes []string
	for _, name := range []string{"namespace", "context", "kubeconfig", "cluster-wide-resources", "batch-size", "concurrent"} {
		if flags.Changed(name) && !o.cluster {
			notes = append(notes, fmt.Sprintf("--%s: it says how a cluster is read, and none is read without --cluster", name))
		}
	}
	if o.registry {
		notes = append(notes, "--registry: data of images is not read from registries yet; rules that need it are skipped")
	}
	if len(o.targets) > 0 {
		notes = append(notes, "--target-resource: mutate rules are not evaluated yet, so their targets are not read")
	}
	if o.output != "" {
		notes = append(notes, "--output: mutate and generate rules are not evaluated yet, so nothing is written to "+o.output)
	}
	return notes
}
