package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// reference is the other side: the reference's command line.
type reference struct{ path string }

// judge has all policies judge all objects in one run, and keeps of the answers those of a case's policy on its object.
// Where a case ends the run it is found by halving.
func (r *reference) judge(cases []testCase) ([]verdict, error) {
	out, crash, err := r.run(cases)
	if err != nil || crash == "" {
		return out, err
	}
	if len(cases) == 1 {
		return []verdict{{crashed: true, why: crash}}, nil
	}
	first, err := r.judge(cases[:len(cases)/2])
	if err != nil {
		return nil, err
	}
	second, err := r.judge(cases[len(cases)/2:])
	return append(first, second...), err
}

// run is one run of the reference. Crash is what it said when it gave no answers.
func (r *reference) run(cases []testCase) (out []verdict, crash string, err error) {
	dir, err := os.MkdirTemp("", "oracle")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	policies, objects := filepath.Join(dir, "policies.yaml"), filepath.Join(dir, "objects.yaml")
	if err := write(policies, cases, func(c *testCase) any { return witnessed(c.policy) }); err != nil {
		return nil, "", err
	}
	if err := write(objects, append(slices.Clip(cases), testCase{object: witness}), func(c *testCase) any { return c.object }); err != nil {
		return nil, "", err
	}
	cmd := exec.Command(r.path, "apply", policies, "-r", objects, "--policy-report", "--output-format", "json", "--continue-on-fail")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		return nil, "", err
	}
	text := stdout.String()
	head, report := text, ""
	if start := strings.Index(text, "\n{"); start >= 0 {
		head, report = text[:start], text[start+1:strings.LastIndex(text, "}")+1]
	}
	out = make([]verdict, len(cases))
	index := map[string]int{}
	for i := range cases {
		index[cases[i].name()] = i
	}
	readRefusals(head, index, out)
	if report == "" {
		report = "{}"
	}
	if err := answers(report, cases, index, out); err != nil {
		return nil, "", err
	}
	if _, panicked, ok := strings.Cut(stderr.String(), "panic: "); ok {
		said, _, _ := strings.Cut(panicked, "\n")
		return nil, said, nil
	}
	if len(cases) > 1 && !slices.ContainsFunc(out, func(v verdict) bool { return !v.refused || v.why != unread }) {
		return nil, unread, nil
	}
	return out, "", nil
}

// unread stands for what the reference says of a policy that has not the form of one: nothing.
const unread = "not read"

// witness is an object that each policy has a rule about, which always answers. Without that answer the reference has
// not read the policy.
var witness = map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "witness", "namespace": "witness"}}

func witnessed(policy map[string]any) map[string]any {
	out := clone(policy)
	spec, ok := at(out, "spec").(map[string]any)
	if !ok {
		return out // an edit took it away, and there is nothing to add to
	}
	rules, _ := spec["rules"].([]any)
	spec["rules"] = append(rules, map[string]any{
		"name":     "witness",
		"match":    anyOf(map[string]any{"resources": map[string]any{"kinds": []any{"Secret"}, "namespaces": []any{"witness"}}}),
		"validate": map[string]any{"deny": map[string]any{}},
	})
	return out
}

func write(path string, cases []testCase, part func(*testCase) any) error {
	var out bytes.Buffer
	for i := range cases {
		text, err := json.Marshal(part(&cases[i]))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "---\n%s\n", text)
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}

// readRefusals reads the list of policies that the reference refuses: "1. name: why".
func readRefusals(head string, index map[string]int, out []verdict) {
	_, list, _ := strings.Cut(head, "Policies Skipped:")
	for line := range strings.SplitSeq(list, "\n") {
		_, entry, ok := strings.Cut(line, ". ")
		if !ok {
			continue
		}
		name, why, _ := strings.Cut(entry, ": ")
		if i, known := index[name]; known {
			out[i] = verdict{refused: true, why: why}
		}
	}
}

// answers reads the report.
func answers(text string, cases []testCase, index map[string]int, out []verdict) error {
	type report struct {
		Scope   struct{ Name string }
		Results []struct {
			Policy, Rule, Result, Message string
			Resources                     []struct{ Name string }
		}
	}
	var all struct {
		report
		Items []report
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return fmt.Errorf("reading the reference's report: %w", err)
	}
	read := map[string]bool{}
	for _, r := range append(all.Items, all.report) {
		for _, result := range r.Results {
			name := r.Scope.Name
			if len(result.Resources) > 0 {
				name = result.Resources[0].Name
			}
			read[result.Policy] = read[result.Policy] || result.Rule == "witness"
			i, known := index[result.Policy]
			if known && name == at(cases[i].object, "metadata", "name") {
				out[i].rows = append(out[i].rows, row{result.Rule, result.Result, result.Message})
			}
		}
	}
	for i := range out {
		if !out[i].refused && !read[cases[i].name()] {
			out[i] = verdict{refused: true, why: unread}
		}
	}
	return nil
}
