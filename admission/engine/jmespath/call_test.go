package jmespath

import (
	"errors"
	"strings"
	"testing"
)

// TestErrorsThatAProjectionForgives shows what becomes of a function that fails: the reference has null for a filter, a
// flattening or the values of an object of it, and an error for everything else.
func TestErrorsThatAProjectionForgives(t *testing.T) {
	for expression, fails := range map[string]bool{
		"split(zz, ',')[]": false, "split(zz, ',')[?x]": false, "split(zz, ',').*": false, "split(zz, ',')[*]": true, "split(zz, ',')[0]": true,
		"split(zz, ',') | [0]": true, "split(zz, ',') || a": true, "!split(zz, ',')": true, "[split(zz, ',')]": true, "to_array(split(zz, ','))": true,
	} {
		got, err := query(t, expression, object)
		var call *CallError
		if errors.As(err, &call) != fails || got != nil {
			t.Errorf("%s: %v %v, fails: %v", expression, got, err, fails)
		}
		if fails && (call.Function != "split" || !strings.Contains(err.Error(), "'split': argument 1 (") || !strings.HasSuffix(err.Error(), "must be string, but is null")) {
			t.Errorf("%s: %v", expression, err)
		}
	}
}

// TestPrepared shows that what can be made of literals is made once, and that literals that cannot be right are refused.
func TestPrepared(t *testing.T) {
	made := 0
	function := Function{
		Name: "prepared", Arguments: []Argument{arg("a", Any), arg("b", Any)}, Returns: Any,
		call: func(_ *Environment, args []any) (any, error) { return []any{"plain", args[0], args[1]}, nil },
		prepare: func(constants []any) (caller, error) {
			made++
			switch constants[0] {
			case nil:
				return nil, nil
			case "bad":
				return nil, errors.New("bad is not good")
			}
			return func(_ *Environment, args []any) (any, error) {
				return []any{"made", constants[0], constants[1], args[1]}, nil
			}, nil
		},
	}
	functions[function.Name] = &function
	defer delete(functions, function.Name)
	for expression, want := range map[string]string{
		"prepared(@, `1`)": `["plain",7,1]`, "prepared('x', @)": `["made","x",null,7]`, "prepared('x', `1.0`)": `["made","x",1,1]`,
	} {
		made = 0
		expr, err := Compile(expression)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got, err := expr.Evaluate(int64(7), nil); err != nil || asJSON(got) != want {
				t.Errorf("%s: %s %v, want %s", expression, asJSON(got), err, want)
			}
		}
		if made != 1 {
			t.Errorf("%s was prepared %d times", expression, made)
		}
	}
	var syntax *SyntaxError
	if _, err := Compile("a | prepared('bad', @)"); !errors.As(err, &syntax) || syntax.Column != 5 || syntax.Message != "bad is not good" {
		t.Errorf("%v", err)
	}
}
