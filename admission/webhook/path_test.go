package webhook

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
)

// U08 what webhookconfig registers is what is served here, each path with the policies that are registered for it.
// Neither package imports the other outside this test.
func TestU08RegisteredPathsAreServed(t *testing.T) {
	s := newServer(t, Config{Policies: policies{app(t, "closed", "Fail", "Enforce"), app(t, "open", "Ignore", "Enforce")}})
	for path, policy := range map[string]string{webhookconfig.FailPath: "closed", webhookconfig.IgnorePath: "open"} {
		got := ask(t, s, path, reviewOf(map[string]any{"object": bad}))
		if got.Allowed || !strings.Contains(got.Status.Message, policy+":") {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
