package cel

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// maxWork bounds what the calls of metered functions may have to do in one evaluation, in elements and characters.
const maxWork = 10_000_000

// workName is the name under which calls find the meter. No expression can write it.
const workName = "@work"

// meter is the work that is left to an evaluation.
type meter struct{ left int }

// metered are functions whose work and result may be far larger than what they are given, or is repeated in it. CEL
// tells what such a call costs only after it, when memory and time are gone.
var metered = map[string]func([]ref.Val) int{
	operators.Equals:    measureAll,
	operators.NotEquals: measureAll,
	operators.In:        measureAll,
	"format":            measureAll,
	"join":              measureJoin,
	"flatten":           measureAll,
	"replace":           measureReplacement,
	"distinct":          measureProduct,
	"sets.contains":     measureProduct,
	"sets.equivalent":   measureProduct,
	"sets.intersects":   measureProduct,
}

// newMetering makes an option for programs that has metered functions ask the meter before they do anything.
func newMetering(env *cel.Env) (cel.ProgramOption, error) {
	implementations := map[string]*functions.Overload{}
	declared := env.Functions()
	for name := range metered {
		function, ok := declared[name]
		if !ok {
			return nil, fmt.Errorf("CEL function %s is missing", name)
		}
		bindings, err := function.Bindings()
		if err != nil {
			return nil, err
		}
		for _, b := range bindings {
			implementations[b.Operator] = b
		}
	}
	return cel.CustomDecoratorV2(func(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
		call, ok := i.(interpreter.InterpretableCall)
		if !ok {
			return i, nil
		}
		measure, ok := metered[call.Function()]
		if !ok {
			return i, nil
		}
		apply := implementations[call.Function()]
		if specific, ok := implementations[call.OverloadID()]; ok {
			apply = specific
		}
		return &meteredCall{InterpretableCall: call, measure: measure, apply: apply}, nil
	}), nil
}

// meteredCall is a call of a metered function.
type meteredCall struct {
	interpreter.InterpretableCall
	measure func([]ref.Val) int
	apply   *functions.Overload
}

// Eval implements interpreter.Interpretable.
func (c *meteredCall) Eval(a interpreter.Activation) ref.Val { return c.Exec(interpreter.AsFrame(a)) }

// Exec implements interpreter.InterpretableV2.
func (c *meteredCall) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	args := make([]ref.Val, len(c.Args()))
	for i, arg := range c.Args() {
		if args[i] = arg.Exec(frame); types.IsUnknownOrError(args[i]) {
			return args[i]
		}
	}
	if found, ok := frame.ResolveName(workName); ok {
		m := found.(*meter)
		if m.left -= c.measure(args); m.left < 0 {
			m.left = 0
			return types.NewErr("%s: one evaluation may not work on more than %d elements and characters", c.Function(), maxWork)
		}
	}
	switch c.Function() {
	case operators.Equals:
		return types.Equal(args[0], args[1])
	case operators.NotEquals:
		return types.Bool(types.Equal(args[0], args[1]) != types.True)
	}
	switch {
	case len(args) == 1 && c.apply.Unary != nil:
		return c.apply.Unary(args[0])
	case len(args) == 2 && c.apply.Binary != nil:
		return c.apply.Binary(args[0], args[1])
	case c.apply.Function != nil:
		return c.apply.Function(args...)
	}
	return types.NewErr("no such overload: %s", c.Function())
}

// measure counts the elements and characters of a value, as often as they are in it, and little more than most of them.
func measure(v ref.Val, most int) int {
	switch v := v.(type) {
	case types.String:
		return len(v)
	case types.Bytes:
		return len(v)
	case traits.Mapper:
		n := 1
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			key := it.Next()
			n += measure(key, most-n)
			n += measure(v.Get(key), most-n)
		}
		return n
	case traits.Lister:
		n := 1
		for it := v.Iterator(); n <= most && it.HasNext() == types.True; {
			n += measure(it.Next(), most-n)
		}
		return n
	}
	return 1
}

func measureAll(args []ref.Val) int {
	n := 0
	for _, arg := range args {
		n += measure(arg, maxWork-n)
	}
	return n
}

func measureJoin(args []ref.Val) int {
	n := measure(args[0], maxWork)
	if len(args) > 1 {
		n += clamp(size(args[0]), measure(args[1], maxWork))
	}
	return n
}

// measureReplacement is an upper bound: everything is replaced.
func measureReplacement(args []ref.Val) int {
	if len(args) < 3 {
		return 1
	}
	text, old, by := measure(args[0], maxWork), measure(args[1], maxWork), measure(args[2], maxWork)
	return text + clamp(text/max(old, 1)+1, by)
}

// measureProduct is for what compares each element with each.
func measureProduct(args []ref.Val) int {
	return clamp(size(args[0]), size(args[len(args)-1])) + measureAll(args)
}

func size(v ref.Val) int {
	if sized, ok := v.(traits.Sizer); ok {
		if n, ok := sized.Size().(types.Int); ok {
			return int(n)
		}
	}
	return 1
}

// clamp multiplies without overflow.
func clamp(a, b int) int {
	if a > 0 && b > maxWork/a+1 {
		return maxWork + 1
	}
	return a * b
}
