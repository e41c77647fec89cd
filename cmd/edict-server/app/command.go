package app

import (
	"fmt"

	"github.com/spf13/cobra"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	genericapiserver "k8s.io/apiserver/pkg/server"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/cli/globalflag"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"
)

// helpColumns is how wide the help is.
const helpColumns = 100

// NewCommand returns the command line of edict-server.
func NewCommand() *cobra.Command {
	options := NewOptions()
	cmd := &cobra.Command{
		Use:   "edict-server",
		Short: "Policies for Kubernetes: the API, its storage, admission and scans",
		Long: `Policies for Kubernetes.

edict-server serves policies and reports as an aggregated API with storage of its own, admits or refuses requests by
them, and scans what exists. --roles says which of these this process does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if options.Standalone {
				options.alone(cmd.Flags().Changed)
			}
			if err := logsapi.ValidateAndApply(options.Logs, nil); err != nil {
				return err
			}
			if errs := options.Validate(); len(errs) > 0 {
				return utilerrors.NewAggregate(errs)
			}
			cliflag.PrintFlags(cmd.Flags())
			config, err := options.Config(cmd.OutOrStdout())
			if err != nil {
				return err
			}
			completed, err := config.Complete()
			if err != nil {
				return err
			}
			klog.InfoS("Starting edict-server", "version", version.Get().GitVersion, "roles", options.Roles)
			return completed.Run(genericapiserver.SetupSignalContext())
		},
	}
	sections := options.Flags()
	globalflag.AddGlobalFlags(sections.FlagSet("global"), cmd.Name())
	for _, section := range sections.FlagSets {
		cmd.Flags().AddFlagSet(section)
	}
	cliflag.SetUsageAndHelpFunc(cmd, sections, helpColumns)
	cmd.AddCommand(versionCommand())
	return cmd
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print which build this is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info := version.Get()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "edict-server %s %s %s\n", info.GitVersion, info.GoVersion, info.Platform)
			return err
		},
	}
}
