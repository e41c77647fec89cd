package jmespath

import (
	"slices"

	parser "github.com/kyverno/go-jmespath"
)

// maxPlaces bounds how many places a value may be followed from; beyond, what is known so far is reported.
const maxPlaces = 16

// Reads lists the chains of plain fields that the expression reads from the root of the data, without evaluating it:
// request.object.spec for request.object.spec.containers[].image gives request, object, spec, containers. A chain stands
// for everything that lies below it. More may be listed than an evaluation reads, never less, but for the root itself:
// see ReadsRoot.
func (e *Expr) Reads() [][]string {
	return slices.DeleteFunc(e.places(), func(chain []string) bool { return len(chain) == 0 })
}

// ReadsRoot tells whether the expression uses the root of the data as a whole, as @ and keys(@) do, so that any field of
// it may matter.
func (e *Expr) ReadsRoot() bool {
	return slices.ContainsFunc(e.places(), func(chain []string) bool { return len(chain) == 0 })
}

// places lists, sorted and each once, all that the expression reads. The empty chain is the root.
func (e *Expr) places() [][]string {
	var r reader
	r.read(r.follow(&e.root, []place{{}}))
	slices.SortFunc(r.chains, slices.Compare)
	return slices.CompactFunc(r.chains, slices.Equal)
}

// place is where in the data a value may come from.
type place struct {
	chain []string
	// below tells that the value is some part of what the chain leads to, so that its fields lengthen no chain.
	below bool
}

// reader collects what an expression reads.
type reader struct {
	chains [][]string
}

// read notes that the values at some places are used.
func (r *reader) read(places []place) {
	for _, p := range places {
		r.chains = append(r.chains, p.chain)
	}
}

// under are the places of the parts of some values.
func under(places []place) []place {
	parts := make([]place, len(places))
	for i, p := range places {
		parts[i] = place{p.chain, true}
	}
	return parts
}

// follow returns the places that the value of a node may come from, given those of the value it is applied to. What it
// uses otherwise is noted. Values that are made anew, of parts that have been noted, come from nowhere.
func (r *reader) follow(node *parser.ASTNode, from []place) []place {
	switch node.NodeType {
	case parser.ASTIdentity, parser.ASTCurrentNode:
		return from
	case parser.ASTField:
		return extend(from, node.Value)
	case parser.ASTSubexpression, parser.ASTIndexExpression, parser.ASTPipe:
		return r.chain(node, r.follow(&node.Children[0], from))
	case parser.ASTIndex, parser.ASTSlice:
		return under(from)
	case parser.ASTFlatten:
		places := r.follow(&node.Children[0], from)
		r.read(places)
		return under(places)
	case parser.ASTProjection, parser.ASTFilterProjection, parser.ASTValueProjection:
		places := r.follow(&node.Children[0], from)
		r.read(places)
		elements := under(places)
		if node.NodeType == parser.ASTFilterProjection {
			r.read(r.follow(&node.Children[2], elements))
		}
		return r.follow(&node.Children[1], elements)
	case parser.ASTOrExpression, parser.ASTAndExpression:
		left := r.follow(&node.Children[0], from)
		r.read(left)
		right := r.follow(&node.Children[1], from)
		if len(left)+len(right) > maxPlaces {
			r.read(right)
			return nil
		}
		return append(slices.Clip(left), right...)
	case parser.ASTExpRef:
		// It is applied to parts of another argument, which is noted as a whole.
		from = nil
	}
	for i := range node.Children {
		r.read(r.follow(&node.Children[i], from))
	}
	return nil
}

// chain follows the right side of a node from what the left side yields. Where the right side makes no use of that, it
// is read all the same.
func (r *reader) chain(node *parser.ASTNode, left []place) []place {
	before := len(r.chains)
	right := r.follow(&node.Children[1], left)
	if len(right) == 0 && len(r.chains) == before {
		r.read(left)
	}
	return right
}

// extend are the places of a field of values.
func extend(from []place, name any) []place {
	key, _ := name.(string)
	places := make([]place, len(from))
	for i, p := range from {
		if places[i] = p; !p.below {
			places[i].chain = append(slices.Clip(p.chain), key)
		}
	}
	return places
}
