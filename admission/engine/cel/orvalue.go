package cel

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// orValue has expressions of the form x.orValue(y) take x for itself where it is no optional value, as CEL did until
// cel-go 0.29: policies rely on that for fields without a type, for example container.volumeMounts.orValue([]).
func orValue() []cel.EnvOption {
	// A name that expressions cannot write.
	const name = "@orValue"
	value := cel.TypeParamType("T")
	return []cel.EnvOption{
		cel.Macros(cel.ReceiverMacro("orValue", 1, func(f cel.MacroExprFactory, target ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
			return f.NewCall(name, target, args[0]), nil
		})),
		cel.Function(name, decls.DisableTypeGuards(true), cel.Overload("optional_or_itself_or_value", []*cel.Type{cel.OptionalType(value), value}, value,
			// Not strict, so that an error of the value is none where the value is not taken.
			cel.OverloadIsNonStrict(),
			cel.BinaryBinding(func(target, otherwise ref.Val) ref.Val {
				optional, ok := target.(*types.Optional)
				switch {
				case !ok:
					return target
				case optional.HasValue():
					return optional.GetValue()
				}
				return otherwise
			}),
		)),
	}
}
