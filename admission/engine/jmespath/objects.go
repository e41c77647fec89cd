package jmespath

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

var objectFunctions = []Function{
	{
		Name:      "label_match",
		Arguments: []Argument{arg("wanted", Object), arg("labels", Object)},
		Returns:   Boolean,
		Doc:       "Tells whether the second object has all keys of the first, each with the same value.",
		Examples:  []Example{{Expression: "label_match(`{\"app\":\"web\"}`, @)", Data: `{"app":"web","tier":"front"}`, Result: "true"}},
		call: func(env *Environment, args []any) (any, error) {
			return labelMatch(env, args[0].(map[string]any), args[1].(map[string]any))
		},
	},
	{
		Name:      "lookup",
		Arguments: []Argument{arg("collection", Object, Array), arg("key", String, Number)},
		Returns:   Any,
		Doc: "Returns the value of a key of an object, or the item of a list at an index; null where there is none. A number " +
			"as the key of an object and a string as the index of a list are errors.",
		Examples: []Example{
			{Expression: "lookup(@, 'app.kubernetes.io/name')", Data: `{"app.kubernetes.io/name":"web"}`, Result: `"web"`},
			{Expression: "lookup(@, `1`)", Data: `["a","b"]`, Result: `"b"`},
			{Expression: "lookup(@, `2`)", Data: `["a","b"]`, Result: "null"},
		},
		call: func(_ *Environment, args []any) (any, error) { return lookup(args[0], args[1]) },
	},
	{
		Name:      "items",
		Arguments: []Argument{arg("collection", Object, Array), arg("keyName", String), arg("valueName", String)},
		Returns:   Array,
		Doc: "Makes a list of objects, one for each key of an object in their order or for each item of a list, with the key " +
			"or index and the value under the names given.",
		Examples: []Example{
			{Expression: "items(@, 'key', 'value')", Data: `{"b":1,"a":2}`, Result: `[{"key":"a","value":2},{"key":"b","value":1}]`},
			{Expression: "items(@, 'at', 'value')", Data: `["x"]`, Result: `[{"at":0,"value":"x"}]`},
		},
		call: func(env *Environment, args []any) (any, error) {
			return items(env, args[0], args[1].(string), args[2].(string))
		},
	},
	{
		Name:      "object_from_lists",
		Arguments: []Argument{arg("keys", Array), arg("values", Array)},
		Returns:   Object,
		Doc: "Makes an object of a list of keys (strings, numbers or booleans) and a list of their values; a key without a " +
			"value gets null.",
		Examples: []Example{{Expression: "object_from_lists(@, `[1]`)", Data: `["a","b"]`, Result: `{"a":1,"b":null}`}},
		call: func(env *Environment, args []any) (any, error) {
			return objectFromLists(env, args[0].([]any), args[1].([]any))
		},
	},
}

func labelMatch(env *Environment, wanted, labels map[string]any) (any, error) {
	for key, want := range wanted {
		got, ok := labels[key]
		if !ok {
			return false, nil
		}
		if same, err := equal(env.Budget, want, got); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func lookup(collection, key any) (any, error) {
	if object, ok := collection.(map[string]any); ok {
		name, ok := key.(string)
		if !ok {
			return nil, fault("lookup", "argument #2 is not of type String")
		}
		return object[name], nil
	}
	list := collection.([]any)
	switch key := key.(type) {
	case string:
		return nil, fault("lookup", "argument #2 is not of type Number")
	case float64:
		if key != math.Trunc(key) {
			return nil, fault("lookup", "argument #2: expected an integer number but got: %v", key)
		}
	}
	index, ok := integer(key)
	if !ok {
		return nil, fault("lookup", "argument #2: number is outside the range of integer numbers: %v", key)
	}
	if index < 0 || index >= int64(len(list)) {
		return nil, nil
	}
	return list[index], nil
}

const (
	// objectItem is what an object of two keys takes as an item of a list, in bytes.
	objectItem = 480
	// member is what a key with its value takes in an object.
	member = 64
)

func items(env *Environment, collection any, keyName, valueName string) (any, error) {
	if list, ok := collection.([]any); ok {
		if err := env.Budget.Bytes(len(list) * objectItem); err != nil {
			return nil, err
		}
		out := make([]any, len(list))
		for i, value := range list {
			out[i] = item(keyName, int64(i), valueName, value)
		}
		return out, nil
	}
	object := collection.(map[string]any)
	if err := env.Budget.Bytes(len(object) * objectItem); err != nil {
		return nil, err
	}
	out := make([]any, 0, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		out = append(out, item(keyName, key, valueName, object[key]))
	}
	return out, nil
}

// item is one object of items; where both names are the same the value stands.
func item(keyName string, key any, valueName string, value any) map[string]any {
	out := map[string]any{keyName: key}
	out[valueName] = value
	return out
}

func objectFromLists(env *Environment, keys, values []any) (any, error) {
	if err := env.Budget.Bytes(len(keys) * member); err != nil {
		return nil, err
	}
	object := make(map[string]any, len(keys))
	for i, key := range keys {
		var name string
		switch key := key.(type) {
		case string, int64, float64:
			name = digits(key)
		case bool:
			name = strconv.FormatBool(key)
		default:
			return nil, fault("object_from_lists", "argument #1 is not of type StringArray")
		}
		if i < len(values) {
			object[name] = values[i]
		} else {
			object[name] = nil
		}
	}
	return object, nil
}
