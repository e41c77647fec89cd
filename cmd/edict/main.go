// Command edict is the command line of Edict; as kubectl-edict on the PATH it is `kubectl edict`.
package main

import (
	"os"

	"github.com/edict-dev/edict/cmd/edict/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr))
}
