package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/edict-dev/edict/cmd/edict/manifest"
	"github.com/edict-dev/edict/cmd/edict/output"
	"github.com/edict-dev/edict/cmd/edict/suite"
)

// The formats of test's --output-format.
var testFormats = []string{"json", "yaml", "markdown", "junit"}

// testOptions are the flags of test.
type testOptions struct {
	fileName, selector, format string
	git                        gitOptions
	failOnly, detailed         bool
	requireTests, strict       bool
	removeColor                bool
	warningsAsErrors, registry bool
}

const testLong = `Test runs test suites: files named kyverno-test.yaml that name policies and resources, and say what each rule is to
answer. Suites are looked for in all folders below those that are given.

A row passes when the rule's answer is the expected one. It also passes, and says so, when no rule of the policy concerns
the resource, so that nothing was evaluated, and when the policy itself is not in order; --strict fails these rows. Rows
that need what Edict does not evaluate yet are neither passed nor failed, and named at the end; --strict fails them too.

No cluster or kubeconfig is touched, and no network but for the git repositories among the folders: suites bring along
what rules look up (variables, clusterResources, apiCallResponses and so on).

With --output-format the rows go to standard output in that format, and the summary to standard error.

Exit codes:
  0  nothing failed
  1  a row failed, or a suite, or something that it names, could not be read or run; with --require-tests, also when no
     suite was found
  2  the command line cannot be understood
`

const testExample = `  edict test .
  edict test policies/ --fail-only
  edict test policies/ --test-case-selector "policy=require-*,resource=web"
  edict test policies/ --strict --require-tests --output-format junit > edict.xml`

func testCommand(streams Streams) *cobra.Command {
	o := &testOptions{}
	command := &cobra.Command{
		Use:     "test FOLDERS...",
		Short:   "Run test suites of policies",
		Long:    testLong,
		Example: testExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			selector, err := o.validate(args)
			if err != nil {
				return err
			}
			return o.run(cmd, streams, args, selector)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&o.fileName, "file-name", "f", suite.FileName, "what files with suites are called")
	flags.StringVarP(&o.selector, "test-case-selector", "t", "", "run only rows that fit: policy=<name>,rule=<name>,resource=<name>, with wildcards")
	flags.StringVarP(&o.format, "output-format", "o", "", "print rows for programs: "+strings.Join(testFormats, ", "))
	flags.BoolVar(&o.failOnly, "fail-only", false, "show only what failed")
	flags.BoolVar(&o.detailed, "detailed-results", false, "show messages in the tables")
	flags.BoolVar(&o.requireTests, "require-tests", false, "fail when no suite is found")
	flags.BoolVar(&o.strict, "strict", false, "fail rows that pass although nothing was evaluated, and rows that cannot be judged yet")
	flags.BoolVar(&o.warningsAsErrors, "warnings-as-errors", false, "make warnings about policies errors of the suite")
	flags.BoolVar(&o.removeColor, "remove-color", false, "use no colors, which are only used on a terminal anyway")
	flags.StringVar(&o.git.username, "username", "", "the user name for git repositories over HTTPS")
	flags.StringVar(&o.git.password, "password", "", "the password or token for git repositories over HTTPS")
	flags.StringVarP(&o.git.branch, "git-branch", "b", "", "the branch of git repositories; their default branch when empty")
	flags.BoolVar(&o.registry, "registry", false, "not yet: data of images is not read from registries")
	flags.SortFlags = false
	return command
}

func (o *testOptions) validate(args []string) (suite.Selector, error) {
	selector, err := suite.ParseSelector(o.selector)
	switch {
	case len(args) == 0:
		return selector, errors.New("test: no folder; name where suites are, as in `edict test .`")
	case o.format != "" && !slices.Contains(testFormats, o.format):
		return selector, fmt.Errorf("--output-format: %q is no format; write one of %s", o.format, strings.Join(testFormats, ", "))
	case o.fileName == "" || strings.ContainsAny(o.fileName, `/\`):
		return selector, fmt.Errorf("--file-name: %q is no name of a file", o.fileName)
	case err != nil:
		return selector, fmt.Errorf("--test-case-selector: %w", err)
	}
	return selector, nil
}

func (o *testOptions) run(cmd *cobra.Command, streams Streams, paths []string, selector suite.Selector) error {
	stdout, stderr := output.NewTerminal(streams.Out), output.NewTerminal(streams.Err)
	stdout.Color = !o.removeColor && isTerminal(streams.Out)
	if o.registry {
		fmt.Fprintln(stderr, "--registry: data of images is not read from registries yet; rules that need it say so")
	}
	suites, remove, err := o.find(cmd.Context(), paths)
	defer remove()
	if err != nil {
		return failure(err)
	}
	if len(suites) == 0 {
		fmt.Fprintf(stderr, "No suite was found: there is no file %s below %s.\n", o.fileName, strings.Join(paths, ", "))
		if o.requireTests {
			return &exit{code: exitFailed}
		}
	}
	runner := suite.Runner{Now: time.Now(), Strict: o.strict, Selector: selector, WarningsAsErrors: o.warningsAsErrors}
	if isTerminal(streams.Err) {
		p := newProgress(streams.Err, "suites", len(suites))
		defer p.clear()
		runner.Progress = p.tell
	}
	outcomes, err := runner.Run(cmd.Context(), suites)
	if err != nil {
		return failure(err)
	}
	if err := o.show(outcomes, stdout, stderr); err != nil {
		return failure(err)
	}
	if summary := suite.Summarize(outcomes); !summary.OK() {
		return &exit{code: exitFailed}
	}
	return nil
}

// find returns the suites in folders and in repositories. What was fetched of those is there until remove is called.
func (o *testOptions) find(ctx context.Context, paths []string) (suites []*suite.Suite, remove func(), err error) {
	var checkouts []*manifest.Checkout
	remove = func() {
		for _, c := range checkouts {
			c.Remove()
		}
	}
	git := manifest.Git{Branch: o.git.branch, Username: o.git.username, Password: o.git.password}
	for _, path := range paths {
		var found []*suite.Suite
		if manifest.IsRemote(path) {
			var c *manifest.Checkout
			if c, err = git.Checkout(ctx, path); err != nil {
				return nil, remove, err
			}
			checkouts = append(checkouts, c)
			found, err = suite.FindIn(ctx, c, o.fileName)
		} else {
			found, err = suite.Find(ctx, []string{path}, o.fileName)
		}
		if err != nil {
			return nil, remove, err
		}
		suites = append(suites, found...)
	}
	return suites, remove, nil
}

func (o *testOptions) show(outcomes []suite.Outcome, stdout, stderr *output.Terminal) error {
	text := suite.Text{FailOnly: o.failOnly, Detailed: o.detailed}
	if o.format == "" {
		text.Write(stdout, outcomes)
		return nil
	}
	write := map[string]func(io.Writer, []suite.Outcome, bool) error{
		"json": suite.JSON, "yaml": suite.YAML, "markdown": suite.Markdown, "junit": suite.JUnit,
	}[o.format]
	if err := write(stdout, outcomes, o.failOnly); err != nil {
		return err
	}
	text.Summary(stderr, outcomes)
	return nil
}
