package jmespath

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// complianceCase is one case of the compliance suite of the language.
type complianceCase struct {
	Expression string
	Result     any
	Error      string
}

// differs lists the cases of the suite that end otherwise here, by file and expression, with the reason.
var differs = map[string]string{
	"functions.json sum(`[]`)": "sum also adds quantities and durations, and of nothing there is no unit to tell",
}

// moduleDir finds the source of a module among the downloaded ones.
func moduleDir(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Skipf("the source of %s is not there: run go mod download (%v)", module, err)
	}
	return dir
}

// TestCompliance runs the compliance suite that upstream go-jmespath brings along.
func TestCompliance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(moduleDir(t, "github.com/jmespath/go-jmespath"), "compliance", "*.json"))
	if err != nil || len(files) < 15 {
		t.Fatalf("found %d files of the suite: %v", len(files), err)
	}
	ran := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var suites []struct {
			Given any
			Cases []complianceCase
		}
		if err := json.Unmarshal(text, &suites); err != nil {
			t.Fatal(err)
		}
		for _, suite := range suites {
			for _, test := range suite.Cases {
				ran++
				name := filepath.Base(file) + " " + test.Expression
				if problem := test.run(suite.Given); (problem != "") != (differs[name] != "") {
					t.Errorf("%s: %s (listed as different: %q)", name, problem, differs[name])
				}
			}
		}
	}
	if ran < 800 {
		t.Errorf("only %d cases ran", ran)
	}
}

// run runs a case and tells what is wrong. A missing key, which the suite has as null, is an error here.
func (c *complianceCase) run(given any) string {
	expr, err := Compile(c.Expression)
	var got any
	if err == nil {
		got, err = expr.Evaluate(literalValue(given), nil)
		var missing *NotFoundError
		if errors.As(err, &missing) {
			got, err = nil, nil
		}
	}
	switch {
	case c.Error != "" && err == nil:
		return "yields " + asJSON(got) + ", not the error " + c.Error
	case c.Error == "" && err != nil:
		return err.Error()
	case c.Error == "" && !reflect.DeepEqual(got, literalValue(c.Result)):
		return "yields " + asJSON(got) + ", not " + asJSON(c.Result)
	}
	return ""
}

// asJSON shows a value.
func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
