package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/test/corpus"
)

// rules compiles a ClusterPolicy p of the given rules, and leaves errors aside.
func rules(t testing.TB, text string) *engine.Program {
	t.Helper()
	return spec(t, `rules: [`+text+`]`)
}

func spec(t testing.TB, text string) *engine.Program {
	t.Helper()
	policy := &v1.ClusterPolicy{}
	if err := yaml.UnmarshalStrict([]byte(`{metadata: {name: p}, spec: {`+text+`}}`), policy); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, _ := engine.Compile(policy)
	return p
}

func decode(t testing.TB, text string) eval.Object {
	t.Helper()
	var object eval.Object
	if err := kjson.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}

const onConfigMaps = `match: {any: [{resources: {kinds: [ConfigMap]}}]}`

func evaluate(p *engine.Program, req *eval.Request) []eval.Decision {
	return engine.Evaluate(engine.Input{Programs: []*engine.Program{p}, Request: req, Lookup: nothing})
}

// nothing is a lookup that knows of a namespace without labels, and of nothing else.
var nothing = &corpus.Lookup{Namespaces: map[string]map[string]string{"default": nil}}

// created is the request that creates an object.
func created(object eval.Object) *eval.Request {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	return &eval.Request{
		Kind: schema.FromAPIVersionAndKind(apiVersion, kind), Namespace: namespace, Name: name,
		Operation: eval.Create, Object: object, Now: corpus.Now,
	}
}

func configMap(t testing.TB, data string) *eval.Request {
	return created(decode(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"default"},"data":`+data+`}`))
}

func TestDecision(t *testing.T) {
	policy := &v1.Policy{}
	if err := yaml.UnmarshalStrict([]byte(`{metadata: {name: p, namespace: default, annotations: {policies.kyverno.io/severity: high, policies.kyverno.io/category: c, policies.kyverno.io/scored: "false"}},
		spec: {background: false, emitWarning: true, rules: [{name: r, `+onConfigMaps+`, reportProperties: {k: v}, validate: {failureAction: Enforce, message: denied, pattern: {data: {a: x}}}}]}}`), policy); err != nil {
		t.Fatal(err)
	}
	p, errs := engine.Compile(policy)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	want := []eval.Decision{{
		Policy: eval.PolicyRef{Kind: "Policy", Namespace: "default", Name: "p"}, Rule: "r", Result: eval.Fail,
		Message: "validation error: denied. rule r failed at path /data/a/", Action: eval.Enforce, FailClosed: true, EmitWarning: true,
		Severity: "high", Category: "c", Properties: map[string]string{"k": "v"},
	}}
	if diff := cmp.Diff(want, evaluate(p, configMap(t, `{"a":"y"}`))); diff != "" {
		t.Errorf("decisions differ (-want +got):\n%s", diff)
	}
}

func TestProgramTellsWhatItNeeds(t *testing.T) {
	p := spec(t, `webhookConfiguration: {failurePolicy: Ignore, timeoutSeconds: 3}, background: false, rules: [
		{name: a, match: {any: [{resources: {kinds: [Pod, apps/v1/Deployment/scale], operations: [CREATE]}}]}, validate: {pattern: {spec: {a: b}}}},
		{name: b, match: {any: [{resources: {kinds: [Secret]}}]}, validate: {pattern: {data: {a: b}}}}]`)
	if p.FailClosed() || p.WebhookTimeoutSeconds() != 3 || !p.Admission() || p.Background() || (p.Ref() != eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}) {
		t.Errorf("%+v", p)
	}
	want := []engine.Target{
		{Group: "*", Version: "*", Kind: "Pod", Operations: []eval.Operation{eval.Create}},
		{Group: "apps", Version: "v1", Kind: "Deployment", Subresource: "scale", Operations: []eval.Operation{eval.Create}},
		{Group: "*", Version: "*", Kind: "Secret", Operations: []eval.Operation{eval.Create, eval.Update, eval.Delete, eval.Connect}},
	}
	if diff := cmp.Diff(want, p.Targets()); diff != "" {
		t.Errorf("targets differ (-want +got):\n%s", diff)
	}
	secret, service := schema.GroupVersionKind{Version: "v1", Kind: "Secret"}, schema.GroupVersionKind{Version: "v1", Kind: "Service"}
	if !p.Concerns(secret, "", "", "") || p.Concerns(secret, "status", "", "") || p.Concerns(service, "", "", "") {
		t.Error("it is wrong about what it concerns")
	}
}

// TestD04BrokenRuleAnswersError: a stored policy with a broken rule errs where that rule matches, and nowhere else.
func TestD04BrokenRuleAnswersError(t *testing.T) {
	p := rules(t, `{name: good, `+onConfigMaps+`, validate: {pattern: {data: {a: x}}}},
		{name: broken, `+onConfigMaps+`, validate: {failureAction: Enforce, pattern: {data: {a: []}}}},
		{name: elsewhere, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {deny: {}}},
		{name: anywhere, match: {}, validate: {pattern: {data: {a: x}}}}`)
	got := evaluate(p, configMap(t, `{"a":"x"}`))
	if len(got) != 3 || got[0].Result != eval.Pass || got[1].Result != eval.Error || got[1].Action != eval.Enforce || got[2].Result != eval.Error {
		t.Fatalf("%+v", got)
	}
	if !strings.Contains(got[1].Message, "spec.rules[1].validate.pattern.data.a") || !strings.Contains(got[2].Message, "spec.rules[3].match") {
		t.Errorf("messages %q, %q", got[1].Message, got[2].Message)
	}
	if !p.Concerns(schema.GroupVersionKind{Version: "v1", Kind: "Service"}, "", "", "") {
		t.Error("a rule of which nobody knows what it matches may match anything")
	}
}

// TestK05DeletionTimestamp: what is being deleted is judged like anything else.
func TestK05DeletionTimestamp(t *testing.T) {
	p := rules(t, `{name: r, match: {any: [{resources: {kinds: [Service]}}]}, validate: {failureAction: Enforce, pattern: {spec: {type: "!NodePort"}}}}`)
	old := decode(t, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"default","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a/b"]},"spec":{"type":"ClusterIP"}}`)
	updated := decode(t, `{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"default","deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a/b"]},"spec":{"type":"NodePort"}}`)
	req := created(updated)
	req.Operation, req.OldObject = eval.Update, old
	if got := evaluate(p, req); len(got) != 1 || got[0].Result != eval.Fail || got[0].Action != eval.Enforce {
		t.Errorf("K05: %+v", got)
	}
}

