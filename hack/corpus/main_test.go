package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCorpus: every suite that can run passes, and none would pass if it expected the opposite.
func TestCorpus(t *testing.T) {
	folder := filepath.Join("..", "..", defaultFolder)
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the larger corpus (../shared/corpus) is not here")
	}
	var out strings.Builder
	c := corpus{folder: folder, out: &out}
	err := c.run(context.Background())
	t.Log(out.String())
	if err != nil {
		t.Error(err)
	}
}

// TestFaults: what should not be is told.
func TestFaults(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const test = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\npolicies: [policy.yaml]\nresources: [resource.yaml]\n"
	for part, rows := range map[string]string{
		"policies/good":     `[{policy: p, rule: r, resources: [a], result: fail}, {policy: p, rule: none, resources: [a], result: fail}]`,
		"policies/bad":      `[{policy: p, rule: r, resources: [a], result: pass}]`,
		"policies/mutating": `[{policy: m, rule: m, resources: [a], result: pass}]`,
		"policies/refused":  `[{policy: p, rule: r, resources: [a], result: pass}]`,
		"cli/registry":      `[{policy: p, rule: r, resources: [a], result: pass}]`,
		"cli/test-fail":     `[{policy: q, rule: r, resources: [a], result: pass}, {policy: p, rule: r, resources: [a], result: fail}]`,
	} {
		write(part+"/kyverno-test.yaml", test+"results: "+rows)
		write(part+"/resource.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: y}}")
		content := "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, spec: {rules: [{name: r, match: {any: [{resources: {kinds: [ConfigMap]}}]}, validate: {pattern: {data: {x: z}}}}]}}"
		if part == "policies/mutating" {
			content = "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: m}, spec: {rules: [{name: m, match: {any: [{resources: {kinds: [ConfigMap]}}]}, mutate: {patchStrategicMerge: {data: {x: z}}}}]}}"
		}
		if part == "policies/refused" {
			content = strings.ReplaceAll(content, "pattern:", "anyPattern:")
		}
		write(part+"/policy.yaml", content)
	}
	write("cli/broken/kyverno-test.yaml", test+"result: []")

	var out strings.Builder
	c := corpus{folder: folder, out: &out}
	err := c.run(context.Background())
	if err == nil || !strings.HasPrefix(err.Error(), "4 rows or suites") {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		"mutate       1                  0                          0                            0       0        1",
		"validate       4                  1                          2                            1       2        0",
		"FAILED " + filepath.Join(folder, "policies/bad"),
		"FAILED " + filepath.Join(folder, "cli/test-fail"),
		"REFUSED " + filepath.Join(folder, "policies/refused"),
		"ERROR " + filepath.Join(folder, "cli/broken"),
		"cli/registry is left out",
		"1 evaluated rows expected pass or fail; with the two exchanged 1 of them fail",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
}
