// Command cluster runs a real Kubernetes control plane on this machine, without containers: etcd, kube-apiserver and
// kube-controller-manager, built from Go modules, with Edict in it on request. It is what `make cluster-up`,
// `make demo` and `make e2e` call. It listens on loopback, keeps everything in one folder (but for the cache of
// binaries) and ends only processes that it started.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

const usage = `usage: go run ./hack/cluster COMMAND

  build         build the control plane's binaries into the cache
  up            start the control plane (what runs already is left alone)
  down          stop everything and remove the folder
  edict-up      install Edict's manifests and start bin/edict-server in one process
  edict-split   the same in three processes, a role each
  edict-restart stop and start each of Edict's processes in turn
  edict-stop    stop Edict's processes, keeping their data
  edict-down    stop Edict and remove its objects and data

Settings from the environment: LOCAL (the folder, default .local), PORT_OFFSET (added to every port, default 0),
EDICT_CACHE (the cache of binaries, default ~/.cache/edict), EDICT_FLAGS (added to the command line of every
edict-server that is started).
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	c, err := newCluster()
	if err == nil {
		err = c.run(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

// cluster is one control plane: its folder, its binaries and its ports.
type cluster struct {
	root  string // the repository
	dir   string // everything of this control plane
	cache string // binaries, shared between control planes
	ports ports
}

type ports struct {
	etcd, etcdPeer, apiserver, controllerManager int
	edictAPI, edictWebhook                       int
	health                                       map[string]int // by process name
}

func newCluster() (*cluster, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "hack", "cluster", "main.go")); err != nil {
		return nil, fmt.Errorf("run it from the top of the repository (make cluster-up does)")
	}
	dir := os.Getenv("LOCAL")
	if dir == "" {
		dir = ".local"
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	cache := os.Getenv("EDICT_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no place for the cache of binaries: %w; set EDICT_CACHE", err)
		}
		cache = filepath.Join(user, "edict")
	}
	offset := 0
	if s := os.Getenv("PORT_OFFSET"); s != "" {
		if offset, err = strconv.Atoi(s); err != nil || offset < 0 || offset > 50000 {
			return nil, fmt.Errorf("PORT_OFFSET=%q: want a number from 0 to 50000", s)
		}
	}
	return &cluster{root: root, dir: dir, cache: cache, ports: ports{
		etcd: 12379 + offset, etcdPeer: 12380 + offset, apiserver: 6443 + offset, controllerManager: 10257 + offset,
		edictAPI: 8443 + offset, edictWebhook: 9443 + offset,
		health: map[string]int{"edict": 9440 + offset, "edict-api": 9440 + offset, "edict-admission": 9441 + offset, "edict-background": 9442 + offset},
	}}, nil
}

func (c *cluster) run(command string) error {
	switch command {
	case "build":
		_, err := c.build()
		return err
	case "up":
		return c.up()
	case "down":
		return c.down()
	case "edict-up":
		return c.edictUp(oneProcess)
	case "edict-split":
		return c.edictUp(threeProcesses)
	case "edict-restart":
		return c.edictRestart()
	case "edict-stop":
		return c.edictStop()
	case "edict-down":
		return c.edictDown()
	default:
		return fmt.Errorf("unknown command %q\n\n%s", command, usage)
	}
}

// path joins names to the folder of this control plane.
func (c *cluster) path(names ...string) string {
	return filepath.Join(append([]string{c.dir}, names...)...)
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
