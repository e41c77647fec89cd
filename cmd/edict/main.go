// Command edict is the command line of Edict; as kubectl-edict on the PATH it is `kubectl edict`.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/edict-dev/edict/cmd/edict/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(command.Run(ctx, os.Args, command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
