package jmespath

import (
	"fmt"

	parser "github.com/kyverno/go-jmespath"
)

// maxDepth bounds how deep operations are stacked on each other, and with it the stack of an evaluation: in a.b || c the
// alternative stands on two fields, one of which stands on another.
const maxDepth = 1000

// evaluator is a compiled expression: applied to a value it yields another, which may be lazy if that value is.
type evaluator func(env *Environment, value any) (any, error)

// compiler turns a parsed expression into closures. It goes through it in the order of the text, so that it meets calls
// in the order in which the source lists them.
type compiler struct {
	source *source
	calls  int
	depth  int
	builds bool
}

// compile compiles a node and all below it.
func (c *compiler) compile(node *parser.ASTNode) (evaluator, error) {
	if c.depth++; c.depth > maxDepth {
		return nil, c.source.errorAt(0, "more than %d operations are stacked on each other", maxDepth)
	}
	defer func() { c.depth-- }()
	switch node.NodeType {
	case parser.ASTIdentity, parser.ASTCurrentNode:
		return current, nil
	case parser.ASTField, parser.ASTSubexpression, parser.ASTIndexExpression:
		return c.path(node)
	case parser.ASTIndex:
		return c.index(node)
	case parser.ASTLiteral:
		literal := literalValue(node.Value)
		return func(*Environment, any) (any, error) { return literal, nil }, nil
	case parser.ASTComparator:
		return c.comparator(node)
	case parser.ASTOrExpression, parser.ASTAndExpression, parser.ASTPipe:
		return c.binary(node)
	case parser.ASTNotExpression:
		return c.not(node)
	case parser.ASTMultiSelectList:
		return c.multiSelectList(node)
	case parser.ASTMultiSelectHash:
		return c.multiSelectHash(node)
	case parser.ASTProjection, parser.ASTFilterProjection, parser.ASTValueProjection:
		return c.projection(node)
	case parser.ASTFlatten:
		return c.flatten(node)
	case parser.ASTSlice:
		return c.slice(node)
	case parser.ASTFunctionExpression:
		return c.call(node)
	case parser.ASTExpRef:
		return nil, c.source.errorAt(0, "an expression after & can only be the argument of a function that takes one")
	}
	return nil, c.source.errorAt(0, "the expression cannot be parsed")
}

// current yields the value itself.
func current(_ *Environment, value any) (any, error) { return value, nil }

// pair compiles the first two children of a node.
func (c *compiler) pair(node *parser.ASTNode) (left, right evaluator, err error) {
	if left, err = c.compile(&node.Children[0]); err != nil {
		return nil, nil, err
	}
	right, err = c.compile(&node.Children[1])
	return left, right, err
}

