package verdict

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edict-dev/edict/cmd/edict/command"
	"github.com/edict-dev/edict/test/corpus"
)

// TestTest: written as a suite, a case passes edict test, and for the reason that is expected. Suites can say what apply
// cannot be told: answers to calls, and global context.
func TestTest(t *testing.T) {
	folder := t.TempDir()
	cases := map[string]*corpus.Case{}
	whole := t // The files of all cases stay until all suites have run.
	corpus.Each(t, func(t *testing.T, c *corpus.Case) {
		// A suite is about resources that are there, in namespaces that can be read.
		if !exists(filepath.Join(c.Dir, "resources.yaml")) || len(c.Expected.Results) == 0 || len(c.Lookup.Hosts) > 0 ||
			slices.ContainsFunc(c.Expected.Results, func(row corpus.Row) bool { return strings.HasPrefix(unreadable.FindString(row.Message), " namespace ") }) {
			return
		}
		dir := filepath.Join(folder, c.Name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		cases[c.Name] = c
		write(t, filepath.Join(dir, "kyverno-test.yaml"), suiteOf(whole, c))
	})
	var out, errs bytes.Buffer
	at(t, corpus.Now, func(t *testing.T) {
		code := command.Run(context.Background(), []string{"edict", "test", folder, "--output-format", "json"},
			command.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
		if out.Len() == 0 {
			t.Fatalf("exit code %d: %s", code, &errs)
		}
	})
	var printed []tested
	if err := json.Unmarshal(out.Bytes(), &printed); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	rows := map[string][]tested{}
	for _, row := range printed {
		rows[row.Suite] = append(rows[row.Suite], row)
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, want := range cases[name].Expected.Results {
			if !slices.ContainsFunc(rows[name], func(row tested) bool { return row.is(cases[name], want) }) {
				t.Errorf("%s: %+v is not among %+v", name, want, rows[name])
			}
		}
	}
	t.Logf("%d suites, %d rows", len(cases), len(printed))
}

// tested is a row of edict test.
type tested struct {
	Policy, Rule, Resource, Result, Reason, Message, Suite string
	Evaluated                                              bool
}

func (row tested) is(c *corpus.Case, want corpus.Row) bool {
	// What is missing is told in the words of who looks it up.
	missing := unreadable.MatchString(want.Message)
	return row.Rule == want.Rule && row.Policy == policyOf(c, want).GetName() && strings.HasSuffix(row.Resource, "/"+want.Resource) &&
		row.Evaluated && row.Result == "Pass" && (row.Message == want.Message || missing)
}

// suiteOf is a case as people write one.
func suiteOf(t *testing.T, c *corpus.Case) map[string]any {
	t.Helper()
	var results, selectors, calls, entries []any
	for _, row := range c.Expected.Results {
		parts := strings.SplitN(row.Resource, "/", 3)
		resource := strings.TrimPrefix(parts[1]+"/"+parts[2], "/")
		results = append(results, map[string]any{
			"policy": policyOf(c, row).GetName(), "rule": row.Rule, "kind": parts[0], "resources": []string{resource}, "result": row.Result,
		})
	}
	for name, labels := range c.Lookup.Namespaces {
		selectors = append(selectors, map[string]any{"name": name, "labels": labels})
	}
	for address, body := range c.Lookup.Calls {
		field := "url"
		if strings.HasPrefix(address, "/") {
			field = "urlPath"
		}
		calls = append(calls, map[string]any{field: address, "response": map[string]any{"statusCode": 200, "body": body}})
	}
	for name, data := range c.Lookup.Globals {
		// A projection of an entry is here an entry of its own. Data that is a list has to be taken from an object.
		entries = append(entries, map[string]any{"name": name, "data": map[string]any{"all": data}, "fieldPath": "all"})
	}
	out := map[string]any{
		"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Test", "metadata": map[string]any{"name": c.Name},
		"policies": []string{filepath.Join(c.Dir, "policy.yaml")}, "resources": []string{filepath.Join(c.Dir, "resources.yaml")},
		"values": map[string]any{"namespaceSelector": selectors}, "apiCallResponses": calls, "globalContextEntries": entries, "results": results,
	}
	if exceptions := filepath.Join(c.Dir, "exceptions.yaml"); exists(exceptions) {
		out["exceptions"] = []string{exceptions}
	}
	if objects := contextOf(&c.Lookup); objects != nil {
		out["context"] = cliFile(t, "Context", map[string]any{"spec": map[string]any{"images": objects["images"]}})
		out["clusterResources"] = []string{cliFile(t, "ClusterResource", map[string]any{"spec": map[string]any{"resources": objects["resources"]}})}
	} else if len(calls) > 0 {
		out["clusterResources"] = []string{cliFile(t, "ClusterResource", map[string]any{})}
	}
	var params []string
	for name, object := range c.Lookup.Params {
		params = append(params, file(t, name+".yaml", object))
	}
	out["paramResources"] = params
	return out
}

func write(t *testing.T, path string, content any) {
	t.Helper()
	encoded, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, encoded, 0o600); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", path, err))
	}
}
