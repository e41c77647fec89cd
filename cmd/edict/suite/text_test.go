package suite

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/cmd/edict/output"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		text        Text
		want, never []string
	}{
		{Text{}, []string{
			"Loading test ( a.yaml ) ...", "│ 3  │ p      │ q    │ v1/Pod/ns/x │ Pass    │ Excluded: nothing was evaluated │",
			"  ERROR: b.yaml:3: broken", "Loading test ( c.yaml )",
			"a.yaml:7: policy p, rule r, resource v1/Pod/ns/y\n  - pass\n  + fail: m\n",
			"Passed although nothing was evaluated, which --strict fails: 2 rows.\n", "Not judged, since mutate is not evaluated yet: 1 row.\n", "Not read or run in full: 1 suite.\n",
			"\nTest Summary: 3 tests passed and 1 tests failed\n",
		}, []string{"MESSAGE", "\x1b"}},
		{Text{Detailed: true}, []string{"MESSAGE", `│ m|<b>\n*x* │`}, nil},
		{Text{FailOnly: true}, []string{"v1/Pod/ns/y", "ERROR", "\nTest Summary: 1 out of 4 tests failed\n"}, []string{"│ Pass", "c.yaml"}},
	} {
		var b strings.Builder
		test.text.Write(output.NewTerminal(&b), shownOutcomes())
		for _, text := range test.want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%+v lacks %q:\n%s", test.text, text, b.String())
			}
		}
		for _, text := range test.never {
			if strings.Contains(b.String(), text) {
				t.Errorf("%+v has %q:\n%s", test.text, text, b.String())
			}
		}
	}
}

func TestColors(t *testing.T) {
	var b strings.Builder
	terminal := output.NewTerminal(&b)
	terminal.Color = true
	(&Text{}).Write(terminal, shownOutcomes())
	for _, text := range []string{"\x1b[32mPass\x1b[0m", "\x1b[33mPass\x1b[0m", "\x1b[33mSkip\x1b[0m", "\x1b[31mFail\x1b[0m", "\x1b[90mNot yet\x1b[0m", "\x1b[32m  - pass\x1b[0m"} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("it lacks %q", text)
		}
	}
}
