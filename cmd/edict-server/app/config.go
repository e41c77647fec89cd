package app

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"github.com/edict-dev/edict/registry/kyverno/policyexception"
)

// Config is what a process is made of. It may be changed until it is completed; tests put their own identities and
// clients into it.
type Config struct {
	Roles     []Role
	Namespace string
	// HealthAddress is where health is served; nowhere if it is empty.
	HealthAddress string
	// APIServerURL is where the roles reach the api role. If it is empty they find it themselves.
	APIServerURL string
	// Kubernetes says how each role reaches kube-apiserver, and as whom.
	Kubernetes map[Role]*rest.Config
	// Exceptions say which PolicyExceptions are applied.
	Exceptions policyexception.Settings
	// Lookup bounds what rules may read.
	Lookup LookupOptions
	// API, Admission and Background are set when the process plays that role.
	API        *APIConfig
	Admission  *AdmissionConfig
	Background *BackgroundConfig
}

type completedConfig struct {
	*Config
	health *health
	parts  map[Role]*part
	// beside runs along with the roles, until the last of them has ended.
	beside []func(context.Context) error
}

// CompletedConfig is a process that can run.
type CompletedConfig struct {
	*completedConfig
}

// Complete builds the parts of all roles.
func (c *Config) Complete() (CompletedConfig, error) {
	completed := &completedConfig{Config: c, health: &health{}}
	var err error
	if completed.parts, err = newParts(completed); err != nil {
		return CompletedConfig{}, err
	}
	for _, role := range c.Roles {
		completed.health.ready = append(completed.health.ready, completed.parts[role].ready...)
	}
	return CompletedConfig{completed}, nil
}

// Run plays the roles until ctx is done or one of them fails. It returns when all of them have ended.
func (c CompletedConfig) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	outlive, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var beside errgroup.Group
	runBeside := func(run func(context.Context) error) {
		beside.Go(func() error {
			defer cancel() // the roles cannot do without
			return run(outlive)
		})
	}
	if c.HealthAddress != "" {
		listener, err := net.Listen("tcp", c.HealthAddress)
		if err != nil {
			return fmt.Errorf("--health-address: %w", err)
		}
		runBeside(func(ctx context.Context) error { return c.health.serve(ctx, listener) })
	}
	for _, run := range c.beside {
		runBeside(run)
	}
	err := c.runRoles(ctx)
	stop()
	return errors.Join(err, beside.Wait())
}

func (c CompletedConfig) runRoles(ctx context.Context) error {
	roles, ctx := errgroup.WithContext(ctx)
	context.AfterFunc(ctx, c.health.shutDown)
	for _, role := range c.Roles {
		roles.Go(func() error {
			err := c.parts[role].run(ctx)
			if err == nil && ctx.Err() == nil {
				err = errors.New("ended by itself")
			}
			if err != nil {
				return fmt.Errorf("role %s: %w", role, err)
			}
			return nil
		})
	}
	return roles.Wait()
}
