package suite

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// shownOutcomes hold a row of every kind.
func shownOutcomes() []Outcome {
	return []Outcome{
		{Suite: &Suite{File: "a.yaml", Name: "a"}, Rows: []Row{
			{Policy: "p", Rule: "r", Resource: "v1/Pod/ns/x", Status: Passed, Evaluated: true, Want: eval.Pass, Got: eval.Pass, Reason: reasonOk, Message: "m|<b>\n*x*", File: "a.yaml"},
			{Policy: "p", Rule: "r", Resource: "v1/Pod/ns/y", Status: Failed, Evaluated: true, Want: eval.Pass, Got: eval.Fail, Reason: "Want pass, got fail", Message: "m", File: "a.yaml", Line: 7},
			{Policy: "p", Rule: "q", Resource: "v1/Pod/ns/x", Status: Passed, Want: eval.Pass, Reason: reasonExcluded, File: "a.yaml"},
			{Policy: "i", Rule: "r", Resource: "v1/Pod/ns/x", Status: Skipped, Want: eval.Pass, Reason: reasonInvalid, File: "a.yaml"},
			{Policy: "m", Rule: "r", Resource: "v1/Pod/ns/x", Status: NotYet, Want: eval.Pass, Reason: reasonNotYet, Needs: mutate, File: "a.yaml"},
		}},
		{Suite: &Suite{File: "b.yaml", Name: "b"}, Errors: []error{errors.New("b.yaml:3: broken")}},
		{Suite: &Suite{File: "c.yaml", Name: "c"}},
	}
}

func TestRecords(t *testing.T) {
	for failOnly, want := range map[bool]int{false: 6, true: 2} {
		var asJSON, asYAML strings.Builder
		if err := JSON(&asJSON, shownOutcomes(), failOnly); err != nil {
			t.Fatal(err)
		}
		if err := YAML(&asYAML, shownOutcomes(), failOnly); err != nil {
			t.Fatal(err)
		}
		var fromJSON, fromYAML []record
		if err := json.Unmarshal([]byte(asJSON.String()), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict([]byte(asYAML.String()), &fromYAML); err != nil {
			t.Fatal(err)
		}
		if len(fromJSON) != want || len(fromYAML) != want {
			t.Fatalf("%d rows in JSON, %d in YAML", len(fromJSON), len(fromYAML))
		}
		for i := range fromJSON {
			if fromJSON[i] != fromYAML[i] || fromJSON[i].ID != i+1 {
				t.Errorf("row %d: %+v, %+v", i, fromJSON[i], fromYAML[i])
			}
		}
		last := fromJSON[want-1]
		if last.Result != Failed || last.Reason != "Error" || last.Message != "b.yaml:3: broken" || last.Suite != "b" {
			t.Errorf("what is broken is %+v", last)
		}
	}
	var none strings.Builder
	if err := JSON(&none, nil, false); err != nil || none.String() != "[]\n" {
		t.Errorf("no rows are %q, %v", none.String(), err)
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	if err := Markdown(&b, shownOutcomes(), false); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(b.String(), "\n"); len(lines) != 9 || lines[2] != `| 1 | p | r | v1/Pod/ns/x | Pass | Ok | m\|&lt;b> \*x\* |` {
		t.Errorf("%q", lines)
	}
}

func TestJUnit(t *testing.T) {
	for failOnly, want := range map[bool][]string{
		false: {`tests="6" failures="1" errors="1"`, `name="a" file="a.yaml" tests="5" failures="1" errors="0" skipped="2"`, `name="c" file="c.yaml" tests="0"`, `<system-out>Excluded: </system-out>`},
		true:  {`tests="2" failures="1" errors="1"`, `name="a" file="a.yaml" tests="1" failures="1"`, `<error message="Error: b.yaml:3: broken">`},
	} {
		var b strings.Builder
		if err := JUnit(&b, shownOutcomes(), failOnly); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("it lacks %s:\n%s", text, b.String())
			}
		}
		if failOnly == strings.Contains(b.String(), `name="c"`) {
			t.Errorf("%v:\n%s", failOnly, b.String())
		}
	}
}
