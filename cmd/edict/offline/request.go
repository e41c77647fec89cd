package offline

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// operations are those that values may ask for.
var operations = []eval.Operation{eval.Create, eval.Update, eval.Delete, eval.Connect}

// Request makes the request that a server would be sent about a case, as a policy is to judge it. The operation of the
// case goes before the one that values say; without either the resource is created. Values of request.object and
// request.oldObject are laid over the resource.
func (s *Session) Request(c Case, policy eval.PolicyRef) (*eval.Request, error) {
	return s.request(c.Resource, c.Operation, s.Lookup.For(c.Resource.Name).Values(policy, ""))
}

func (s *Session) request(r *Resource, asked eval.Operation, values eval.Object) (*eval.Request, error) {
	given := mapAt(values, "request")
	operation := eval.Create
	switch said := given["operation"].(type) {
	case nil:
	case string:
		operation = eval.Operation(said)
	default:
		return nil, fmt.Errorf("values: request.operation is %v; it is one of %v", said, operations)
	}
	if asked != "" {
		operation = asked
	}
	if !slices.Contains(operations, operation) {
		return nil, fmt.Errorf("values: request.operation is %q; it is one of %v", operation, operations)
	}
	req := &eval.Request{
		Kind: r.Kind, Resource: s.Kinds.Resource(r.Kind), Namespace: r.Namespace, Name: r.Name,
		Operation: operation, User: s.User, Now: s.Now, Seed: s.Seed,
	}
	// As in an AdmissionReview, an object is in no namespace where it is one itself.
	if r.Kind == (schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}) {
		req.Namespace = ""
	}
	if parent, subresource, ok := s.Values.subresourceOf(r.Kind); ok {
		req.Kind, req.Resource, req.Subresource = parent, s.Kinds.Resource(parent), subresource
	}
	if operation != eval.Delete {
		req.Object = overlaid(r.Object, mapAt(given, "object"))
	}
	if operation == eval.Update || operation == eval.Delete {
		req.OldObject = overlaid(r.Object, mapAt(given, "oldObject"))
	}
	return req, nil
}

// overlaid is an object with another laid over it, map over map by keys and all else as a whole. Neither is changed.
func overlaid(object, over eval.Object) eval.Object {
	if len(over) == 0 {
		return object
	}
	out := make(eval.Object, len(object)+len(over))
	for key, value := range object {
		out[key] = value
	}
	for key, value := range over {
		inner, isMap := value.(map[string]any)
		under, wasMap := out[key].(map[string]any)
		if isMap && wasMap {
			value = overlaid(under, inner)
		}
		out[key] = value
	}
	return out
}
