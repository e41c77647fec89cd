package app

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apiserver/pkg/server/healthz"
)

// Role is one of the things that a process can do.
type Role string

// The roles.
const (
	RoleAPI        Role = "api"
	RoleAdmission  Role = "admission"
	RoleBackground Role = "background"
)

var allRoles = []Role{RoleAPI, RoleAdmission, RoleBackground}

func roleNames() string {
	names := make([]string, len(allRoles))
	for i, role := range allRoles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}

// part is what a role is made of.
type part struct {
	// run does the role's work. It returns when ctx is done and the work has ended, or with an error that ends the
	// process.
	run func(ctx context.Context) error
	// ready must all pass for the process to be ready. They are asked from the start, also before run is called.
	ready []healthz.HealthChecker
}

// parts builds the part of each role. Building asks nobody and starts nothing.
var parts = map[Role]func(*completedConfig) (*part, error){
	RoleAPI:        newAPI,
	RoleAdmission:  newAdmission,
	RoleBackground: newBackground,
}

// newParts builds the parts of the roles that the process plays.
func newParts(c *completedConfig) (map[Role]*part, error) {
	built := map[Role]*part{}
	for _, role := range c.Roles {
		p, err := parts[role](c)
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", role, err)
		}
		built[role] = p
	}
	return built, nil
}
