package output

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/edict-dev/edict/admission/engine/eval"
)

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

// JUnit writes a suite for each policy with a case for each rule and resource. A warning is a case that passed, with the
// message as its output.
func (r *Run) JUnit(w io.Writer) error {
	all := &junitSuites{Name: "edict apply"}
	byPolicy := map[string]*junitSuite{}
	suite := func(policy string) *junitSuite {
		s, ok := byPolicy[policy]
		if !ok {
			s = &junitSuite{Name: policy}
			byPolicy[policy] = s
			all.Suites = append(all.Suites, s)
		}
		return s
	}
	for i := range r.Judgements {
		j := &r.Judgements[i]
		policy := j.Decision.Policy.String()
		c := junitCase{Class: policy, Name: fmt.Sprintf("%s %s", j.Rule, j.Resource)}
		said := &junitMessage{Message: j.Message}
		switch r.Result(j) {
		case eval.Fail:
			c.Failure = said
		case eval.Error:
			c.Error = said
		case eval.Skip:
			c.Skipped = said
		case eval.Warn:
			c.Output = "warning: " + j.Message
		}
		suite(policy).add(c)
	}
	for _, invalid := range r.Invalid {
		for _, err := range invalid.Errors {
			suite(invalid.Name).add(junitCase{Class: invalid.Name, Name: "the policy is in order", Error: &junitMessage{Message: err.Error()}})
		}
	}
	for _, other := range r.Unsupported {
		name := other.Document.Name()
		suite(name).add(junitCase{Class: name, Name: "the policy is evaluated", Skipped: &junitMessage{Message: other.String()}})
	}
	for _, err := range r.Unread {
		suite("files").add(junitCase{Class: "files", Name: "the file can be read", Error: &junitMessage{Message: err.Error()}})
	}
	for _, s := range all.Suites {
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	return WriteXML(w, all)
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

// WriteXML writes a document with its head.
func WriteXML(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
