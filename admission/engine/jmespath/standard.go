package jmespath

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// standardFunctions are those of the language itself, without sum, which has a wider meaning here.
var standardFunctions = slices.Concat(textFunctions, numberFunctions, collectionFunctions, orderFunctions,
	conversionFunctions)

var textFunctions = []Function{
	{
		Name:      "starts_with",
		Arguments: []Argument{arg("text", String), arg("prefix", String)},
		Returns:   Boolean,
		Doc:       "Tells whether a string begins with another.",
		Examples:  []Example{{Expression: "starts_with(@, 'regis')", Data: `"registry"`, Result: "true"}},
		call: func(_ *Environment, args []any) (any, error) {
			return strings.HasPrefix(args[0].(string), args[1].(string)), nil
		},
	},
	{
		Name:      "ends_with",
		Arguments: []Argument{arg("text", String), arg("suffix", String)},
		Returns:   Boolean,
		Doc:       "Tells whether a string ends with another.",
		Examples:  []Example{{Expression: "ends_with(@, ':latest')", Data: `"nginx:latest"`, Result: "true"}},
		call: func(_ *Environment, args []any) (any, error) {
			return strings.HasSuffix(args[0].(string), args[1].(string)), nil
		},
	},
	{
		Name:      "join",
		Arguments: []Argument{arg("separator", String), arg("texts", Strings)},
		Returns:   String,
		Doc:       "Joins strings with a separator between them.",
		Examples:  []Example{{Expression: "join('/', @)", Data: `["a","b"]`, Result: `"a/b"`}},
		call:      join,
	},
}

var numberFunctions = []Function{
	{
		Name:      "abs",
		Arguments: []Argument{arg("number", Number)},
		Returns:   Number,
		Doc:       "Returns a number without its sign.",
		Examples:  []Example{{Expression: "abs(`-2.5`)", Result: "2.5"}, {Expression: "abs(@)", Data: "-3", Result: "3"}},
		call: func(_ *Environment, args []any) (any, error) {
			if n, ok := args[0].(int64); ok && n != math.MinInt64 {
				return max(n, -n), nil
			}
			f, _ := float(args[0])
			return number(math.Abs(f)), nil
		},
	},
	{
		Name:      "avg",
		Arguments: []Argument{arg("numbers", Numbers)},
		Returns:   Number,
		Doc:       "Returns the average of numbers; null when there are none.",
		Examples: []Example{
			{Expression: "avg(@)", Data: "[1,2,6]", Result: "3"},
			{Expression: "avg(@)", Data: "[]", Result: "null"},
		},
		call: avg,
	},
	{
		Name:      "ceil",
		Arguments: []Argument{arg("number", Number)},
		Returns:   Number,
		Doc:       "Rounds a number up to a whole one.",
		Examples:  []Example{{Expression: "ceil(`1.2`)", Result: "2"}},
		call:      func(_ *Environment, args []any) (any, error) { return rounded(args[0], math.Ceil), nil },
	},
	{
		Name:      "floor",
		Arguments: []Argument{arg("number", Number)},
		Returns:   Number,
		Doc:       "Rounds a number down to a whole one.",
		Examples:  []Example{{Expression: "floor(`1.8`)", Result: "1"}},
		call:      func(_ *Environment, args []any) (any, error) { return rounded(args[0], math.Floor), nil },
	},
}

var collectionFunctions = []Function{
	{
		Name:      "length",
		Arguments: []Argument{arg("value", String, Array, Object)},
		Returns:   Number,
		Doc:       "Counts the characters of a string, the items of a list or the keys of an object.",
		Examples: []Example{
			{Expression: "length(@)", Data: `["a","b"]`, Result: "2"},
			{Expression: "length('größe')", Result: "5"},
		},
		call: func(_ *Environment, args []any) (any, error) {
			switch value := args[0].(type) {
			case string:
				return int64(utf8.RuneCountInString(value)), nil
			case []any:
				return int64(len(value)), nil
			case map[string]any:
				return int64(len(value)), nil
			}
			return nil, errors.New("no value that has a length")
		},
	},
	{
		Name:      "contains",
		Arguments: []Argument{arg("where", Array, String), arg("what", Any)},
		Returns:   Boolean,
		Doc:       "Tells whether a list has an item that equals a value, or a string a part that does.",
		Examples: []Example{
			{Expression: "contains(@, 'NET_ADMIN')", Data: `["NET_ADMIN","CHOWN"]`, Result: "true"},
			{Expression: "contains(@, 'dmi')", Data: `"ADMIN"`, Result: "false"},
			{Expression: "contains(@, `{\"a\":1}`)", Data: `[{"a":1}]`, Result: "true"},
		},
		call: contains,
	},
	{
		Name:      "keys",
		Arguments: []Argument{arg("object", Object)},
		Returns:   Strings,
		Doc:       "Returns the keys of an object, sorted.",
		Examples:  []Example{{Expression: "keys(@)", Data: `{"b":1,"a":2}`, Result: `["a","b"]`}},
		call: func(_ *Environment, args []any) (any, error) {
			object := args[0].(map[string]any)
			keys := make([]any, 0, len(object))
			for key := range object {
				keys = append(keys, key)
			}
			slices.SortFunc(keys, order)
			return keys, nil
		},
	},
	{
		Name:      "values",
		Arguments: []Argument{arg("object", Object)},
		Returns:   Array,
		Doc:       "Returns the values of an object in the order of its keys.",
		Examples:  []Example{{Expression: "values(@)", Data: `{"b":1,"a":2}`, Result: "[2,1]"}},
		call: func(env *Environment, args []any) (any, error) {
			list, _, err := objectElements(env.Budget, args[0])
			return list, err
		},
	},
	{
		Name:      "merge",
		Arguments: []Argument{{Name: "objects", Types: []Type{Object}, Variadic: true}},
		Returns:   Object,
		Doc:       "Puts objects together; of a key that several have, the last value counts.",
		Examples:  []Example{{Expression: "merge(@, `{\"b\":3}`)", Data: `{"a":1,"b":2}`, Result: `{"a":1,"b":3}`}},
		call: func(_ *Environment, args []any) (any, error) {
			merged := map[string]any{}
			for _, object := range args {
				maps.Copy(merged, object.(map[string]any))
			}
			return merged, nil
		},
	},
	{
		Name:      "map",
		Arguments: []Argument{arg("expression", Expression), arg("list", Array)},
		Returns:   Array,
		Doc:       "Applies an expression to every item of a list and returns all results, those that are null too.",
		Examples:  []Example{{Expression: "map(&name, @)", Data: `[{"name":"a"},{}]`, Result: `["a",null]`}},
		call:      mapList,
	},
	{
		Name:      "not_null",
		Arguments: []Argument{{Name: "values", Types: []Type{Any}, Variadic: true}},
		Returns:   Any,
		Doc:       "Returns the first value that is not null; null when all are.",
		Examples:  []Example{{Expression: "not_null(a, b, 'none')", Data: `{"b":"x"}`, Result: `"x"`}},
		call: func(_ *Environment, args []any) (any, error) {
			for _, value := range args {
				if value != nil {
					return value, nil
				}
			}
			return nil, nil
		},
	},
}

