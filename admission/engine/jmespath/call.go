package jmespath

import (
	"errors"
	"fmt"
	"strings"

	parser "github.com/kyverno/go-jmespath"
)

// call compiles the call of a function.
func (c *compiler) call(node *parser.ASTNode) (evaluator, error) {
	c.builds = true
	at := 0
	if c.calls < len(c.source.calls) {
		at = c.source.calls[c.calls]
	}
	c.calls++
	name, ok := node.Value.(string)
	if !ok {
		return nil, c.source.errorAt(at, "only a function can be called, by its name")
	}
	function, ok := functions[name]
	if !ok {
		return nil, c.source.errorAt(at, "unknown function %s", quoted(name))
	}
	if !function.takes(len(node.Children)) {
		return nil, c.source.errorAt(at, "%s is called with %d arguments; it is %s", name, len(node.Children),
			function.Signature())
	}
	args := make([]evaluator, len(node.Children))
	for i := range node.Children {
		arg, err := c.argument(function, i, &node.Children[i], at)
		if err != nil {
			return nil, err
		}
		args[i] = arg
	}
	code, err := prepared(function, node)
	if err != nil {
		return nil, c.source.errorAt(at, "%v", err)
	}
	return func(env *Environment, value any) (any, error) {
		values, err := evaluateArguments(env, function, args, value)
		if err != nil {
			return nil, err
		}
		return invoke(env, function, code, values)
	}, nil
}

// prepared returns the code of a function, made for those arguments of a call that are known beforehand.
func prepared(function *Function, node *parser.ASTNode) (caller, error) {
	if function.prepare == nil {
		return function.call, nil
	}
	constants := make([]any, len(node.Children))
	for i := range node.Children {
		if node.Children[i].NodeType == parser.ASTLiteral {
			constants[i] = literalValue(node.Children[i].Value)
		}
	}
	code, err := function.prepare(constants)
	if code == nil || err != nil {
		return function.call, err
	}
	return code, nil
}

// argument compiles an argument, and refuses what can never have the right type.
func (c *compiler) argument(function *Function, i int, node *parser.ASTNode, at int) (evaluator, error) {
	wanted := function.argument(i)
	expression := len(wanted.Types) == 1 && wanted.Types[0] == Expression
	switch {
	case expression != (node.NodeType == parser.ASTExpRef):
		if expression {
			return nil, c.source.errorAt(at, "argument %d of %s must be an expression, written with & before it", i+1, function.Name)
		}
		return nil, c.source.errorAt(at, "argument %d of %s cannot be an expression with &: it is %s", i+1, function.Name,
			function.Signature())
	case expression:
		body, err := c.compile(&node.Children[0])
		if err != nil {
			return nil, err
		}
		return func(env *Environment, _ any) (any, error) {
			return func(element any) (any, error) { return settled(body, env, element) }, nil
		}, nil
	case node.NodeType == parser.ASTLiteral:
		if literal := literalValue(node.Value); !wanted.accepts(literal) {
			return nil, c.source.errorAt(at, "argument %d of %s is %s; it is %s", i+1, function.Name, described(literal),
				function.Signature())
		}
	}
	return c.compile(node)
}

// evaluateArguments evaluates the arguments of a function and checks their types.
func evaluateArguments(env *Environment, function *Function, args []evaluator, value any) ([]any, error) {
	values := make([]any, len(args))
	for i, arg := range args {
		v, err := settled(arg, env, value)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	for i, v := range values {
		if wanted := function.argument(i); !wanted.accepts(v) {
			return nil, &CallError{function.Name, fault(function.Name, "argument %d (%s) must be %s, but is %s", i+1, wanted.Name,
				wanted.types(" or "), described(v))}
		}
	}
	return values, nil
}

// invoke calls a function, and accounts for its work and its result.
func invoke(env *Environment, function *Function, code caller, args []any) (any, error) {
	steps := 1
	for _, arg := range args {
		steps += work(arg)
	}
	if err := env.Budget.Steps(steps); err != nil {
		return nil, err
	}
	result, err := code(env, args)
	if err != nil {
		if errors.Is(err, ErrBudget) {
			return nil, err
		}
		if isCall(err) {
			return nil, err // It comes of an expression that the function was given.
		}
		return nil, &CallError{function.Name, err}
	}
	if err := env.Budget.Bytes(shallowSize(result)); err != nil {
		return nil, err
	}
	return result, nil
}

// described names the type of a value, and for a list what is in it.
func described(value any) string {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return nameOf(value)
	}
	var names []string
	seen := map[string]bool{}
	for _, element := range list {
		if name := nameOf(element); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return "array of " + strings.Join(names, " and ")
}

// nameOf names the type of a value.
func nameOf(value any) string {
	if t := typeOf(value); t != "" {
		return string(t)
	}
	return fmt.Sprintf("%T", value)
}
