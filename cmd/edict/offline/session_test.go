package offline

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
)

// session judges by the policies of a text, and by the values of another.
func session(t *testing.T, policies, values string) *Session {
	t.Helper()
	p := ReadPolicies(documents(t, policies))
	if len(p.Invalid) > 0 {
		t.Fatal(p.Invalid[0].Errors)
	}
	spec := &ValuesSpec{}
	if values != "" {
		read, err := ReadValues(documents(t, "apiVersion: a\nkind: Values\n"+values), "v.yaml")
		if err != nil {
			t.Fatal(err)
		}
		spec = &read.ValuesSpec
	}
	static, err := lookup.NewStatic(lookup.StaticConfig{Values: spec.Lookup(nil), NamespaceLabels: spec.NamespaceLabels()})
	if err != nil {
		t.Fatal(err)
	}
	var compiled []*engine.Exception
	for _, e := range p.Exceptions {
		compiled = append(compiled, e.Compiled)
	}
	return &Session{Policies: p.Valid, Exceptions: engine.NewExceptions(compiled), Lookup: static, Kinds: NewKinds(nil), Values: spec}
}

func judge(t *testing.T, s *Session, cases ...Case) []string {
	t.Helper()
	judgements, err := s.Judge(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, j := range judgements {
		line := fmt.Sprintf("%s %s/%s %s %s", j.Resource.Name, j.Decision.Policy, j.Rule, j.Operation, j.Result)
		if j.Unknown {
			line += " unknown"
		}
		out = append(out, line)
	}
	return out
}

func TestJudgementsAreInOrder(t *testing.T) {
	s := session(t, policy("first", limits)+policy("second", limits), "")
	var told atomic.Int64
	s.Progress = func(int) { told.Add(1) }
	var cases []Case
	var want []string
	for i := range 50 {
		name := fmt.Sprintf("pod-%d", i)
		cases = append(cases, Case{Resource: resource(t, strings.Replace(podManifest, "name: p,", "name: "+name+",", 1))})
		want = append(want, name+" first/r CREATE fail", name+" second/r CREATE fail")
	}
	if diff := cmp.Diff(want, judge(t, s, cases...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if told.Load() != 50 {
		t.Errorf("progress was told %d times", told.Load())
	}
}

func TestValuesArePerPolicyAndResource(t *testing.T) {
	const refused = "    validate: {message: never, deny: {}}\n"
	s := session(t, policy("a", refused)+policy("b", refused), "policies: [{name: b, resources: [{name: p, values: {request.operation: DELETE}}]}]\n")
	other := resource(t, strings.Replace(podManifest, "name: p,", "name: q,", 1))
	want := []string{"p a/r CREATE fail", "p b/r DELETE fail", "q a/r CREATE fail", "q b/r CREATE fail", "p a/r UPDATE fail", "p b/r UPDATE fail"}
	if diff := cmp.Diff(want, judge(t, s, Case{Resource: resource(t, podManifest)}, Case{Resource: other}, Case{Resource: resource(t, podManifest), Operation: eval.Update})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARequestThatCannotBeMadeIsAnError(t *testing.T) {
	s := session(t, policy("a", limits), "globalValues: {request.operation: PATCH}\n")
	judgements, err := s.Judge(t.Context(), []Case{{Resource: resource(t, podManifest)}})
	if err != nil || len(judgements) != 1 || judgements[0].Result != eval.Error || judgements[0].Unknown || !strings.Contains(judgements[0].Message, "PATCH") {
		t.Errorf("%+v %v", judgements, err)
	}
}

func TestWhatCannotBeKnownIsASkip(t *testing.T) {
	policies := policy("a", `    context: [{name: settings, configMap: {name: a, namespace: b}}]
    validate: {message: never, deny: {conditions: {any: [{key: "{{ settings.data.x }}", operator: Equals, value: "y"}]}}}
  - name: signed
    match: {any: [{resources: {kinds: [Pod]}}]}
    verifyImages: [{imageReferences: ["*"], mutateDigest: false, attestors: [{entries: [{keys: {publicKeys: "-----BEGIN PUBLIC KEY-----"}}]}]}]
  - name: broken
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: never, deny: {conditions: {any: [{key: "{{ request.object.spec.nowhere }}", operator: Equals, value: "y"}]}}}
`)
	pod := Case{Resource: resource(t, podManifest)}
	s := session(t, policies, "")
	judgements, err := s.Judge(t.Context(), []Case{pod})
	if err != nil || len(judgements) != 3 {
		t.Fatalf("%+v %v", judgements, err)
	}
	for i, want := range []struct {
		result  eval.Result
		unknown bool
		message string
	}{
		{eval.Skip, true, "configMap b/a is not available here: give its values with --values-file"},
		{eval.Skip, true, "image signatures are not verified yet"},
		{eval.Error, false, "nowhere"},
	} {
		if j := judgements[i]; j.Result != want.result || j.Unknown != want.unknown || !strings.Contains(j.Message, want.message) {
			t.Errorf("%d: %s %v %q, want %+v", i, j.Result, j.Unknown, j.Message, want)
		}
	}
	s.Strict = true
	want := []string{"p a/r CREATE error unknown", "p a/signed CREATE error unknown", "p a/broken CREATE error"}
	if diff := cmp.Diff(want, judge(t, s, pod)); diff != "" {
		t.Errorf("strict (-want +got):\n%s", diff)
	}
	given := session(t, policies, "policies: [{name: a, rules: [{name: r, values: {settings.data.x: 'y'}}]}]\n")
	if got := judge(t, given, pod); got[0] != "p a/r CREATE fail" {
		t.Errorf("with values %v", got)
	}
}

func TestJudgeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := session(t, policy("a", limits), "").Judge(ctx, []Case{{Resource: resource(t, podManifest)}}); err == nil {
		t.Error("no error")
	}
}
