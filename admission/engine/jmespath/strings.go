package jmespath

import (
	"strings"
	"unicode/utf8"
)

var stringFunctions = []Function{
	{
		Name:      "compare",
		Arguments: []Argument{arg("a", String), arg("b", String)},
		Returns:   Number,
		Doc: "Orders two strings byte by byte: -1, 0 or 1. The result can be the key of a condition; comparators inside " +
			"of the expression do not take it for a number.",
		Examples: []Example{{Expression: "compare('a', 'b')", Result: "-1"}, {Expression: "compare('b', 'b')", Result: "0"}},
		call: func(_ *Environment, args []any) (any, error) {
			return strings.Compare(args[0].(string), args[1].(string)), nil
		},
	},
	{
		Name:      "equal_fold",
		Arguments: []Argument{arg("a", String), arg("b", String)},
		Returns:   Boolean,
		Doc:       "Tells whether two strings are the same but for upper and lower case.",
		Examples:  []Example{{Expression: "equal_fold('Production', 'PRODUCTION')", Result: "true"}},
		call: func(_ *Environment, args []any) (any, error) {
			return strings.EqualFold(args[0].(string), args[1].(string)), nil
		},
	},
	{
		Name:      "replace",
		Arguments: []Argument{arg("text", String), arg("old", String), arg("new", String), arg("count", Number)},
		Returns:   String,
		Doc:       "Replaces the first occurrences of a string, as many as count says; all of them when count is negative.",
		Examples:  []Example{{Expression: "replace('a-b-c', '-', '.', `1`)", Result: `"a.b-c"`}},
		call: func(env *Environment, args []any) (any, error) {
			return replace(env, args, truncated(args[3]))
		},
	},
	{
		Name:      "replace_all",
		Arguments: []Argument{arg("text", String), arg("old", String), arg("new", String)},
		Returns:   String,
		Doc:       "Replaces every occurrence of a string.",
		Examples:  []Example{{Expression: "replace_all('a-b-c', '-', '.')", Result: `"a.b.c"`}},
		call: func(env *Environment, args []any) (any, error) {
			return replace(env, args, -1)
		},
	},
	{
		Name:      "to_upper",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Puts all letters into upper case.",
		Examples:  []Example{{Expression: "to_upper('edict')", Result: `"EDICT"`}},
		call:      func(_ *Environment, args []any) (any, error) { return strings.ToUpper(args[0].(string)), nil },
	},
	{
		Name:      "to_lower",
		Arguments: []Argument{arg("text", String)},
		Returns:   String,
		Doc:       "Puts all letters into lower case.",
		Examples:  []Example{{Expression: "to_lower('EDICT')", Result: `"edict"`}},
		call:      func(_ *Environment, args []any) (any, error) { return strings.ToLower(args[0].(string)), nil },
	},
	{
		Name:      "trim",
		Arguments: []Argument{arg("text", String), arg("characters", String)},
		Returns:   String,
		Doc:       "Takes all leading and trailing characters away that are among the given ones.",
		Examples:  []Example{{Expression: "trim('--a-b--', '-')", Result: `"a-b"`}},
		call:      func(_ *Environment, args []any) (any, error) { return trim(args[0].(string), args[1].(string)), nil },
	},
	{
		Name:      "trim_prefix",
		Arguments: []Argument{arg("text", String), arg("prefix", String)},
		Returns:   String,
		Doc:       "Takes a prefix away, where the text begins with it.",
		Examples: []Example{
			{Expression: "trim_prefix('v1.2.3', 'v')", Result: `"1.2.3"`},
			{Expression: "trim_prefix('1.2.3', 'v')", Result: `"1.2.3"`},
		},
		call: func(_ *Environment, args []any) (any, error) {
			return strings.TrimPrefix(args[0].(string), args[1].(string)), nil
		},
	},
	{
		Name:      "split",
		Arguments: []Argument{arg("text", String), arg("separator", String)},
		Returns:   Strings,
		Doc:       "Cuts a string at every separator; an empty separator cuts it into characters.",
		Examples: []Example{
			{Expression: "split('a,b,c', ',')", Result: `["a","b","c"]`},
			{Expression: "split('', ',')", Result: `[""]`},
		},
		call: func(env *Environment, args []any) (any, error) {
			return split(env, args[0].(string), args[1].(string))
		},
	},
	{
		Name:      "truncate",
		Arguments: []Argument{arg("text", String), arg("length", Number)},
		Returns:   String,
		Doc:       "Keeps as many characters of the beginning of a string as length says; none when it is negative.",
		Examples:  []Example{{Expression: "truncate('deployment', `6`)", Result: `"deploy"`}},
		call: func(_ *Environment, args []any) (any, error) {
			return truncate(args[0].(string), truncated(args[1])), nil
		},
	},
	{
		Name:      "to_boolean",
		Arguments: []Argument{arg("text", String)},
		Returns:   Boolean,
		Doc:       "Reads true or false, in upper or lower case; any other string is an error.",
		Examples:  []Example{{Expression: "to_boolean('True')", Result: "true"}},
		call: func(_ *Environment, args []any) (any, error) {
			switch text := args[0].(string); strings.ToLower(text) {
			case "true":
				return true, nil
			case "false":
				return false, nil
			default:
				return nil, fault("to_boolean", "lowercase argument must be 'true' or 'false' (provided: '%.100s')", text)
			}
		},
	},
}

// replace replaces old with new in a text as often as count says, or everywhere when it is negative.
func replace(env *Environment, args []any, count int) (any, error) {
	text, old, by := args[0].(string), args[1].(string), args[2].(string)
	occurrences := strings.Count(text, old)
	if count >= 0 && count < occurrences {
		occurrences = count
	}
	if err := env.Budget.Bytes(len(text) + occurrences*(len(by)-len(old))); err != nil {
		return nil, err
	}
	return strings.Replace(text, old, by, count), nil
}

// trim looks the characters up in a set, so that its time does not depend on how many they are.
func trim(text, characters string) string {
	if len(characters) < 8 {
		return strings.Trim(text, characters)
	}
	set := make(map[rune]struct{}, len(characters))
	for _, r := range characters {
		set[r] = struct{}{}
	}
	return strings.TrimFunc(text, func(r rune) bool {
		_, found := set[r]
		return found
	})
}

// stringItem is what a string that is part of another takes as an item of a list, in bytes.
const stringItem = 48

func split(env *Environment, text, separator string) (any, error) {
	if err := env.Budget.Bytes((strings.Count(text, separator) + 1) * stringItem); err != nil {
		return nil, err
	}
	parts := strings.Split(text, separator)
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list, nil
}

func truncate(text string, length int) string {
	end := 0
	for ; length > 0 && end < len(text); length-- {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	return text[:end]
}
