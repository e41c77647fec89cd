// Package command is the edict command line, one subcommand a file. Only cmd/edict calls it.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/edict-dev/edict/cmd/edict/output"
)

// Exit codes of all commands. Warnings end in the code that --warn-exit-code gives them.
const (
	exitOK = 0
	// exitFailed tells of a failure or an error in what was judged, or that it could not be read.
	exitFailed = 1
	// exitUsage tells of a command line that cannot be understood.
	exitUsage = 2
)

const exitCodes = `Exit codes:
  0  nothing failed
  1  something failed, ended in an error, or could not be read
  2  the command line cannot be understood
`

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// exit ends a command with a code. Its message, if any, is for people.
type exit struct {
	code    int
	message string
}

func (e *exit) Error() string { return e.message }

// Run executes one command line, of which the first argument is the name of the program, and returns its exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	stdout, stderr := output.NewTerminal(streams.Out), output.NewTerminal(streams.Err)
	root := rootCommand(args[0], streams)
	root.SetArgs(args[1:])
	root.SetIn(streams.In)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var ended *exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &ended):
		if ended.message != "" {
			fmt.Fprintf(stderr, "edict: %s\n", ended.message)
		}
		return ended.code
	default:
		fmt.Fprintf(stderr, "edict: %v\nSee `%s --help`.\n", err, root.CommandPath())
		return exitUsage
	}
}

func rootCommand(program string, streams Streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "edict",
		Short:         "Policies for Kubernetes, judged as the server judges them",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	// kubectl finds its plugins by this name.
	if strings.HasPrefix(filepath.Base(program), "kubectl-") {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl edict"}
	}
	root.AddCommand(applyCommand(streams), testCommand(streams), jpCommand(), versionCommand())
	return root
}

// isTerminal tells whether somebody is looking.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