// literalValue is a literal as data has it: whole numbers are integers, as far as they are exact.
func literalValue(value any) any {
	switch value := value.(type) {
	case float64:
		return number(value)
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = literalValue(value[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key := range value {
			object[key] = literalValue(value[key])
		}
		return object
	}
	return value
}

// path compiles a field, and what leads to it. Plain fields that follow each other are looked up in one go.
func (c *compiler) path(node *parser.ASTNode) (evaluator, error) {
	if keys, ok := plainPath(node); ok {
		return fields(keys), nil
	}
	left, right, err := c.pair(node)
	if err != nil {
		return nil, err
	}
	return func(env *Environment, value any) (any, error) {
		value, err := left(env, value)
		if err != nil {
			return nil, err
		}
		return right(env, value)
	}, nil
}

// plainPath is the list of fields that a node names, if it does nothing else.
func plainPath(node *parser.ASTNode) ([]string, bool) {
	var reversed []string
	for node.NodeType == parser.ASTSubexpression && node.Children[1].NodeType == parser.ASTField {
		reversed = append(reversed, node.Children[1].Value.(string))
		node = &node.Children[0]
	}
	if node.NodeType != parser.ASTField {
		return nil, false
	}
	keys := []string{node.Value.(string)}
	for i := len(reversed) - 1; i >= 0; i-- {
		keys = append(keys, reversed[i])
	}
	return keys, true
}

// fields yields what lies at the end of a chain of fields.
func fields(keys []string) evaluator {
	missing := make([]*NotFoundError, len(keys))
	for i, key := range keys {
		missing[i] = &NotFoundError{Key: key}
	}
	return func(_ *Environment, value any) (any, error) {
		for i, key := range keys {
			var ok bool
			switch object := value.(type) {
			case map[string]any:
				value, ok = object[key]
			case nil, []any, string, bool, int64, float64:
				return nil, nil // What is no object has no keys that could be missing, and so has all that follows.
			case Lazy:
				var err error
				if value, ok, err = object.Field(key); err != nil {
					return nil, err
				}
			default:
				return nil, nil
			}
			if !ok {
				return nil, missing[i]
			}
		}
		return value, nil
	}
}

// index compiles the index of a list.
func (c *compiler) index(node *parser.ASTNode) (evaluator, error) {
	at, ok := node.Value.(int)
	if !ok {
		return nil, c.source.errorAt(0, "an index must be a number")
	}
	return func(_ *Environment, value any) (any, error) {
		list, _ := value.([]any)
		i := at
		if i < 0 {
			i += len(list)
		}
		if i < 0 || i >= len(list) {
			return nil, nil
		}
		return list[i], nil
	}, nil
}

// binary compiles what chooses between two values or hands one on.
func (c *compiler) binary(node *parser.ASTNode) (evaluator, error) {
	left, right, err := c.pair(node)
	if err != nil {
		return nil, err
	}
	switch node.NodeType {
	case parser.ASTPipe:
		return func(env *Environment, value any) (any, error) {
			value, err := orNull(left(env, value))
			if err != nil {
				return nil, err
			}
			return orNull(right(env, value))
		}, nil
	case parser.ASTOrExpression:
		return func(env *Environment, value any) (any, error) {
			first, err := settled(left, env, value)
			if err != nil || !isFalse(first) {
				return first, err
			}
			return orNull(right(env, value))
		}, nil
	default:
		return func(env *Environment, value any) (any, error) {
			first, err := settled(left, env, value)
			if err != nil || isFalse(first) {
				return first, err
			}
			return right(env, value)
		}, nil
	}
}

// settled evaluates an expression where its value is needed as a whole, and a missing key is null.
func settled(evaluate evaluator, env *Environment, value any) (any, error) {
	value, err := orNull(evaluate(env, value))
	if err != nil {
		return nil, err
	}
	return complete(value)
}

// not compiles a negation.
func (c *compiler) not(node *parser.ASTNode) (evaluator, error) {
	operand, err := c.compile(&node.Children[0])
	if err != nil {
		return nil, err
	}
	return func(env *Environment, value any) (any, error) {
		value, err := settled(operand, env, value)
		if err != nil {
			return nil, err
		}
		return isFalse(value), nil
	}, nil
}

// comparator compiles a comparison. Only numbers have an order; of anything else it is null which one is greater.
func (c *compiler) comparator(node *parser.ASTNode) (evaluator, error) {
	name, ok := node.Value.(fmt.Stringer)
	if !ok {
		return nil, c.source.errorAt(0, "an operator is missing in a comparison")
	}
	left, right, err := c.pair(node)
	if err != nil {
		return nil, err
	}
	both := func(env *Environment, value any) (l, r any, err error) {
		if l, err = settled(left, env, value); err == nil {
			r, err = settled(right, env, value)
		}
		return l, r, err
	}
	equality := func(want bool) evaluator {
		return func(env *Environment, value any) (any, error) {
			l, r, err := both(env, value)
			if err != nil {
				return nil, err
			}
			same, err := equal(env.Budget, l, r)
			if err != nil {
				return nil, err
			}
			return same == want, nil
		}
	}
	ordering := func(holds func(order int) bool) evaluator {
		return func(env *Environment, value any) (any, error) {
			l, r, err := both(env, value)
			if err != nil {
				return nil, err
			}
			order, ok := compareNumbers(l, r)
			if !ok {
				return nil, nil
			}
			return holds(order), nil
		}
	}
	switch operator := name.String(); operator {
	case "tEQ":
		return equality(true), nil
	case "tNE":
		return equality(false), nil
	case "tLT":
		return ordering(func(order int) bool { return order < 0 }), nil
	case "tLTE":
		return ordering(func(order int) bool { return order <= 0 }), nil
	case "tGT":
		return ordering(func(order int) bool { return order > 0 }), nil
	case "tGTE":
		return ordering(func(order int) bool { return order >= 0 }), nil
	default:
		return nil, c.source.errorAt(0, "unknown operator %s", operator)
	}
}
