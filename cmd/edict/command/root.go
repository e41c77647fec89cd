// Package command is the edict command line, one subcommand a file. Only cmd/edict calls it.
package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Run executes one command line and returns its exit code: 0, or 2 when the line cannot be understood.
func Run(args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "edict",
		Short:         "Policies for Kubernetes, judged as the server judges them",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(versionCommand())
	if err := root.Execute(); err != nil {
		fmt.Fprintf(stderr, "edict: %v\nSee `edict --help`.\n", err)
		return 2
	}
	return 0
}
