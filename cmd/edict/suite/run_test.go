package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// write writes files below a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const head = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\n"

// run runs the suites in files. A file test.yaml is the rest of a suite.
func run(t *testing.T, runner Runner, files map[string]string) []Outcome {
	t.Helper()
	if rest, ok := files["test.yaml"]; ok {
		files[FileName] = head + rest
		delete(files, "test.yaml")
	}
	suites, err := Find(context.Background(), []string{write(t, files)}, FileName)
	if err != nil {
		t.Fatal(err)
	}
	runner.Now = time.Unix(1700000000, 0)
	outcomes, err := runner.Run(context.Background(), suites)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// told are the rows of outcomes, a line each, and the errors.
func told(outcomes []Outcome) string {
	var lines []string
	for _, outcome := range outcomes {
		for _, err := range outcome.Errors {
			lines = append(lines, "error: "+err.Error())
		}
		for _, row := range outcome.Rows {
			line := fmt.Sprintf("%s %s/%s %s: %s", row.Status, row.Policy, row.Rule, row.Resource, row.Reason)
			if !row.Evaluated {
				line += " (nothing evaluated)"
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// clusterPolicy is a policy with rules, in YAML of one line.
func clusterPolicy(name, rules string) string {
	return "---\n{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: " + name + "}, spec: {background: false, rules: [" + rules + "]}}\n"
}

// rule is a rule on kinds, with what it demands and more.
func rule(name, kinds, more string) string {
	return "{name: " + name + ", match: {any: [{resources: {kinds: [" + kinds + "]}}]}, " + more + "}"
}

const hasA = `validate: {message: said, pattern: {spec: {a: b}}}`

const resources = `
{apiVersion: v1, kind: Pod, metadata: {name: one}, spec: {a: b}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: ns}, spec: {a: c}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: c}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: dep}, spec: {template: {spec: {a: b}}}}
`

// TestC04Panic: a panic is an error of its suite, and the others run.
func TestC04Panic(t *testing.T) {
	folder := write(t, map[string]string{
		"a/" + FileName: head + "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}]",
		"a/policy.yaml": clusterPolicy("p", rule("r", "Pod", hasA)), "a/res.yaml": resources,
	})
	suites, err := Find(context.Background(), []string{folder}, FileName)
	if err != nil {
		t.Fatal(err)
	}
	// A suite without the document that it was read from is none that Find makes.
	suites = append([]*Suite{{File: "broken", Test: Test{Policies: []string{"gone"}}}}, suites...)
	outcomes, err := (&Runner{}).Run(context.Background(), suites)
	if err != nil || len(outcomes) != 2 {
		t.Fatalf("%v, %v", outcomes, err)
	}
	if got := told(outcomes[:1]); !strings.HasPrefix(got, "error: broken: internal error: ") {
		t.Errorf("a panic gives %q", got)
	}
	if got := told(outcomes[1:]); got != "Pass p/r v1/Pod/ns/two: Ok" {
		t.Errorf("the other suite gives %q", got)
	}
	if s := Summarize(outcomes); s.OK() || s.Broken != 1 || s.Passed != 1 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWarningsAsErrors(t *testing.T) {
	files := func() map[string]string {
		return map[string]string{
			"test.yaml":   "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}]",
			"policy.yaml": strings.Replace(clusterPolicy("p", rule("r", "Pod", hasA)), "background: false", "validationFailureAction: audit", 1),
			"res.yaml":    resources,
		}
	}
	if got := told(run(t, Runner{}, files())); strings.Contains(got, "error") {
		t.Error(got)
	}
	if got := told(run(t, Runner{WarningsAsErrors: true}, files())); !strings.Contains(got, "policy.yaml:2") || !strings.Contains(got, "use Enforce/Audit instead") {
		t.Error(got)
	}
}

func TestOrderAndProgress(t *testing.T) {
	files := map[string]string{}
	for i := range 20 {
		folder := fmt.Sprintf("%02d/", i)
		files[folder+FileName] = head + "policies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}]"
		files[folder+"policy.yaml"] = clusterPolicy("p", rule("r", "Pod", hasA))
		files[folder+"res.yaml"] = resources
	}
	progress := make(chan int, 20)
	outcomes := run(t, Runner{Progress: func(done int) { progress <- done }}, files)
	close(progress)
	most := 0
	for done := range progress {
		most = max(most, done)
	}
	if most != 20 {
		t.Errorf("%d suites were told to be done", most)
	}
	for i, outcome := range outcomes {
		if !strings.Contains(filepath.ToSlash(outcome.File), fmt.Sprintf("/%02d/", i)) || len(outcome.Rows) != 1 {
			t.Errorf("outcome %d is of %s, with %d rows", i, outcome.File, len(outcome.Rows))
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Runner{}).Run(ctx, []*Suite{outcomes[0].Suite}); err == nil {
		t.Error("a run that was ended has no error")
	}
}
