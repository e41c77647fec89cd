package jmespath

import "path"

var pathFunctions = []Function{{
	Name:      "path_canonicalize",
	Arguments: []Argument{arg("path", String)},
	Returns:   String,
	Doc:       "Puts a path into its shortest form, without doubled slashes, . and .. where they can be resolved.",
	Examples: []Example{
		{Expression: "path_canonicalize('/var/run//x/../docker.sock')", Result: `"/var/run/docker.sock"`},
		{Expression: "path_canonicalize('../a/')", Result: `"../a"`},
	},
	call: func(_ *Environment, args []any) (any, error) {
		if args[0] == "" {
			return "", nil
		}
		return path.Clean(args[0].(string)), nil
	},
}}
