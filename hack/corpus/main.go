// Corpus runs the test suites that people have for policies, as far as they lie beside this repository, and prints what
// came of them by the feature that they need. Then it exchanges pass and fail in what they expect: every row that was
// evaluated must fail now, or it was no test.
//
//	go run ./hack/corpus [folder]
//
// It exits with 1 when a row fails that should not, or passes that should not, and when a policy is refused: all that are
// in use are in order.
package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/cmd/edict/suite"
)

const defaultFolder = "../shared/corpus"

func main() {
	folder := defaultFolder
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	c := corpus{folder: folder, out: os.Stdout}
	if err := c.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

// parts are the folders with suites.
var parts = []string{"policies", "cli"}

// excluded are folders whose suites cannot run here, and why.
var excluded = map[string]string{"cli/registry": "asks a registry over the network"}

// meantToFail is a folder with suites whose every row is to fail.
const meantToFail = "cli/test-fail"

type corpus struct {
	folder string
	out    io.Writer
}

func (c *corpus) run(ctx context.Context) error {
	start := time.Now()
	outcomes, err := c.outcomes(ctx, false)
	if err != nil {
		return err
	}
	took := time.Since(start)
	exchanged, err := c.outcomes(ctx, true)
	if err != nil {
		return err
	}
	t := c.tally(outcomes)
	t.print(c.out)
	fmt.Fprintf(c.out, "\n%d suites in %s", len(outcomes), took.Round(10*time.Millisecond))
	for folder, why := range excluded {
		fmt.Fprintf(c.out, "; %s is left out: it %s", folder, why)
	}
	checked, unmoved := c.unmoved(outcomes, exchanged)
	fmt.Fprintf(c.out, "\n%d evaluated rows expected pass or fail; with the two exchanged %d of them fail\n", checked, checked-len(unmoved))
	faults := append(t.faults, unmoved...)
	for _, fault := range faults {
		fmt.Fprintln(c.out, fault)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d rows or suites are not as they should be", len(faults))
	}
	return nil
}

// outcomes runs all suites, with pass and fail exchanged in what they expect or as they are.
func (c *corpus) outcomes(ctx context.Context, exchange bool) ([]suite.Outcome, error) {
	var paths []string
	for _, part := range parts {
		paths = append(paths, filepath.Join(c.folder, part))
	}
	all, err := suite.Find(ctx, paths, suite.FileName)
	if err != nil {
		return nil, err
	}
	var suites []*suite.Suite
	for _, s := range all {
		if _, out := excluded[c.part(s.File)]; out {
			continue
		}
		if exchange {
			for i := range s.Results {
				s.Results[i].Result = exchanged(s.Results[i].Result)
			}
		}
		suites = append(suites, s)
	}
	runner := suite.Runner{Now: time.Now()}
	return runner.Run(ctx, suites)
}

func exchanged(result eval.Result) eval.Result {
	switch result {
	case eval.Pass:
		return eval.Fail
	case eval.Fail:
		return eval.Pass
	}
	return result
}

// part is the folder of a file, two levels below the corpus.
func (c *corpus) part(file string) string {
	below, err := filepath.Rel(c.folder, file)
	if err != nil {
		return ""
	}
	steps := strings.SplitN(filepath.ToSlash(below), "/", 3)
	return strings.Join(steps[:min(2, len(steps))], "/")
}

// count is what came of the rows that need a feature.
type count struct {
	suites map[string]bool
	// Of those that passed: with an evaluation, without one, and those of policies that are not in order.
	evaluated, unevaluated, invalid int
	failed, notYet                  int
}

type tally struct {
	byFeature map[string]*count
	faults    []string
}

// runs is the feature of rows that need none which is missing.
const runs = "validate"

func (c *corpus) tally(outcomes []suite.Outcome) tally {
	t := tally{byFeature: map[string]*count{}}
	for _, outcome := range outcomes {
		errs := outcome.Errors
		if len(outcome.Rows) > 0 && !slices.ContainsFunc(outcome.Rows, func(r suite.Row) bool { return r.Status != suite.NotYet }) {
			errs = nil // What is missing matters when the suite can run.
		}
		for _, err := range errs {
			t.faults = append(t.faults, fmt.Sprintf("ERROR %v", err))
		}
		for _, row := range outcome.Rows {
			t.add(&row, c.part(outcome.File) == meantToFail)
		}
	}
	return t
}

func (t *tally) add(row *suite.Row, fails bool) {
	feature := row.Needs
	if feature == "" {
		feature = runs
	}
	n := t.byFeature[feature]
	if n == nil {
		n = &count{suites: map[string]bool{}}
		t.byFeature[feature] = n
	}
	n.suites[row.File] = true
	switch failed := row.Status == suite.Failed; {
	case row.Status == suite.NotYet:
		n.notYet++
	case failed != fails:
		n.failed++
		t.faults = append(t.faults, fmt.Sprintf("FAILED %s:%d: %s/%s on %s: %s: %s", row.File, row.Line, row.Policy, row.Rule, row.Resource, row.Reason, row.Message))
	case row.Evaluated:
		n.evaluated++
	case row.Status == suite.Skipped:
		n.invalid++
		t.faults = append(t.faults, fmt.Sprintf("REFUSED %s: %s: %s", row.File, row.Policy, row.Message))
	default:
		n.unevaluated++
	}
}

func (t *tally) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "feature\tsuites\tpassed, evaluated\tpassed, nothing evaluated\tpassed, policy not in order\tfailed\tnot yet\t")
	for _, feature := range slices.Sorted(maps.Keys(t.byFeature)) {
		n := t.byFeature[feature]
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", feature, len(n.suites), n.evaluated, n.unevaluated, n.invalid, n.failed, n.notYet)
	}
	w.Flush()
}

// unmoved compares the outcomes with those of the run in which pass and fail were exchanged, and returns the rows that
// were evaluated and do not fail there, with the number of those that had to.
func (c *corpus) unmoved(outcomes, exchanged []suite.Outcome) (checked int, unmoved []string) {
	for i, outcome := range outcomes {
		if c.part(outcome.File) == meantToFail {
			continue
		}
		for j, row := range outcome.Rows {
			if !row.Evaluated || row.Status == suite.Failed || row.Want != eval.Pass && row.Want != eval.Fail {
				continue
			}
			checked++
			if exchanged[i].Rows[j].Status != suite.Failed {
				unmoved = append(unmoved, fmt.Sprintf("UNMOVED %s: %s/%s on %s: passes whether pass or fail is expected", row.File, row.Policy, row.Rule, row.Resource))
			}
		}
	}
	return checked, unmoved
}
