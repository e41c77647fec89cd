package jmespath

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

var regexFunctions = []Function{
	regexFunction(Function{
		Name:      "regex_match",
		Arguments: []Argument{arg("expression", String), arg("text", String, Number)},
		Returns:   Boolean,
		Doc:       "Tells whether a regular expression (RE2) fits anywhere in a string or in the digits of a number.",
		Examples:  []Example{{Expression: "regex_match('^[1-7]$', '1')", Result: "true"}},
	}, func(err error) error { return err }, regexMatch),
	regexFunction(Function{
		Name:      "regex_replace_all",
		Arguments: []Argument{arg("expression", String), arg("text", String, Number), arg("replacement", String, Number)},
		Returns:   String,
		Doc: "Replaces whatever a regular expression (RE2) fits; $1 and ${name} in the replacement stand for what its " +
			"groups fit.",
		Examples: []Example{{
			Expression: "regex_replace_all('([a-z]+)@', 'me@example.com', '${1}.$1@')", Result: `"me.me@example.com"`,
		}},
	}, faultOf("regex_replace_all"), regexReplaceAll),
	regexFunction(Function{
		Name:      "regex_replace_all_literal",
		Arguments: []Argument{arg("expression", String), arg("text", String, Number), arg("replacement", String, Number)},
		Returns:   String,
		Doc:       "Replaces whatever a regular expression (RE2) fits; the replacement is taken as it is.",
		Examples:  []Example{{Expression: "regex_replace_all_literal('[0-9]', 'a1b2', '$1')", Result: `"a$1b$1"`}},
	}, faultOf("regex_replace_all_literal"), regexReplaceAllLiteral),
	{
		Name:      "pattern_match",
		Arguments: []Argument{arg("pattern", String), arg("text", String, Number)},
		Returns:   Boolean,
		Doc: "Tells whether a whole string, or the digits of a number, fits a pattern in which * stands for any characters " +
			"and ? for exactly one.",
		Examples: []Example{{Expression: "pattern_match('prod-*', 'prod-eu')", Result: "true"}},
		call: func(_ *Environment, args []any) (any, error) {
			w, err := scalar.NewWildcard(args[0].(string))
			if err != nil {
				return nil, fault("pattern_match", "%w", err)
			}
			return w.Match(digits(args[1])), nil
		},
		prepare: func(constants []any) (caller, error) {
			pattern, ok := constants[0].(string)
			if !ok {
				return nil, nil
			}
			w, err := scalar.NewWildcard(pattern)
			if err != nil {
				return nil, fault("pattern_match", "%w", err)
			}
			return func(_ *Environment, args []any) (any, error) { return w.Match(digits(args[1])), nil }, nil
		},
	},
}

// faultOf makes an error that of a function.
func faultOf(function string) func(error) error {
	return func(err error) error { return fault(function, "%w", err) }
}

const (
	// maxRegex is the length of a regular expression, in bytes.
	maxRegex = 16 << 10
	// maxInstructions is the size of the program that a regular expression may come to: repetitions multiply it.
	maxInstructions = 20_000
	// compileSteps is what it takes to compile an instruction.
	compileSteps = 10
)

// regex is a compiled regular expression.
type regex struct {
	expression   *regexp.Regexp
	instructions int
}

// compileRegex compiles a regular expression, unless its program would be huge: matching takes time in proportion to
// the program.
func compileRegex(text string) (*regex, error) {
	if len(text) > maxRegex {
		return nil, fmt.Errorf("regular expression is longer than %d bytes", maxRegex)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(program.Inst) > maxInstructions {
		return nil, fmt.Errorf("regular expression is too large: its repetitions come to %d steps, of at most %d",
			len(program.Inst), maxInstructions)
	}
	expression, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return &regex{expression: expression, instructions: len(program.Inst)}, nil
}

// regexFunction fills in the code of a function whose first argument is a regular expression. It is compiled with the
// expression where it is a literal. wrap makes the error of a bad one the function's.
func regexFunction(f Function, wrap func(error) error, run func(env *Environment, r *regex, args []any) (any, error)) Function {
	f.call = func(env *Environment, args []any) (any, error) {
		r, err := compileRegex(args[0].(string))
		if err != nil {
			return nil, wrap(err)
		}
		if err := env.Budget.Steps(compileSteps * r.instructions); err != nil {
			return nil, err
		}
		return run(env, r, args)
	}
	f.prepare = func(constants []any) (caller, error) {
		text, ok := constants[0].(string)
		if !ok {
			return nil, nil
		}
		r, err := compileRegex(text)
		if err != nil {
			return nil, wrap(err)
		}
		return func(env *Environment, args []any) (any, error) { return run(env, r, args) }, nil
	}
	return f
}

func regexMatch(env *Environment, r *regex, args []any) (any, error) {
	text := digits(args[1])
	if err := r.payMatching(env, text); err != nil {
		return nil, err
	}
	return r.expression.MatchString(text), nil
}

func regexReplaceAll(env *Environment, r *regex, args []any) (any, error) {
	text, by := digits(args[1]), digits(args[2])
	if err := r.payReplacement(env, text, by, strings.Count(by, "$")); err != nil {
		return nil, err
	}
	return r.expression.ReplaceAllString(text, by), nil
}

func regexReplaceAllLiteral(env *Environment, r *regex, args []any) (any, error) {
	text, by := digits(args[1]), digits(args[2])
	if err := r.payReplacement(env, text, by, 0); err != nil {
		return nil, err
	}
	return r.expression.ReplaceAllLiteralString(text, by), nil
}

// payMatching takes from the budget what a match costs at most. An instruction of the program at one character is a
// small part of a step.
func (r *regex) payMatching(env *Environment, text string) error {
	return env.Budget.Steps(r.instructions * len(text) / 16)
}

// payReplacement takes from the budget what a replacement costs, and what its result takes: matches do not overlap, so
// that groups together come to the length of the text at most, once for each mention of a group.
func (r *regex) payReplacement(env *Environment, text, by string, mentions int) error {
	if err := r.payMatching(env, text); err != nil {
		return err
	}
	matches := len(text) + 1
	if matches*len(by) > 1<<16 {
		if err := r.payMatching(env, text); err != nil {
			return err
		}
		matches = 0
		r.expression.ReplaceAllStringFunc(text, func(string) string { matches++; return "" })
	}
	if err := env.Budget.Bytes(len(text) * (1 + mentions)); err != nil {
		return err
	}
	return env.Budget.Bytes(matches * len(by))
}
