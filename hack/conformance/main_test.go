package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reportOf is chainsaw's report of one test, whose one step fails with an error if there is one.
func reportOf(path, failure string) string {
	if failure != "" {
		failure = fmt.Sprintf(`, "failure": {"error": %q}`, failure)
	}
	return fmt.Sprintf(`{"tests": [{"basePath": %q, "startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:07Z",
		"steps": [{"name": "one", "operations": [{"name": "a"%s}, {"name": "b"%[2]s}]}]}]}`, path, failure)
}

func logOf(rows ...string) string {
	return "=== RUN   chainsaw/x[x]\n    sink.go:41: \b\b\b| 10:00:00 | x | zero | TRY | BEGIN |\n" + strings.Join(rows, "\n") + "\nPASS\n"
}

func TestTable(t *testing.T) {
	const anError = "        === ERROR\n        "
	for _, test := range []struct {
		path, failure, log string
		want               string // the start of its row
		fails              bool
	}{
		{"a/good", "", logOf(), "passed    a/good  7s", false},
		{"a/bad", "exit status 1", logOf("    sink.go:41: | 10:00:01 | x | one | SCRIPT | LOG |", "        === STDERR", "        no such pod",
			"    sink.go:41: | 10:00:01 | x | one | SCRIPT | ERROR |", anError+"exit status 1"), "failed  a/bad  7s  exit status 1 after: no such pod", true},
		{"a/late", "client rate limiter Wait returned an error: context deadline exceeded", logOf(
			"    sink.go:41: | 10:00:01 | x | one | PATCH | WARN | v1/Pod @ default/web", anError+"the Pod is invalid",
			"    sink.go:41: | 10:00:01 | x | one | APPLY | ERROR | v1/Pod @ default/web", anError+"client rate limiter Wait returned an error",
			"    sink.go:41: | 10:00:02 | x | one | DELETE | OK | v1/Pod @ default/web", anError+"not found",
		), "failed  a/late  7s  v1/Pod @ default/web: the Pod is invalid", true},
		{"a/mutates", `ClusterPolicy "m" is invalid: [spec.rules[0].mutate: Forbidden: mutate rules are not evaluated yet, spec: Required value]`, logOf(), "not yet  a/mutates", false},
		{"a/kind", `no matches for kind "ValidatingPolicy" in version "policies.kyverno.io/v1"`, logOf(), "not yet  a/kind", false},
		{"a/other", `no matches for kind "Widget" in version "example.com/v1"`, logOf(), "failed  a/other", true},
		{"a/event", "no actual resource found", logOf("    sink.go:41: \b\b| 10:00:01 | x | one | ASSERT              | ERROR               | v1/Event @ default/*", anError+"no actual resource found"),
			"not yet  a/event  7s  v1/Event @ default/*: no actual resource found", false},
		{"a/long", strings.Repeat("ä ", 300), logOf(), "failed  a/long  7s  ä ä", true},
		{"validate/clusterpolicy/standard/psa/concurrent-policy-execution", "exit status 127", logOf(), "not here  validate/clusterpolicy/standard/psa/concurrent-policy-execution  7s  installs a chart", false},
	} {
		folder := t.TempDir()
		write(t, folder, "000.json", reportOf(test.path, test.failure))
		write(t, folder, "000.log", test.log)
		tests, err := read(folder)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := show(&out, tests); (err != nil) != test.fails {
			t.Errorf("%s: %v", test.path, err)
		}
		row, _, _ := strings.Cut(out.String(), "\n")
		if !strings.HasPrefix(strings.Join(strings.Fields(row), " "), strings.Join(strings.Fields(test.want), " ")) || len([]rune(row)) > 300 {
			t.Errorf("%q, want %q", row, test.want)
		}
		if !strings.Contains(out.String(), "\n1 tests: ") {
			t.Errorf("%s: no totals", test.path)
		}
	}
}

func TestWithoutReport(t *testing.T) {
	folder := t.TempDir()
	if _, err := read(folder); err == nil || !strings.Contains(err.Error(), "no logs") {
		t.Errorf("nothing there: %v", err)
	}
	write(t, folder, "000.log", "chainsaw: no such flag")
	if _, err := read(folder); err == nil || !strings.Contains(err.Error(), "no such flag") {
		t.Errorf("no report: %v", err)
	}
	write(t, folder, "000.json", "{")
	if _, err := read(folder); err == nil || !strings.Contains(err.Error(), "000.json") {
		t.Errorf("no JSON: %v", err)
	}
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
