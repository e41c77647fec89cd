package suite

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/cmd/edict/output"
)

// record is a row for programs. Its fields are added to and never renamed: people's scripts depend on them.
type record struct {
	ID       int    `json:"ID"`
	Policy   string `json:"POLICY"`
	Rule     string `json:"RULE"`
	Resource string `json:"RESOURCE"`
	Result   Status `json:"RESULT"`
	Reason   string `json:"REASON"`
	Message  string `json:"MESSAGE"`
	// Evaluated tells whether a rule gave an answer; Needs is the feature that is missing where none could.
	Evaluated bool   `json:"EVALUATED"`
	Needs     string `json:"NEEDS,omitempty"`
	Suite     string `json:"SUITE"`
	File      string `json:"FILE"`
	Line      int    `json:"LINE,omitempty"`
}

// records are the rows of all outcomes. What could not be read or run is a failed row of its suite.
func records(outcomes []Outcome, failOnly bool) []record {
	out := []record{}
	add := func(r record) {
		if r.Result == Failed || !failOnly {
			r.ID = len(out) + 1
			out = append(out, r)
		}
	}
	for _, outcome := range outcomes {
		for _, err := range outcome.Errors {
			add(record{Result: Failed, Reason: "Error", Message: err.Error(), Suite: outcome.Name, File: outcome.File})
		}
		for _, row := range outcome.Rows {
			add(record{
				Policy: row.Policy, Rule: row.Rule, Resource: row.Resource, Result: row.Status, Reason: row.Reason,
				Message: row.Message, Evaluated: row.Evaluated, Needs: row.Needs,
				Suite: outcome.Name, File: row.File, Line: row.Line,
			})
		}
	}
	return out
}

// JSON writes a list of rows.
func JSON(w io.Writer, outcomes []Outcome, failOnly bool) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(records(outcomes, failOnly))
}

// YAML writes a list of rows.
func YAML(w io.Writer, outcomes []Outcome, failOnly bool) error {
	text, err := yaml.Marshal(records(outcomes, failOnly))
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// Markdown writes a table of rows.
func Markdown(w io.Writer, outcomes []Outcome, failOnly bool) error {
	var b strings.Builder
	b.WriteString("| ID | POLICY | RULE | RESOURCE | RESULT | REASON | MESSAGE |\n|---|---|---|---|---|---|---|\n")
	for _, r := range records(outcomes, failOnly) {
		fmt.Fprintf(&b, "| %d |", r.ID)
		for _, cell := range []string{r.Policy, r.Rule, r.Resource, string(r.Result), r.Reason, r.Message} {
			b.WriteString(" " + markdownCell.Replace(cell) + " |")
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// markdownCell keeps a text in its cell, and what is in it text.
var markdownCell = strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "&", "&amp;", "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`)

// The elements of JUnit's XML, as CI systems read it.
type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Name     string        `xml:"name,attr"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
}

// JUnit writes a test suite for each suite with a case for each row. Rows that passed without an evaluation passed, with
// a note; those that need what is not evaluated yet are skipped.
func JUnit(w io.Writer, outcomes []Outcome, failOnly bool) error {
	all := &junitSuites{Name: "edict test"}
	for i := range outcomes {
		s := &junitSuite{Name: outcomes[i].Name, File: outcomes[i].File}
		for _, r := range records(outcomes[i:i+1], failOnly) {
			s.add(&r)
		}
		if len(s.Cases) == 0 && failOnly {
			continue
		}
		all.Suites = append(all.Suites, s)
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	return output.WriteXML(w, all)
}

func (s *junitSuite) add(r *record) {
	c := junitCase{Class: r.Policy, Name: strings.TrimSpace(r.Rule + " " + r.Resource)}
	said := &junitMessage{Message: r.Reason + ": " + r.Message}
	s.Tests++
	switch {
	case r.Policy == "":
		c.Class, c.Name, c.Error = "suite", "the suite can be read and run", said
		s.Errors++
	case r.Result == Failed:
		c.Failure = said
		s.Failures++
	case r.Result == NotYet || r.Result == Skipped:
		c.Skipped = said
		s.Skipped++
	case !r.Evaluated:
		c.Output = said.Message
	}
	s.Cases = append(s.Cases, c)
}
