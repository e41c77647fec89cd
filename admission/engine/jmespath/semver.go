package jmespath

import (
	"strings"

	"github.com/blang/semver/v4"
)

var semverFunctions = []Function{{
	Name:      "semver_compare",
	Arguments: []Argument{arg("version", String), arg("range", String)},
	Returns:   Boolean,
	Doc: "Tells whether a semantic version lies in a range, such as '>=1.2.0 <2.0.0 || 3.x'. What is no version counts as " +
		"0.0.0; what is no range is an error.",
	Examples: []Example{
		{Expression: "semver_compare('4.1.3', '>=4.1.x')", Result: "true"},
		{Expression: "semver_compare('1.8.6', '<1.0.0 || >=2.0.0')", Result: "false"},
	},
	call: func(_ *Environment, args []any) (any, error) {
		holds, err := parseRange(args[1].(string))
		if err != nil {
			return nil, err
		}
		return holds(parseVersion(args[0].(string))), nil
	},
	prepare: func(constants []any) (caller, error) {
		text, ok := constants[1].(string)
		if !ok {
			return nil, nil
		}
		holds, err := parseRange(text)
		if err != nil {
			return nil, err
		}
		return func(_ *Environment, args []any) (any, error) {
			return holds(parseVersion(args[0].(string))), nil
		}, nil
	},
}}

// maxRange is the length of a range and of a version, in bytes.
const maxRange = 1024

func parseRange(text string) (semver.Range, error) {
	if len(text) > maxRange {
		return nil, fault("semver_compare", "the range is longer than %d bytes", maxRange)
	}
	holds, err := semver.ParseRange(text)
	if err != nil || !strings.Contains(text, "||") {
		return holds, err
	}
	// The library takes an alternative in which it finds nothing, as in "1.x || x || 2.x", and then panics.
	for alternative := range strings.SplitSeq(text, " || ") {
		if _, err := semver.ParseRange(alternative); err != nil {
			return nil, err
		}
	}
	return holds, nil
}

func parseVersion(text string) semver.Version {
	if len(text) > maxRange {
		return semver.Version{}
	}
	version, err := semver.Parse(text)
	if err != nil {
		return semver.Version{}
	}
	return version
}