// TestK10U13StageErrors: what goes wrong in a stage is that rule's error, with the stage named.
func TestK10U13StageErrors(t *testing.T) {
	p := rules(t, `{name: match, match: {any: [{resources: {kinds: [ConfigMap], namespaceSelector: {matchLabels: {a: b}}}}]}, validate: {pattern: {data: {a: x}}}},
		{name: action, `+onConfigMaps+`, validate: {failureAction: Audit, failureActionOverrides: [{action: Audit, namespaceSelector: {matchLabels: {a: b}}}], pattern: {data: {a: x}}}},
		{name: plain, `+onConfigMaps+`, validate: {pattern: {data: {a: x}}}}`)
	for name, lookup := range map[string]eval.Lookup{"error": failing{}, "panic": panicking{}} {
		got := engine.Evaluate(engine.Input{Programs: []*engine.Program{p}, Request: configMap(t, `{"a":"y"}`), Lookup: lookup})
		if len(got) != 3 {
			t.Fatalf("%s: %+v", name, got)
		}
		for i, stage := range []string{"match", "failureAction"} {
			if got[i].Result != eval.Error || got[i].Action != eval.Enforce || !strings.HasPrefix(got[i].Message, "rule "+got[i].Rule+": "+stage+": ") {
				t.Errorf("%s in %s: %+v", name, stage, got[i])
			}
		}
		if got[2].Result != eval.Fail || got[2].Action != eval.Audit {
			t.Errorf("%s: the rule that asks nothing is %+v", name, got[2])
		}
	}
	got := engine.Evaluate(engine.Input{Programs: []*engine.Program{p}, Request: configMap(t, `{"a":"x"}`), Lookup: failing{}})
	if len(got) != 3 || got[1].Result != eval.Pass {
		t.Errorf("nothing follows from a pass: %+v", got)
	}
}

