package jmespath

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

var randomFunctions = []Function{{
	Name:      "random",
	Arguments: []Argument{arg("expression", String)},
	Returns:   String,
	Doc: "Makes a random string that a regular expression of POSIX kind fits, such as '[0-9a-z]{8}'. Repetitions without an " +
		"end stop at 4096.",
	Examples: []Example{
		{Expression: "random('edict-x{3}')", Result: `"edict-xxx"`},
		{Expression: "length(random('[0-9a-z]{8}'))", Result: "8"},
	},
	call: func(env *Environment, args []any) (any, error) {
		tree, err := parseRandom(args[0].(string))
		if err != nil {
			return nil, err
		}
		return generate(env, tree)
	},
	prepare: func(constants []any) (caller, error) {
		text, ok := constants[0].(string)
		if !ok {
			return nil, nil
		}
		tree, err := parseRandom(text)
		if err != nil {
			return nil, err
		}
		return func(env *Environment, _ []any) (any, error) { return generate(env, tree) }, nil
	},
}}

const (
	// maxRandomExpression is the length of an expression, in bytes.
	maxRandomExpression = 4096
	// maxRandom is the length of what is made of it, in bytes. Nested repetitions multiply.
	maxRandom = 64 << 10
	// endless is how often a repetition without an end is repeated at most.
	endless = 4096
)

// parseRandom reads an expression without the extensions of Perl, of which the function has never known any.
func parseRandom(text string) (*syntax.Regexp, error) {
	switch {
	case text == "":
		return nil, errors.New("no pattern provided")
	case len(text) > maxRandomExpression:
		return nil, fmt.Errorf("regular expression is longer than %d bytes", maxRandomExpression)
	}
	return syntax.Parse(text, 0)
}

// generator writes what a regular expression fits.
type generator struct {
	random *rand.Rand
	out    strings.Builder
	// left is the work that may still be done: a repetition costs even where it writes nothing.
	left int
}

func generate(env *Environment, tree *syntax.Regexp) (any, error) {
	if env.Rand == nil {
		return nil, errors.New("nothing random can be made here")
	}
	g := &generator{random: env.Rand, left: 2 * maxRandom}
	if err := g.write(tree); err != nil {
		return nil, err
	}
	if err := env.Budget.Steps(2*maxRandom - g.left); err != nil {
		return nil, err
	}
	return g.out.String(), nil
}

func (g *generator) write(e *syntax.Regexp) error {
	if g.left--; g.left < 0 || g.out.Len() > maxRandom {
		return fmt.Errorf("the random string would be longer than %d bytes", maxRandom)
	}
	switch e.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return nil
	case syntax.OpLiteral:
		for _, r := range e.Rune {
			if !utf8.ValidRune(r) {
				return fmt.Errorf("nothing can be made of %s, which is no character", e)
			}
			g.out.WriteRune(r)
		}
		return nil
	case syntax.OpCharClass:
		return g.character(e.Rune)
	case syntax.OpAnyCharNotNL:
		return g.character([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case syntax.OpAnyChar:
		return g.character([]rune{0, unicode.MaxRune})
	case syntax.OpCapture:
		return g.write(e.Sub[0])
	case syntax.OpConcat:
		for _, part := range e.Sub {
			if err := g.write(part); err != nil {
				return err
			}
		}
		return nil
	case syntax.OpAlternate:
		return g.write(e.Sub[g.random.IntN(len(e.Sub))])
	case syntax.OpStar:
		return g.repeat(e.Sub[0], 0, endless)
	case syntax.OpPlus:
		return g.repeat(e.Sub[0], 1, endless)
	case syntax.OpQuest:
		return g.repeat(e.Sub[0], 0, 1)
	case syntax.OpRepeat:
		if e.Max < 0 {
			return g.repeat(e.Sub[0], e.Min, endless)
		}
		return g.repeat(e.Sub[0], e.Min, e.Max)
	}
	return fmt.Errorf("nothing can be made of %s", e)
}

func (g *generator) repeat(e *syntax.Regexp, low, high int) error {
	for range low + g.random.IntN(high-low+1) {
		if err := g.write(e); err != nil {
			return err
		}
	}
	return nil
}

// character writes one character of a class, which is pairs of the first and the last of a range. Surrogates are
// characters to a class, but not to text.
func (g *generator) character(class []rune) error {
	total := 0
	for i := 0; i < len(class); i += 2 {
		total += int(class[i+1]-class[i]) + 1
	}
	if total == 0 {
		return errors.New("nothing can be made of an empty class of characters")
	}
	for range 100 {
		n := g.random.IntN(total)
		for i := 0; i < len(class); i += 2 {
			size := int(class[i+1]-class[i]) + 1
			if n < size {
				if r := class[i] + rune(n); utf8.ValidRune(r) {
					g.out.WriteRune(r)
					return nil
				}
				break
			}
			n -= size
		}
	}
	return errors.New("nothing can be made of a class of surrogates")
}
