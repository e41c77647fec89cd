package webhook

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/controller/webhookconfig"
)

// U08 what webhookconfig registers is what is served here, each path with all policies.
// Neither package imports the other outside this test.
func TestU08RegisteredPathsAreServed(t *testing.T) {
	s := newServer(t, Config{Policies: policies{app(t, "closed", "Fail", "Enforce"), app(t, "open", "Ignore", "Enforce")}})
	for _, path := range []string{
		webhookconfig.FailPath, webhookconfig.IgnorePath,
		webhookconfig.FailPath + "/finegrained/a", webhookconfig.IgnorePath + "/finegrained/team/a",
	} {
		got := ask(t, s, path, reviewOf(map[string]any{"object": bad}))
		if got.Allowed || !strings.Contains(got.Status.Message, "closed:") || !strings.Contains(got.Status.Message, "open:") {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
