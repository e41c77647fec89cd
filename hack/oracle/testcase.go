package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// testCase is one policy with one rule, and an object that it judges.
type testCase struct {
	family string
	// policy is a ClusterPolicy as JSON, with a name of its own in a batch.
	policy map[string]any
	object map[string]any
}

func (c *testCase) name() string {
	name, _ := at(c.policy, "metadata", "name").(string)
	return name
}

// String is a case as two YAML documents.
func (c *testCase) String() string {
	return document(c.policy) + "---\n" + document(c.object)
}

func document(v any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// verdict is what one of the two says.
type verdict struct {
	// refused tells that the policy is not accepted, and why says for what.
	refused bool
	// crashed tells that it ended without an answer.
	crashed bool
	why     string
	rows    []row
}

// row is the answer of a rule.
type row struct{ rule, result, message string }

func (r row) String() string { return fmt.Sprintf("%s: %s %q", r.rule, r.result, r.message) }

// difference says in what two verdicts differ, or nothing. How a refusal is worded is up to each.
func difference(ours, theirs verdict) string {
	switch {
	case theirs.crashed:
		return "the reference crashed: " + theirs.why
	case ours.refused && theirs.refused:
		return ""
	case ours.refused != theirs.refused:
		return fmt.Sprintf("refused: ours %v (%s), theirs %v (%s)", ours.refused, ours.why, theirs.refused, theirs.why)
	}
	for _, rows := range [][]row{ours.rows, theirs.rows} {
		slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.String(), b.String()) })
	}
	if !slices.Equal(ours.rows, theirs.rows) {
		return fmt.Sprintf("\n  ours   %v\n  theirs %v", ours.rows, theirs.rows)
	}
	return ""
}

// keepCase writes a case into a folder of its own, as test/corpus has them.
func keepCase(folder, name string, c *testCase) error {
	dir := filepath.Join(folder, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(document(c.policy)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "resources.yaml"), []byte(document(c.object)), 0o644)
}

// readCases reads what keepCase wrote. Each gets names of its own.
func readCases(folder string) ([]testCase, error) {
	policies, err := filepath.Glob(filepath.Join(folder, "*", "policy.yaml"))
	if err != nil {
		return nil, err
	}
	var cases []testCase
	for i, path := range policies {
		dir := filepath.Dir(path)
		c := testCase{family: filepath.Base(dir)}
		if c.policy, err = readDocument(path); err != nil {
			return nil, err
		}
		if c.object, err = readDocument(filepath.Join(dir, "resources.yaml")); err != nil {
			return nil, err
		}
		c.rename(fmt.Sprintf("k%d", i))
		cases = append(cases, c)
	}
	return cases, nil
}

func readDocument(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096).Decode(&out)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// rename gives the policy and the object of a case a name.
func (c *testCase) rename(name string) {
	at(c.policy, "metadata").(map[string]any)["name"] = name
	at(c.object, "metadata").(map[string]any)["name"] = name
}
