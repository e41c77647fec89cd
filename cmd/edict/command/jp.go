package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	parser "github.com/kyverno/go-jmespath"
	"github.com/spf13/cobra"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// maxExpression bounds an expression, and maxInput what it is applied to.
const (
	maxExpression = 64 << 10
	maxInput      = 64 << 20
)

func jpCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "jp",
		Short: "Try JMESPath expressions as policies evaluate them",
		Example: "  edict jp query -i pod.yaml 'metadata.name'\n" +
			"  edict jp query -i pod.yaml 'spec.containers[].image' -c\n" +
			"  edict jp parse 'a.b || c'\n" +
			"  edict jp function truncate",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(jpQueryCommand(), jpParseCommand(), jpFunctionCommand())
	return command
}

func jpQueryCommand() *cobra.Command {
	var compact, unquoted bool
	var input string
	var files list
	command := &cobra.Command{
		Use:   "query [EXPRESSION]...",
		Short: "Apply expressions to a JSON or YAML object and print the results",
		Long: "Query applies every expression, from files (-q) and then from the command line, to the object in --input, and\n" +
			"prints each result under a line with its expression. What of the two is not given is read from standard input.\n\n" + exitCodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			stdin := cmd.InOrStdin()
			expressions, err := readExpressions(files, args)
			if err != nil {
				return failure(err)
			}
			if input == "" && len(expressions) == 0 {
				return errors.New("jp query: neither an expression nor --input is given; one of the two can come from standard input")
			}
			if len(expressions) == 0 {
				text, err := readLimited("standard input", stdin, maxExpression)
				if err != nil {
					return failure(err)
				}
				expressions = []string{strings.TrimSpace(string(text))}
			}
			object, err := readObject(input, stdin)
			if err != nil {
				return failure(err)
			}
			for _, expression := range expressions {
				if err := query(cmd.OutOrStdout(), expression, object, compact, unquoted); err != nil {
					return failure(err)
				}
			}
			return nil
		},
	}
	command.Flags().BoolVarP(&compact, "compact", "c", false, "print JSON on one line")
	command.Flags().StringVarP(&input, "input", "i", "", "the file with the object, JSON or YAML, instead of standard input")
	command.Flags().VarP(&files, "query", "q", "a file with an expression; may be repeated")
	command.Flags().BoolVarP(&unquoted, "unquoted", "u", false, "print a result that is a string without quotes")
	return command
}

func query(w io.Writer, text string, object any, compact, unquoted bool) error {
	expression, err := jmespath.Compile(text)
	if err != nil {
		return pointed(text, err)
	}
	result, err := expression.Evaluate(object, &jmespath.Environment{Now: time.Now(), Rand: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))})
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	fmt.Fprintf(w, "# %s\n", text)
	if s, ok := result.(string); ok && unquoted {
		_, err = fmt.Fprintln(w, s)
		return err
	}
	encoder := json.NewEncoder(w)
	if !compact {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(result)
}

// pointed shows in the line below where an expression is wrong.
func pointed(text string, err error) error {
	var wrong *jmespath.SyntaxError
	if !errors.As(err, &wrong) || wrong.Column < 1 || strings.Contains(text, "\n") {
		return fmt.Errorf("%s: %w", text, err)
	}
	return fmt.Errorf("%w\n  %s\n  %s^", err, text, strings.Repeat(" ", wrong.Column-1))
}

func jpParseCommand() *cobra.Command {
	var files list
	command := &cobra.Command{
		Use:   "parse [EXPRESSION]...",
		Short: "Show the syntax tree of expressions",
		Long:  "Parse shows how expressions, from files (-f) and then from the command line, or else from standard input, are understood.\n\n" + exitCodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			expressions, err := readExpressions(files, args)
			if err != nil {
				return failure(err)
			}
			if len(expressions) == 0 {
				text, err := readLimited("standard input", cmd.InOrStdin(), maxExpression)
				if err != nil {
					return failure(err)
				}
				expressions = []string{strings.TrimSpace(string(text))}
			}
			for _, text := range expressions {
				tree, err := parser.NewParser().Parse(text)
				var wrong parser.SyntaxError
				if errors.As(err, &wrong) {
					return failure(fmt.Errorf("%w\n%s", err, wrong.HighlightLocation()))
				}
				if err != nil {
					return failure(fmt.Errorf("%s: %w", text, err))
				}
				fmt.Fprintf(cmd.OutOrStdout(), "# %s\n%s\n", text, tree)
			}
			return nil
		},
	}
	command.Flags().VarP(&files, "file", "f", "a file with an expression; may be repeated")
	return command
}

func jpFunctionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "function [NAME]...",
		Short: "Explain the functions that expressions may call",
		Long:  "Function lists all functions, or explains those that are named.\n\n" + exitCodes,
		RunE: func(cmd *cobra.Command, args []string) error {
			functions := jmespath.Functions()
			for _, name := range args {
				if !slices.ContainsFunc(functions, func(f *jmespath.Function) bool { return f.Name == name }) {
					return failure(fmt.Errorf("there is no function %q; `edict jp function` lists them all", name))
				}
			}
			for _, f := range functions {
				if len(args) == 0 || slices.Contains(args, f.Name) {
					explain(cmd.OutOrStdout(), f)
				}
			}
			return nil
		},
	}
}

func explain(w io.Writer, f *jmespath.Function) {
	fmt.Fprintf(w, "Name: %s\n  Signature: %s\n  Note:      %s\n", f.Name, f.Signature(), f.Doc)
	for _, example := range f.Examples {
		fmt.Fprintf(w, "  Example:   %s -> %s", example.Expression, example.Result)
		if example.Data != "" {
			fmt.Fprintf(w, "   on %s", example.Data)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
}

// readExpressions are those in files, and then those given.
func readExpressions(files, given []string) ([]string, error) {
	var expressions []string
	for _, name := range files {
		text, err := readFile(name, maxExpression)
		if err != nil {
			return nil, err
		}
		expressions = append(expressions, strings.TrimSpace(string(text)))
	}
	for _, text := range given {
		if len(text) > maxExpression {
			return nil, fmt.Errorf("an expression of %d bytes; at most %d are possible", len(text), maxExpression)
		}
	}
	return append(expressions, given...), nil
}

func readObject(file string, stdin io.Reader) (any, error) {
	name := "standard input"
	var text []byte
	var err error
	if file == "" {
		text, err = readLimited(name, stdin, maxInput)
	} else {
		name = file
		text, err = readFile(file, maxInput)
	}
	if err != nil {
		return nil, err
	}
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || !json.Valid(trimmed) {
		if text, err = yaml.YAMLToJSONStrict(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	var object any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return object, nil
}

func readFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(name, file, limit)
}

func readLimited(name string, r io.Reader, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return text, nil
}
