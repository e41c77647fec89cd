// Command edict-server is every role of Edict in a cluster: it serves and stores the API, admits, and scans.
package main

import (
	"os"

	"k8s.io/component-base/cli"

	"github.com/edict-dev/edict/cmd/edict-server/app"
)

func main() { os.Exit(cli.Run(app.NewCommand())) }
