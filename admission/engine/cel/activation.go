package cel

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/cel/lazy"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// errIterations is the error of an expression that goes through too much.
var errIterations = fmt.Errorf("operation cancelled: the cost of more than %d iterations is too high", maxIterations)

// errBudget is the error of expressions that cost too much together.
var errBudget = errors.New("validation failed due to running out of cost budget, no further validation rules will be run")

// maxIterations bounds the iterations of all comprehensions of one expression. Their time grows with the square of their
// number, because of how CEL counts cost, so that the limit of cost alone would come minutes too late.
const maxIterations = 20_000

// interrupted is a context that is over: an evaluation looks at it for the first time in its last iteration.
var interrupted = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// activation is what the expressions of one rule see of one request, and what they have cost so far. It belongs to one
// evaluation.
type activation struct {
	request   *eval.Request
	lookup    eval.Lookup
	policy    eval.PolicyRef
	params    any
	variables []variable
	// budget is what is left of it.
	budget uint64

	work meter

	requestValue, namespaceValue, variablesValue any
	// unread is the error of data that could not be read. Whatever the expressions make of that, there is no verdict.
	unread error
	// exhausted says what was too much. Then nothing more is evaluated.
	exhausted error
}

// ResolveName gives values to the names that expressions mention, at the first mention.
func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case objectName:
		return orNull(a.request.Object), true
	case oldObjectName:
		return orNull(a.request.OldObject), true
	case paramsName:
		return a.params, true
	case requestName:
		if a.requestValue == nil {
			a.requestValue = requestMap(a.request)
		}
		return a.requestValue, true
	case namespaceName:
		if a.namespaceValue == nil {
			a.namespaceValue = a.readNamespace()
		}
		return a.namespaceValue, true
	case workName:
		return &a.work, true
	case variablesName:
		if a.variablesValue == nil {
			a.variablesValue = a.lazyVariables()
		}
		return a.variablesValue, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// evaluate spends of the budget.
func (a *activation) evaluate(e *expression) (ref.Val, error) {
	if a.exhausted != nil {
		return nil, a.exhausted
	}
	value, details, err := e.program.ContextEval(interrupted, a)
	cost := charge(details)
	switch {
	case errors.Is(err, interpreter.InterruptError{}):
		a.exhausted = errIterations
	case cost > a.budget:
		a.exhausted = errBudget
	}
	if a.exhausted != nil {
		return nil, a.exhausted
	}
	a.budget -= cost
	return value, err
}

// charge is what an evaluation takes of the budget: its cost, and more than that where much cost at once has taken more
// than its share of time.
func charge(details *cel.EvalDetails) uint64 {
	cost := details.ActualCost()
	if cost == nil {
		return 0
	}
	return *cost + *cost**cost/100_000
}

// holds evaluates a condition. The error says which expression it is about.
func (a *activation) holds(e *expression) (bool, error) {
	value, err := a.evaluate(e)
	switch {
	case a.unread != nil:
		return false, a.unread
	case a.exhausted != nil:
		return false, a.exhausted
	case err != nil:
		return false, fmt.Errorf("expression '%s' resulted in error: %w", e.text, err)
	}
	return value == types.True, nil
}

func (a *activation) lazyVariables() ref.Val {
	all := lazy.NewMapValue(variablesType)
	for i := range a.variables {
		v := &a.variables[i]
		all.Append(v.name, func(*lazy.MapValue) ref.Val {
			value, err := a.evaluate(v.expression)
			if err != nil {
				return types.NewErr("composited variable %q fails to evaluate: %v", v.name, err)
			}
			return value
		})
	}
	return all
}

// readNamespace is null for what is in no namespace.
func (a *activation) readNamespace() any {
	name := a.request.Namespace
	if name == "" {
		return types.NullValue
	}
	found, err := a.lookup.Read(eval.Source{Policy: a.policy, Namespace: &eval.NamespaceSource{Name: name}})
	if err != nil {
		a.unread = fmt.Errorf("Error getting the resource's namespace: %w", err)
		return types.NewErr("%v", a.unread)
	}
	object, ok := found.(map[string]any)
	if !ok {
		a.unread = fmt.Errorf("Error getting the resource's namespace: %q is %T and not an object", name, found)
		return types.NewErr("%v", a.unread)
	}
	return object
}

// orNull keeps a missing object from looking like an empty one.
func orNull(object eval.Object) any {
	if object == nil {
		return types.NullValue
	}
	return object
}

// requestMap is the request as expressions see it. What is empty is left out, as it is in JSON.
func requestMap(req *eval.Request) map[string]any {
	kind := map[string]any{"group": req.Kind.Group, "version": req.Kind.Version, "kind": req.Kind.Kind}
	resource := resourceMap(req.Resource)
	out := map[string]any{
		"kind": kind, "requestKind": kind,
		"resource": resource, "requestResource": resource,
		"operation": string(req.Operation),
		"userInfo":  userMap(req.User),
		"dryRun":    req.DryRun,
		"options":   orNull(req.Options),
	}
	maps.Copy(out, nonEmpty("name", req.Name, "namespace", req.Namespace, "subResource", req.Subresource, "requestSubResource", req.Subresource))
	return out
}

func resourceMap(r schema.GroupVersionResource) map[string]any {
	return map[string]any{"group": r.Group, "version": r.Version, "resource": r.Resource}
}

func userMap(user *eval.User) map[string]any {
	if user == nil {
		return map[string]any{}
	}
	out := nonEmpty("username", user.Name, "uid", user.UID)
	if len(user.Groups) > 0 {
		out["groups"] = user.Groups
	}
	if len(user.Extra) > 0 {
		out["extra"] = user.Extra
	}
	return out
}

// nonEmpty makes a map of keys and values in turn, without those that are empty.
func nonEmpty(pairs ...string) map[string]any {
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out[pairs[i]] = pairs[i+1]
		}
	}
	return out
}
