// Command oracle compares Edict with the reference's own command line on made-up cases: it generates policies and
// objects from a seed, has both judge them, many at once, and compares result and message rule by rule. A difference is
// shrunk to a small case, printed, and kept where -keep says. Differences that are meant are known by name, with their
// reason, and counted.
//
// It is a tool for the bench. Nothing in the project depends on it or on the reference.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	r := run{out: os.Stdout, perFamily: map[string]int{}, explained: map[string]int{}}
	flag.Uint64Var(&r.seed, "seed", 1, "where the cases come from")
	flag.IntVar(&r.count, "cases", 20_000, "how many rules on objects to compare at least")
	flag.StringVar(&r.only, "only", "", "generate only this kind of case: "+strings.Join(families(), ", "))
	flag.IntVar(&r.most, "differences", 10, "stop after this many unexplained differences")
	flag.StringVar(&r.keep, "keep", "", "a folder that gets a folder with policy.yaml and resources.yaml for each difference")
	again := flag.String("again", "", "compare the cases of such a folder once more, instead of generating any")
	path := flag.String("oracle", "../shared/oracle/kyverno", "the reference's command line")
	flag.Parse()
	if _, err := os.Stat(*path); err != nil {
		fmt.Printf("the reference (%s) is not here; nothing to compare with\n", *path)
		return
	}
	r.reference = &reference{path: *path}
	compare := r.generated
	if *again != "" {
		compare = func() error { return r.kept(*again) }
	}
	if err := compare(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// batch is how many policies one run of the reference judges. It puts every object to every policy, so that larger
// batches take longer by the case.
const batch = 120

// run compares cases and counts.
type run struct {
	reference *reference
	seed      uint64
	// count is how many cases are enough, and most how many differences.
	count, most int
	only, keep  string
	out         io.Writer

	compared, differences int
	perFamily, explained  map[string]int
}

// generated compares cases that are made up.
func (r *run) generated() error {
	fmt.Fprintf(r.out, "seed %d\n", r.seed)
	random := newGenerator(r.seed)
	for made := 0; r.compared < r.count && r.differences < r.most; {
		cases := make([]testCase, batch)
		for i := range cases {
			cases[i] = random.testCase(made, r.only)
			made++
		}
		if err := r.compare(cases, true); err != nil {
			return err
		}
		fmt.Fprintf(r.out, "%d cases compared, %d differences\n", r.compared, r.differences)
	}
	return r.summary()
}

// kept compares the cases of a folder, as they are.
func (r *run) kept(folder string) error {
	cases, err := readCases(folder)
	if err != nil {
		return err
	}
	r.most, r.keep = len(cases), ""
	for part := range slices.Chunk(cases, batch) {
		if err := r.compare(part, false); err != nil {
			return err
		}
	}
	return r.summary()
}

// compare has both sides judge cases, and reports the differences that are not explained.
func (r *run) compare(cases []testCase, shrink bool) error {
	theirs, err := r.reference.judge(cases)
	if err != nil {
		return err
	}
	var open []shrinking
	for i := range cases {
		c, ours := cases[i], judge(&cases[i])
		r.compared += max(1, len(theirs[i].rows))
		r.perFamily[c.family]++
		if difference(ours, theirs[i]) == "" {
			continue
		}
		if reason := explain(&c, ours, theirs[i]); reason != "" {
			r.explained[reason]++
			continue
		}
		if len(open) < r.most-r.differences {
			open = append(open, shrinking{testCase: c, ours: ours, theirs: theirs[i]})
		}
	}
	if shrink {
		if err := r.reference.shrink(open); err != nil {
			return err
		}
	}
	for i := range open {
		if err := r.report(&open[i]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) report(s *shrinking) error {
	r.differences++
	fmt.Fprintf(r.out, "\n== difference %d (%s): %s\n%s\n", r.differences, s.family, difference(s.ours, s.theirs), s.String())
	if r.keep == "" {
		return nil
	}
	return keepCase(r.keep, fmt.Sprintf("%s-%d-%d", s.family, r.seed, r.differences), &s.testCase)
}

func (r *run) summary() error {
	for _, family := range slices.Sorted(keys(r.perFamily)) {
		fmt.Fprintf(r.out, "  %-12s %d policies\n", family, r.perFamily[family])
	}
	for _, reason := range slices.Sorted(keys(r.explained)) {
		fmt.Fprintf(r.out, "  %d times, as meant: %s\n", r.explained[reason], reason)
	}
	fmt.Fprintf(r.out, "%d cases compared, %d differences that nothing explains\n", r.compared, r.differences)
	if r.differences > 0 {
		return fmt.Errorf("%d differences after %d cases", r.differences, r.compared)
	}
	return nil
}
