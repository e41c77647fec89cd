package jmespath

import (
	"slices"
	"strings"
)

// orderFunctions are the standard functions that sort lists, and those that pick from an order.
var orderFunctions = []Function{
	{
		Name:      "max",
		Arguments: []Argument{arg("list", Numbers, Strings)},
		Returns:   Any,
		Doc:       "Returns the greatest number or string of a list; null when it is empty.",
		Examples: []Example{
			{Expression: "max(@)", Data: "[1,3,2]", Result: "3"},
			{Expression: "max(@)", Data: `["a","b"]`, Result: `"b"`},
		},
		call: func(_ *Environment, args []any) (any, error) { return greatest(args[0].([]any), 1), nil },
	},
	{
		Name:      "min",
		Arguments: []Argument{arg("list", Numbers, Strings)},
		Returns:   Any,
		Doc:       "Returns the smallest number or string of a list; null when it is empty.",
		Examples:  []Example{{Expression: "min(@)", Data: "[2,1,3]", Result: "1"}},
		call:      func(_ *Environment, args []any) (any, error) { return greatest(args[0].([]any), -1), nil },
	},
	{
		Name:      "max_by",
		Arguments: []Argument{arg("list", Array), arg("expression", Expression)},
		Returns:   Any,
		Doc: "Returns the item of a list for which an expression yields the greatest number or string; null when the list " +
			"is empty.",
		Examples: []Example{{Expression: "max_by(@, &n)", Data: `[{"n":1},{"n":2}]`, Result: `{"n":2}`}},
		call:     func(_ *Environment, args []any) (any, error) { return greatestBy("max_by", args, 1) },
	},
	{
		Name:      "min_by",
		Arguments: []Argument{arg("list", Array), arg("expression", Expression)},
		Returns:   Any,
		Doc: "Returns the item of a list for which an expression yields the smallest number or string; null when the list " +
			"is empty.",
		Examples: []Example{{Expression: "min_by(@, &n)", Data: `[{"n":1},{"n":2}]`, Result: `{"n":1}`}},
		call:     func(_ *Environment, args []any) (any, error) { return greatestBy("min_by", args, -1) },
	},
	{
		Name:      "reverse",
		Arguments: []Argument{arg("value", Array, String)},
		Returns:   Any,
		Doc:       "Turns a list or the characters of a string round.",
		Examples: []Example{
			{Expression: "reverse(@)", Data: "[1,2]", Result: "[2,1]"},
			{Expression: "reverse('abc')", Result: `"cba"`},
		},
		call: func(_ *Environment, args []any) (any, error) {
			if text, ok := args[0].(string); ok {
				characters := []rune(text)
				slices.Reverse(characters)
				return string(characters), nil
			}
			list := slices.Clone(args[0].([]any))
			slices.Reverse(list)
			return list, nil
		},
	},
	{
		Name:      "sort",
		Arguments: []Argument{arg("list", Strings, Numbers)},
		Returns:   Array,
		Doc:       "Sorts numbers, or strings byte by byte.",
		Examples: []Example{
			{Expression: "sort(@)", Data: `["b","a"]`, Result: `["a","b"]`},
			{Expression: "sort(@)", Data: "[10,9]", Result: "[9,10]"},
		},
		call: func(_ *Environment, args []any) (any, error) {
			list := slices.Clone(args[0].([]any))
			slices.SortStableFunc(list, order)
			return list, nil
		},
	},
	{
		Name:      "sort_by",
		Arguments: []Argument{arg("list", Array), arg("expression", Expression)},
		Returns:   Array,
		Doc: "Sorts a list by the numbers or the strings that an expression yields for its items. Items that are alike " +
			"keep their order.",
		Examples: []Example{{Expression: "sort_by(@, &n)[].s", Data: `[{"n":2,"s":"x"},{"n":1,"s":"y"}]`, Result: `["y","x"]`}},
		call:     sortBy,
	},
}

// order orders two strings or two numbers.
func order(a, b any) int {
	if text, ok := a.(string); ok {
		return strings.Compare(text, b.(string))
	}
	result, _ := compareNumbers(a, b)
	return result
}

// greatest returns the first item that no other exceeds in the direction given.
func greatest(list []any, direction int) any {
	if len(list) == 0 {
		return nil
	}
	best := list[0]
	for _, item := range list[1:] {
		if order(item, best)*direction > 0 {
			best = item
		}
	}
	return best
}

// ranked is an item and what it is ordered by.
type ranked struct {
	item, by any
}

// rank applies an expression to all items of a list. What it yields must be all numbers or all strings.
func rank(function string, list []any, expression func(any) (any, error)) ([]ranked, error) {
	items := make([]ranked, len(list))
	var first Type
	for i, item := range list {
		by, err := expression(item)
		if err != nil {
			return nil, err
		}
		t := typeOf(by)
		if i == 0 {
			first = t
		}
		if t != first || t != Number && t != String {
			return nil, fault(function, "the expression must yield numbers or strings for all items, but for item %d it yields %s",
				i, nameOf(by))
		}
		items[i] = ranked{item, by}
	}
	return items, nil
}

// greatestBy returns the first item that no other exceeds in the direction given. The only item of a list needs no
// comparison.
func greatestBy(function string, args []any, direction int) (any, error) {
	list := args[0].([]any)
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	items, err := rank(function, list, args[1].(func(any) (any, error)))
	if err != nil {
		return nil, err
	}
	best := items[0]
	for _, item := range items[1:] {
		if order(item.by, best.by)*direction > 0 {
			best = item
		}
	}
	return best.item, nil
}

func sortBy(_ *Environment, args []any) (any, error) {
	list := args[0].([]any)
	if len(list) < 2 {
		return list, nil
	}
	items, err := rank("sort_by", list, args[1].(func(any) (any, error)))
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(items, func(a, b ranked) int { return order(a.by, b.by) })
	sorted := make([]any, len(items))
	for i := range items {
		sorted[i] = items[i].item
	}
	return sorted, nil
}
