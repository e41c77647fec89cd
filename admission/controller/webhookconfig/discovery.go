package webhookconfig

import (
	"time"

	"github.com/edict-dev/edict/admission/engine"
)

const (
	// How often discovery is asked again, so that kinds are found that were installed after the policies on them.
	discoveryInterval = 30 * time.Second
	// When a policy is new and names kinds that are not served, they were installed a moment before it, or come with it: so
	// discovery is asked more often for a while.
	eagerInterval = time.Second
	eagerFor      = 10 * time.Second
)

// seek tells that a policy is new and names kinds that are not served.
func (c *Controller) seek(needs map[*engine.Program]Need) bool {
	for program, need := range needs {
		if _, known := c.needs[program]; !known && len(need.unknown) > 0 {
			c.eager = c.config.Clock.Now().Add(eagerFor)
			return true
		}
	}
	return false
}

// discoverAfter is how long what is known of what the API server serves is good for.
func (c *Controller) discoverAfter() time.Duration {
	if c.config.Clock.Now().Before(c.eager) {
		return eagerInterval
	}
	return discoveryInterval
}

// discover asks again only after a while, since many passes follow from events that have nothing to do with it.
func (c *Controller) discover() error {
	now := c.config.Clock.Now()
	if c.resources != nil && now.Sub(c.discovered) < c.discoverAfter() {
		return nil
	}
	resources, err := Discover(c.config.Discovery, c.resources)
	if err != nil {
		return err
	}
	c.discovered = now
	if c.resources == nil || !resources.equal(c.resources) {
		c.resources, c.needs = resources, nil
	}
	return nil
}
