package cel

import (
	"fmt"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"k8s.io/apimachinery/pkg/util/version"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// Names that expressions see.
const (
	objectName    = plugin.ObjectVarName
	oldObjectName = plugin.OldObjectVarName
	requestName   = plugin.RequestVarName
	namespaceName = plugin.NamespaceVarName
	paramsName    = plugin.ParamsVarName
	variablesName = plugin.VariableVarName
)

// environments are made once: that is slow, and all policies share them.
var environments = sync.OnceValues(func() (environmentPair, error) {
	request, namespace := plugin.BuildRequestType(), plugin.BuildNamespaceType()
	first := version.MajorMinor(1, 0)
	without, err := environment.MustBaseEnvSet(version.MajorMinor(1, 37)).Extend(environment.VersionedOptions{
		IntroducedVersion: first,
		EnvOptions: append(orValue(),
			cel.Variable(objectName, cel.DynType),
			cel.Variable(oldObjectName, cel.DynType),
			cel.Variable(requestName, request.CelType()),
			cel.Variable(namespaceName, namespace.CelType()),
		),
		DeclTypes: []*apiservercel.DeclType{request, namespace},
	}, environment.StrictCostOpt)
	if err != nil {
		return environmentPair{}, fmt.Errorf("CEL environment: %w", err)
	}
	with, err := without.StoredExpressionsEnv().Extend(cel.Variable(paramsName, cel.DynType))
	if err != nil {
		return environmentPair{}, fmt.Errorf("CEL environment with params: %w", err)
	}
	metering, err := newMetering(with)
	if err != nil {
		return environmentPair{}, err
	}
	return environmentPair{without: without.StoredExpressionsEnv(), with: with, metering: metering}, nil
})

// environmentPair are the environments without and with params.
type environmentPair struct {
	without, with *cel.Env
	metering      cel.ProgramOption
}

// newProgram makes a program that stays within all bounds.
func newProgram(env *cel.Env, ast *cel.Ast) (cel.Program, error) {
	pair, err := environments()
	if err != nil {
		return nil, err
	}
	return env.Program(ast, pair.metering, cel.InterruptCheckFrequency(maxIterations))
}

// newEnvironment returns the environment that a rule's expressions are compiled in, and with it the types of the rule's
// variables, which grow as they are compiled.
func newEnvironment(params, variables bool) (*cel.Env, variableTypes, error) {
	pair, err := environments()
	if err != nil {
		return nil, variableTypes{}, err
	}
	env := pair.without
	if params {
		env = pair.with
	}
	if !variables {
		return env, variableTypes{}, nil
	}
	declared := variableTypes{Provider: env.CELTypeProvider(), byName: map[string]*types.Type{}}
	env, err = env.Extend(cel.CustomTypeProvider(declared), cel.Variable(variablesName, variablesType))
	if err != nil {
		return nil, variableTypes{}, fmt.Errorf("CEL environment with variables: %w", err)
	}
	return env, declared, nil
}

var variablesType = cel.ObjectType("kubernetes.variables")

// variableTypes tells the types of variables beside all other types, so that a variable that is not declared, or not
// yet, is an error when an expression is compiled.
type variableTypes struct {
	types.Provider
	byName map[string]*types.Type
}

func (v variableTypes) FindStructType(name string) (*types.Type, bool) {
	if name == variablesType.TypeName() {
		return types.NewTypeTypeWithParam(variablesType), true
	}
	return v.Provider.FindStructType(name)
}

func (v variableTypes) FindStructFieldNames(name string) ([]string, bool) {
	if name != variablesType.TypeName() {
		return v.Provider.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(v.byName))
	for name := range v.byName {
		names = append(names, name)
	}
	return names, true
}

func (v variableTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if name != variablesType.TypeName() {
		return v.Provider.FindStructFieldType(name, field)
	}
	found, ok := v.byName[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: found}, true
}

// variableType is the type that a variable is known by: values other than scalars, lists and maps have none, so that an
// expression may do with them whatever it may do with a field of an object.
func variableType(t *types.Type) *types.Type {
	switch t.Kind() {
	case types.AnyKind, types.BoolKind, types.BytesKind, types.DoubleKind, types.DurationKind, types.IntKind,
		types.NullTypeKind, types.StringKind, types.TimestampKind, types.UintKind:
		return t
	case types.ListKind:
		return types.NewListType(variableType(t.Parameters()[0]))
	case types.MapKind:
		return types.NewMapType(variableType(t.Parameters()[0]), variableType(t.Parameters()[1]))
	}
	return types.DynType
}