type failing struct{}

func (failing) NamespaceLabels(string) (map[string]string, error) { return nil, errors.New("down") }
func (failing) RolesOf(*eval.User) (eval.Roles, error)            { return eval.Roles{}, errors.New("down") }
func (failing) Read(eval.Source) (any, error)                     { return nil, errors.New("down") }
func (failing) Values(eval.PolicyRef, string) eval.Object         { return nil }

type panicking struct{ failing }

func (panicking) NamespaceLabels(string) (map[string]string, error) { panic("down") }

// TestM05M06Operations: without a list of operations an update is judged as a create; the object is the new one.
func TestM05M06Operations(t *testing.T) {
	p := rules(t, `{name: r, `+onConfigMaps+`, validate: {pattern: {data: {a: x}}}}`)
	clean, violating := configMap(t, `{"a":"x"}`).Object, configMap(t, `{"a":"y"}`).Object
	for _, test := range []struct {
		operation   eval.Operation
		object, old eval.Object
		want        []eval.Result
	}{
		{eval.Create, violating, nil, []eval.Result{eval.Fail}},
		{eval.Update, violating, clean, []eval.Result{eval.Fail}},
		{eval.Update, clean, violating, []eval.Result{eval.Pass}},
		{eval.Connect, violating, nil, []eval.Result{eval.Fail}},
		{eval.Delete, nil, violating, nil},
	} {
		req := created(clean)
		req.Operation, req.Object, req.OldObject = test.operation, test.object, test.old
		var got []eval.Result
		for _, d := range evaluate(p, req) {
			got = append(got, d.Result)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("M06 %s: (-want +got)\n%s", test.operation, diff)
		}
	}
}

// TestM08Version: a policy on one group and version does not take another's object for its own.
func TestM08Version(t *testing.T) {
	p := rules(t, `{name: r, match: {any: [{resources: {kinds: [apps/v1/Deployment]}}]}, validate: {pattern: {spec: {a: x}}}}`)
	for apiVersion, want := range map[string]int{"apps/v1": 1, "apps/v1beta1": 0, "extensions/v1": 0, "v1": 0} {
		req := created(decode(t, `{"apiVersion":"`+apiVersion+`","kind":"Deployment","metadata":{"name":"d"}}`))
		if got := evaluate(p, req); len(got) != want {
			t.Errorf("M08 %s: %d decisions", apiVersion, len(got))
		}
	}
}

func TestApplyOne(t *testing.T) {
	p := spec(t, `applyRules: One, rules: [
		{name: skips, `+onConfigMaps+`, validate: {pattern: {data: {(a): z}}}},
		{name: errs, `+onConfigMaps+`, validate: {pattern: {data: {l: [[x], [y]]}}}},
		{name: passes, `+onConfigMaps+`, validate: {pattern: {data: {a: x}}}},
		{name: is-not-asked, `+onConfigMaps+`, validate: {pattern: {data: {a: x}}}}]`)
	var got []string
	for _, d := range evaluate(p, configMap(t, `{"a":"x","l":[["x"]]}`)) {
		got = append(got, d.Rule+" "+string(d.Result))
	}
	if diff := cmp.Diff([]string{"skips skip", "errs error", "passes pass"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDeterministic: many at once, the same question has the same answer, and the object stays as it is.
func TestDeterministic(t *testing.T) {
	p := rules(t, `{name: a, match: {any: [{resources: {kinds: ['*/*']}}]}, validate: {pattern: {metadata: {labels: {"*": "?*", "a*": x}, =(annotations): {"x?": y}}, =(spec): {containers: [{(name): "s*", image: nowhere}]}}}},
		{name: b, match: {any: [{resources: {kinds: ['*/*'], selector: {matchLabels: {"t*": "s*"}}}}]}, validate: {anyPattern: [{spec: {a: b}}, {spec: {(b): c}}]}}`)
	text, err := os.ReadFile(filepath.Join("testdata", "pod.json"))
	if err != nil {
		t.Fatal(err)
	}
	req := created(decode(t, string(text)))
	want := evaluate(p, req)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 50 {
				if diff := cmp.Diff(want, evaluate(p, req)); diff != "" {
					t.Errorf("decisions differ (-want +got):\n%s", diff)
					return
				}
			}
		})
	}
	wait.Wait()
	if diff := cmp.Diff(decode(t, string(text)), req.Object); diff != "" {
		t.Errorf("the object was changed (-want +got):\n%s", diff)
	}
}

