// Conformance reads what chainsaw reported of the reference's cluster tests and prints a table: each test that did not
// pass with why, and totals.
//
//	conformance folder
//
// The folder holds for each test a NAME.json, chainsaw's report, and a NAME.log, what it printed, without colours.
// Conformance exits with 1 when a test fails that should not: one that neither needs what is refused as not built yet, nor
// what a control plane without nodes and without a network has not.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance folder")
		os.Exit(2)
	}
	tests, err := read(os.Args[1])
	if err == nil {
		err = show(os.Stdout, tests)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// elsewhere are tests that cannot pass on this control plane, whatever Edict does, and why.
var elsewhere = map[string]string{
	"validate/clusterpolicy/cornercases/external-metrics":             "waits for a Deployment's Pods to run, and no kubelet is here",
	"validate/clusterpolicy/cornercases/external-metrics-deprecated":  "waits for a Deployment's Pods to run, and no kubelet is here",
	"validate/clusterpolicy/cornercases/ephemeral-containers":         "takes the securityContext away that kubectl debug adds by itself, which kube-apiserver forbids",
	"validate/clusterpolicy/standard/psa/concurrent-policy-execution": "installs a chart with helm over the network",
}

// notYet are the words by which Edict refuses what it does not do yet, kinds that it does not serve yet, and Events, of
// which it writes none yet.
var notYet = regexp.MustCompile(`Forbidden: [^,]*\byet\b|no matches for kind "\w+" in version "([a-z]+\.)?kyverno\.io/|^v1/Event `)

type status string

const (
	passed  status = "passed"
	failed  status = "failed"
	waiting status = "not yet"
	absent  status = "not here"
	skipped status = "skipped"
)

// test is what came of one test.
type test struct {
	path   string
	status status
	why    string
	took   time.Duration
}

// report is chainsaw's, as far as it matters here.
type report struct {
	Tests []struct {
		BasePath  string    `json:"basePath"`
		StartTime time.Time `json:"startTime"`
		EndTime   time.Time `json:"endTime"`
		Skipped   bool      `json:"skipped"`
		Steps     []struct {
			Name       string `json:"name"`
			Operations []struct {
				Failure *struct {
					Error string `json:"error"`
				} `json:"failure"`
			} `json:"operations"`
		} `json:"steps"`
	} `json:"tests"`
}

func read(folder string) ([]test, error) {
	logs, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		return nil, err
	}
	if len(logs) == 0 {
		return nil, fmt.Errorf("there are no logs in %s: hack/conformance.sh runs the tests", folder)
	}
	var tests []test
	for _, file := range logs {
		log, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		of, err := readReport(strings.TrimSuffix(file, ".log") + ".json")
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("chainsaw ended without a report; the end of %s:\n%s", file, log[max(0, len(log)-2000):])
		}
		if err != nil {
			return nil, err
		}
		tests = append(tests, outcomes(of, readLog(string(log)))...)
	}
	slices.SortFunc(tests, func(a, b test) int { return strings.Compare(a.path, b.path) })
	return tests, nil
}

func readReport(file string) (*report, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r report
	if err := json.Unmarshal(content, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &r, nil
}

func outcomes(r *report, said transcript) []test {
	var tests []test
	for _, t := range r.Tests {
		out := test{path: filepath.ToSlash(t.BasePath), status: passed, took: t.EndTime.Sub(t.StartTime)}
		for _, step := range t.Steps {
			for _, operation := range step.Operations {
				// Later failures follow from the first.
				if operation.Failure != nil && out.status == passed {
					out.status, out.why = failed, said.why(step.Name, operation.Failure.Error)
				}
			}
		}
		reason, cannot := elsewhere[out.path]
		switch {
		case t.Skipped:
			out.status = skipped
		case out.status == failed && cannot:
			out.status, out.why = absent, reason
		case out.status == failed && notYet.MatchString(out.why):
			out.status = waiting
		}
		tests = append(tests, out)
	}
	return tests
}

// widest is how much of a message is shown.
const widest = 220

func show(out io.Writer, tests []test) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	counts := map[status]int{}
	for _, t := range tests {
		counts[t.status]++
		why := strings.Join(strings.Fields(t.why), " ")
		if runes := []rune(why); len(runes) > widest {
			why = string(runes[:widest-1]) + "…"
		}
		fmt.Fprintf(w, "%s\t%s\t%.0fs\t%s\n", t.status, t.path, t.took.Seconds(), why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d tests: %d passed, %d failed, %d need what is not built yet, %d cannot pass here, %d skipped\n",
		len(tests), counts[passed], counts[failed], counts[waiting], counts[absent], counts[skipped])
	if n := counts[failed]; n > 0 {
		return fmt.Errorf("%d tests fail that should not", n)
	}
	return nil
}