var conversionFunctions = []Function{
	{
		Name:      "type",
		Arguments: []Argument{arg("value", Any)},
		Returns:   String,
		Doc:       "Names the type of a value: string, number, boolean, array, object or null.",
		Examples: []Example{
			{Expression: "type(a)", Data: `{"a":[]}`, Result: `"array"`},
			{Expression: "type(b)", Data: "{}", Result: `"null"`},
		},
		call: func(_ *Environment, args []any) (any, error) {
			if t := typeOf(args[0]); t != "" {
				return string(t), nil
			}
			return nil, fault("type", "%T is no type of JSON", args[0])
		},
	},
	{
		Name:      "to_array",
		Arguments: []Argument{arg("value", Any)},
		Returns:   Array,
		Doc:       "Makes a list of one item of a value; a list stays as it is.",
		Examples: []Example{
			{Expression: "to_array('a')", Result: `["a"]`},
			{Expression: "to_array(@)", Data: "[1]", Result: "[1]"},
		},
		call: func(_ *Environment, args []any) (any, error) {
			if list, ok := args[0].([]any); ok {
				return list, nil
			}
			return []any{args[0]}, nil
		},
	},
	{
		Name:      "to_string",
		Arguments: []Argument{arg("value", Any)},
		Returns:   String,
		Doc:       "Writes a value as JSON; a string stays as it is.",
		Examples: []Example{
			{Expression: "to_string(@)", Data: `{"a":[1,null]}`, Result: `"{\"a\":[1,null]}"`},
			{Expression: "to_string('a')", Result: `"a"`},
		},
		call: toString,
	},
	{
		Name:      "to_number",
		Arguments: []Argument{arg("value", Any)},
		Returns:   Number,
		Doc:       "Reads a number from a string; a number stays as it is, and anything else is null.",
		Examples: []Example{
			{Expression: "to_number('1.5')", Result: "1.5"},
			{Expression: "to_number('x')", Result: "null"},
		},
		call: func(_ *Environment, args []any) (any, error) { return toNumber(args[0]), nil },
	},
}

func join(env *Environment, args []any) (any, error) {
	separator, list := args[0].(string), args[1].([]any)
	texts := make([]string, len(list))
	size := 0
	for i := range list {
		texts[i] = list[i].(string)
		size += len(texts[i]) + len(separator)
	}
	if err := env.Budget.Bytes(size); err != nil {
		return nil, err
	}
	return strings.Join(texts, separator), nil
}

func avg(_ *Environment, args []any) (any, error) {
	list := args[0].([]any)
	if len(list) == 0 {
		return nil, nil
	}
	sum := 0.0
	for _, n := range list {
		f, _ := float(n)
		sum += f
	}
	if math.IsInf(sum, 0) {
		return nil, fault("avg", "the sum of the numbers is too large")
	}
	return number(sum / float64(len(list))), nil
}

// rounded rounds what is not a whole number yet.
func rounded(value any, round func(float64) float64) any {
	if f, ok := value.(float64); ok {
		return number(round(f))
	}
	return value
}

func contains(env *Environment, args []any) (any, error) {
	if text, ok := args[0].(string); ok {
		part, ok := args[1].(string)
		return ok && strings.Contains(text, part), nil
	}
	for _, item := range args[0].([]any) {
		if same, err := equal(env.Budget, item, args[1]); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func mapList(_ *Environment, args []any) (any, error) {
	expression, list := args[0].(func(any) (any, error)), args[1].([]any)
	mapped := make([]any, len(list))
	for i, item := range list {
		var err error
		if mapped[i], err = expression(item); err != nil {
			return nil, err
		}
	}
	return mapped, nil
}

func toString(env *Environment, args []any) (any, error) {
	if text, ok := args[0].(string); ok {
		return text, nil
	}
	if err := measure(env.Budget, args[0], 0); err != nil {
		return nil, err
	}
	text, err := json.Marshal(args[0])
	if err != nil {
		return nil, fault("to_string", "%v", err)
	}
	return string(text), nil
}

// toNumber reads whole numbers exactly. Infinity and its like can be read, but no JSON could hold them.
func toNumber(value any) any {
	switch value := value.(type) {
	case int64, float64:
		return value
	case string:
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return number(f)
		}
	}
	return nil
}