// FuzzA01Policy: no policy and no object makes the engine panic, whatever they hold.
func FuzzA01Policy(f *testing.F) {
	f.Add(`{"rules":[{"name":"r","match":{"any":[{"resources":{"kinds":["*/*"],"names":["a*"],"selector":{"matchLabels":{"a*":"?"}}}}]},"validate":{"pattern":{"a":{"=(b)":"<5"}}}}]}`, `{"metadata":{"name":"a","labels":{"a":"b"}},"a":{"b":[1,null]}}`)
	f.Add(`{"validationFailureActionOverrides":[{"action":"x"}],"rules":[{"name":"r","match":{},"validate":{"anyPattern":[]}}]}`, `{"metadata":[]}`)
	f.Add(`{"rules":[{"match":{"all":[{}]},"exclude":{"any":[{"subjects":[{}]}]},"validate":{"pattern":null,"foreach":[{}]}},{}]}`, `{}`)
	f.Fuzz(func(t *testing.T, specJSON, objectJSON string) {
		policy := &v1.ClusterPolicy{}
		var object eval.Object
		if json.Unmarshal([]byte(specJSON), &policy.Spec) != nil || kjson.Unmarshal([]byte(objectJSON), &object) != nil {
			t.Skip()
		}
		p, errs := engine.Compile(policy)
		p.Warnings()
		p.Targets()
		for _, d := range evaluate(p, created(object)) {
			if strings.Contains(d.Message, "internal error") {
				t.Errorf("%+v", d)
			}
			if d.Result == eval.Error && d.Message == "" {
				t.Errorf("an error without words, of a policy with %v", errs)
			}
		}
	})
}

// podWithLimits is a policy that wants limits, and the JSON of a Pod of three containers that has them.
func podWithLimits(t testing.TB) (*engine.Program, string) {
	t.Helper()
	pod, err := os.ReadFile(filepath.Join("testdata", "pod.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("testdata", "limits.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	policy := &v1.ClusterPolicy{}
	if err := yaml.UnmarshalStrict(text, policy); err != nil {
		t.Fatal(err)
	}
	p, errs := engine.Compile(policy)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return p, string(pod)
}

// TestPassAllocatesTheDecisionsAlone: whatever the object holds, a pass costs the slice of decisions and nothing else.
func TestPassAllocatesTheDecisionsAlone(t *testing.T) {
	p, pod := podWithLimits(t)
	in := engine.Input{Programs: []*engine.Program{p}, Request: created(decode(t, pod)), Lookup: nothing}
	if n := testing.AllocsPerRun(100, func() { engine.Evaluate(in) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEvaluate(b *testing.B) {
	p, text := podWithLimits(b)
	req := created(decode(b, text))
	violating := created(decode(b, strings.ReplaceAll(text, `"memory": "512Mi"`, `"storage": "1"`)))
	elsewhere := configMap(b, `{}`)
	for _, bench := range []struct {
		name string
		req  *eval.Request
		want eval.Result
	}{{"pass", req, eval.Pass}, {"fail", violating, eval.Fail}, {"not concerned", elsewhere, ""}} {
		b.Run(bench.name, func(b *testing.B) {
			in := engine.Input{Programs: []*engine.Program{p}, Request: bench.req, Lookup: nothing}
			b.ReportAllocs()
			for b.Loop() {
				decisions := engine.Evaluate(in)
				if bench.want == "" && len(decisions) > 0 || bench.want != "" && (len(decisions) != 1 || decisions[0].Result != bench.want) {
					b.Fatalf("%+v", decisions)
				}
			}
		})
	}
}
