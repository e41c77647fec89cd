package exception

import (
	"strings"
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestFor(t *testing.T) {
	var exceptions []*Exception
	for _, list := range [][2]string{
		{"one", `[{policyName: p, ruleNames: [r]}]`},
		{"pattern", `[{policyName: p, ruleNames: ["au*gen-?", s]}]`},
		{"namespaced", `[{policyName: n/p, ruleNames: ["*"]}]`},
		{"several", `[{policyName: q, ruleNames: [r]}, {policyName: p, ruleNames: [r, "r*"]}, {policyName: p, ruleNames: [r, t]}]`},
	} {
		e, errs := Compile(read(t, `{metadata: {name: `+list[0]+`}, spec: {exceptions: `+list[1]+`, match: {any: [{resources: {kinds: [Pod]}}]}}}`))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		exceptions = append(exceptions, e)
	}
	set := NewSet(exceptions)
	for _, test := range []struct{ namespace, policy, rule, want string }{
		{"", "p", "r", "one several"},
		{"", "p", "autogen-r", "pattern"},
		{"", "p", "autogen-cronjob-r", ""},
		{"", "p", "s", "pattern"},
		{"", "p", "t", "several"},
		{"", "p", "R", ""},
		{"", "q", "r", "several"},
		{"", "n/p", "r", ""},
		{"n", "p", "r", "namespaced"},
		{"m", "p", "r", ""},
		{"", "P", "r", ""},
	} {
		var got []string
		for _, e := range set.For(eval.PolicyRef{Namespace: test.namespace, Name: test.policy}, test.rule) {
			got = append(got, e.Name())
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	if got := (*Set)(nil).For(eval.PolicyRef{Name: "p"}, "r"); got != nil {
		t.Errorf("a nil set has %v", got)
	}
	if got := testing.AllocsPerRun(100, func() { set.For(eval.PolicyRef{Name: "p"}, "other") }); got != 0 {
		t.Errorf("%v allocations where there is no exception", got)
	}
}
