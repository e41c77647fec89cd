package scan

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Status is what a Controller tells about itself.
type Status struct {
	// Running tells whether the scan runs in this process at the moment.
	Running bool
	// Known tells whether policies, kinds and standing reports are known, so that it writes.
	Known bool
	// Kinds are watched. Of those, Waiting have not been seen whole yet, and Refused may not be read, with the reason.
	Kinds   int
	Waiting []string
	Refused map[string]error
	// Pending objects are to be judged; Reports stand.
	Pending, Reports int
	// LastPass is when everything was last taken up to be judged.
	LastPass time.Time
}

// Status returns the state of the scan at this moment.
func (c *Controller) Status() Status {
	c.mu.Lock()
	loop := c.loop
	c.mu.Unlock()
	if loop == nil {
		return Status{}
	}
	status := Status{
		Running: true,
		Refused: make(map[string]error),
		Pending: loop.queue.Len(),
		Reports: loop.standing.len(),
	}
	if last := loop.lastPass.Load(); last != nil {
		status.Known, status.LastPass = true, *last
	}
	for _, watch := range loop.watches.all() {
		status.Kinds++
		switch trouble := watch.lastTrouble(); {
		case refused(trouble):
			status.Refused[watch.resource.name.String()] = trouble
		case !watch.synced():
			status.Waiting = append(status.Waiting, watch.resource.name.String())
		}
	}
	return status
}

// Name is how the check appears among the health checks of the process.
func (c *Controller) Name() string { return "scan" }

// Check fails while the scan runs and does not see what it should. A process that stands by is healthy. A kind that may
// not be read is no failure of this process: Status and the log name it.
func (c *Controller) Check(*http.Request) error {
	status := c.Status()
	switch {
	case !status.Running:
		return nil
	case !status.Known:
		return errors.New("policies, served kinds or standing reports are not known yet: nothing is scanned")
	case len(status.Waiting) > 0:
		return fmt.Errorf("not all objects have been seen yet: %s", strings.Join(status.Waiting, ", "))
	case time.Since(status.LastPass) > 2*c.config.Interval:
		return fmt.Errorf("the last pass over everything was %s ago", time.Since(status.LastPass).Round(time.Second))
	default:
		return nil
	}
}
