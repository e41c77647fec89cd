package jmespath

import (
	"maps"
	"slices"

	parser "github.com/kyverno/go-jmespath"
)

// multiSelectList compiles [a, b]: a list of what its parts yield.
func (c *compiler) multiSelectList(node *parser.ASTNode) (evaluator, error) {
	parts, err := c.parts(node)
	if err != nil {
		return nil, err
	}
	return func(env *Environment, value any) (any, error) {
		if value == nil {
			return nil, nil
		}
		if err := spend(env.Budget, len(parts), elementSize); err != nil {
			return nil, err
		}
		list := make([]any, len(parts))
		for i, part := range parts {
			element, err := settled(part, env, value)
			if err != nil {
				return nil, err
			}
			list[i] = element
		}
		return list, nil
	}, nil
}

// multiSelectHash compiles {a: b}: an object of what its parts yield.
func (c *compiler) multiSelectHash(node *parser.ASTNode) (evaluator, error) {
	parts, err := c.parts(node)
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(parts))
	for i := range node.Children {
		keys[i] = node.Children[i].Value.(string)
	}
	return func(env *Environment, value any) (any, error) {
		if value == nil {
			return nil, nil
		}
		if err := spend(env.Budget, len(parts), entrySize); err != nil {
			return nil, err
		}
		object := make(map[string]any, len(parts))
		for i, part := range parts {
			element, err := settled(part, env, value)
			if err != nil {
				return nil, err
			}
			object[keys[i]] = element
		}
		return object, nil
	}, nil
}

// parts compiles the parts of a multiselect.
func (c *compiler) parts(node *parser.ASTNode) ([]evaluator, error) {
	c.builds = true
	parts := make([]evaluator, len(node.Children))
	for i := range node.Children {
		child := &node.Children[i]
		if child.NodeType == parser.ASTKeyValPair {
			child = &child.Children[0]
		}
		part, err := c.compile(child)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}

// spend accounts for so many new elements.
func spend(b *Budget, elements, size int) error {
	if err := b.Steps(1 + elements); err != nil {
		return err
	}
	return b.Bytes(size * elements)
}

// projection compiles what applies an expression to all elements of a list, to those for which a condition holds, or
// to all values of an object.
func (c *compiler) projection(node *parser.ASTNode) (evaluator, error) {
	left, err := c.compile(&node.Children[0])
	if err != nil {
		return nil, err
	}
	var keep evaluator
	if node.NodeType == parser.ASTFilterProjection {
		// The condition stands before what is applied, though it is the last child.
		if keep, err = c.compile(&node.Children[2]); err != nil {
			return nil, err
		}
	}
	right, err := c.compile(&node.Children[1])
	if err != nil {
		return nil, err
	}
	ofObject := node.NodeType == parser.ASTValueProjection
	forgiving := node.NodeType != parser.ASTProjection
	return func(env *Environment, value any) (any, error) {
		value, err := left(env, value)
		if err != nil {
			if isMissing(err) || forgiving && isSoft(err) {
				return nil, nil
			}
			return nil, err
		}
		list, ok := value.([]any)
		if ofObject {
			if list, ok, err = objectElements(env.Budget, value); err != nil {
				return nil, err
			}
		}
		if !ok {
			return nil, nil
		}
		return project(env, list, keep, right)
	}, nil
}

// objectElements are the values of an object in the order of its keys. It tells whether the value is one.
func objectElements(b *Budget, value any) ([]any, bool, error) {
	value, err := complete(value)
	if err != nil {
		return nil, false, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, false, nil
	}
	if err := spend(b, len(object), elementSize); err != nil {
		return nil, false, err
	}
	list := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		list = append(list, object[key])
	}
	return list, true, nil
}

// project applies an expression to the elements that are kept, and leaves out what it makes null.
func project(env *Environment, list []any, keep, right evaluator) (any, error) {
	if err := spend(env.Budget, len(list), elementSize); err != nil {
		return nil, err
	}
	projected := make([]any, 0, len(list))
	for _, element := range list {
		if keep != nil {
			kept, err := settled(keep, env, element)
			if err != nil {
				return nil, err
			}
			if isFalse(kept) {
				continue
			}
		}
		result, err := settled(right, env, element)
		if err != nil {
			return nil, err
		}
		if result != nil {
			projected = append(projected, result)
		}
	}
	return projected, nil
}

// flatten compiles []: a list in which lists have given way to their elements.
func (c *compiler) flatten(node *parser.ASTNode) (evaluator, error) {
	left, err := c.compile(&node.Children[0])
	if err != nil {
		return nil, err
	}
	return func(env *Environment, value any) (any, error) {
		value, err := left(env, value)
		if err != nil {
			if isSoft(err) {
				return nil, nil
			}
			return nil, err
		}
		list, ok := value.([]any)
		if !ok {
			return nil, nil
		}
		total := 0
		for _, element := range list {
			if inner, ok := element.([]any); ok {
				total += len(inner)
			} else {
				total++
			}
		}
		if err := spend(env.Budget, len(list)+total, elementSize); err != nil {
			return nil, err
		}
		flat := make([]any, 0, total)
		for _, element := range list {
			if inner, ok := element.([]any); ok {
				flat = append(flat, inner...)
			} else {
				flat = append(flat, element)
			}
		}
		return flat, nil
	}, nil
}

// bounds are the parts of a slice. What is not given is nil.
type bounds struct {
	start, stop *int
	step        int
}

// slice compiles [start:stop:step].
func (c *compiler) slice(node *parser.ASTNode) (evaluator, error) {
	given, ok := node.Value.([]*int)
	if !ok || len(given) != 3 {
		return nil, c.source.errorAt(0, "a slice is written [start:stop:step]")
	}
	b := bounds{start: given[0], stop: given[1], step: 1}
	if given[2] != nil {
		b.step = *given[2]
	}
	if b.step == 0 {
		return nil, c.source.errorAt(0, "the step of a slice cannot be 0")
	}
	return func(env *Environment, value any) (any, error) {
		list, ok := value.([]any)
		if !ok {
			return nil, nil
		}
		if err := spend(env.Budget, len(list), elementSize); err != nil {
			return nil, err
		}
		return b.cut(list), nil
	}, nil
}

// cut returns the part of a list that lies within the bounds.
func (b *bounds) cut(list []any) []any {
	// A step beyond the length is as good as any other such step, and cannot overflow.
	step := max(-len(list)-1, min(b.step, len(list)+1))
	start, stop, first, last := 0, len(list), 0, len(list)
	if step < 0 {
		start, stop, first, last = len(list)-1, -1, -1, len(list)-1
	}
	if b.start != nil {
		start = clamp(*b.start, len(list), first, last)
	}
	if b.stop != nil {
		stop = clamp(*b.stop, len(list), first, last)
	}
	part := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		part = append(part, list[i])
	}
	return part
}

// clamp counts a negative index from the end, and keeps it between the first and the last that there may be.
func clamp(index, length, first, last int) int {
	if index < 0 {
		index += length
	}
	return max(first, min(index, last))
}
