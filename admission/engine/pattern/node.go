package pattern

import (
	"cmp"
	"slices"

	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

// outcome is what a walk finds.
type outcome int

const (
	// passed: the value is as the pattern wants it.
	passed outcome = iota
	// skipped: an anchor says that the pattern does not concern this value.
	skipped
	// skippedGlobally: a global anchor says so that stands in the same map, or below it with neither list nor other
	// anchor between.
	skippedGlobally
	// failed: the value is not as the pattern wants it.
	failed
	// broken: the pattern cannot be applied to the value.
	broken
	// exhausted: the walk took more than its budget, and nothing is known of the value.
	exhausted
)

// node is a part of a compiled pattern. A walk takes its steps from a budget, and one that is given an explanation
// leaves in it why it did not pass.
type node interface {
	walk(v any, b *jmespath.Budget, x *explanation) outcome
}

// leaf is a scalar. A list is as wanted when each of its elements is.
type leaf struct {
	scalar *scalar.Comparator
}

func (l *leaf) walk(v any, b *jmespath.Budget, x *explanation) outcome {
	if b.Steps(l.cost(v)) != nil {
		return exhausted
	}
	list, ok := v.([]any)
	if !ok && l.scalar.Match(v) || ok && l.matchAll(list) {
		return passed
	}
	return x.differs(v, l.scalar.Value())
}

func (l *leaf) cost(v any) int {
	list, ok := v.([]any)
	if !ok {
		return l.scalar.Cost(v)
	}
	cost := 1
	for _, element := range list {
		cost += l.scalar.Cost(element)
	}
	return cost
}

func (l *leaf) matchAll(list []any) bool {
	for _, v := range list {
		if !l.scalar.Match(v) {
			return false
		}
	}
	return true
}

// nothing is a part of a pattern that no value fits.
type nothing struct{}

func (nothing) walk(_ any, _ *jmespath.Budget, x *explanation) outcome { return x.noList() }

// leafList is a list of scalars. Only the first counts, for every element of a list.
type leafList struct {
	leaf
}

func (l *leafList) walk(v any, b *jmespath.Budget, x *explanation) outcome {
	list, ok := v.([]any)
	if !ok {
		return x.noList()
	}
	if b.Steps(l.cost(v)) != nil {
		return exhausted
	}
	if l.matchAll(list) {
		return passed
	}
	return x.differs(v, l.scalar.Value())
}

// overlayList is a list of maps. Only the first counts, for every element of a list. It passes over elements that do
// not concern it, and is itself skipped when none does.
type overlayList struct {
	element *overlay
}

func (l *overlayList) walk(v any, b *jmespath.Budget, x *explanation) outcome {
	list, ok := v.([]any)
	if !ok {
		return x.noList()
	}
	return walkElements(list, func(int) node { return l.element }, b, x)
}

// positions is a list whose first element is a list: each element is compared with the one in the same place.
type positions struct {
	elements []node
}

func (p *positions) walk(v any, b *jmespath.Budget, x *explanation) outcome {
	list, ok := v.([]any)
	if !ok {
		return x.noList()
	}
	if len(list) < len(p.elements) {
		return x.tooShort(len(list), len(p.elements))
	}
	return walkElements(list[:len(p.elements)], func(i int) node { return p.elements[i] }, b, x)
}

// walkElements walks the elements of a list, each beside its own node.
func walkElements(list []any, nodeAt func(int) node, b *jmespath.Budget, x *explanation) outcome {
	applied, reasons := 0, reasons{}
	worst := passed
	for i := range list {
		x.enterIndex(i)
		o := nodeAt(i).walk(list[i], b, x)
		x.leave()
		switch o {
		case passed:
			applied++
		case skipped, skippedGlobally:
			reasons.add(x)
		default:
			if o == exhausted || !x.collects() {
				return o
			}
			worst = o
		}
	}
	if worst != passed {
		return worst
	}
	if applied == 0 && reasons.count > 0 {
		return reasons.skip(x)
	}
	return passed
}

// overlay is a map of a pattern.
type overlay struct {
	// anchors are judged first, in this order; then rest.
	anchors, rest []entry
	// open tells that keys hold wildcards, to be read as the keys that an object has.
	open bool
}

// cost is how much work there is in a map itself.
func (o *overlay) cost(object map[string]any) int {
	n := len(o.anchors) + len(o.rest)
	if o.open {
		return 1 + n*(1+len(object))
	}
	return 1 + n
}

// entry is a key of a pattern and what it wants.
type entry struct {
	// written is the key with its anchor, key without.
	written, key string
	anchor       anchor
	value        node
	// maps are the values of an existence anchor. It has no value, or one that nothing fits.
	maps []*overlay
	// present asks only for a value that is not null: a plain key with "*".
	present bool
	// nested tells that there are anchors somewhere below.
	nested bool
	// wildcard is set where the key stands for those of the object that fit it.
	wildcard *scalar.Wildcard
}

// newOverlay puts entries into the order in which they are judged: anchors that restrict or demand; then, backwards,
// global anchors and keys with anchors below; then the rest.
func newOverlay(entries []entry) *overlay {
	o := &overlay{}
	for _, e := range entries {
		switch e.anchor {
		case plain, global:
			o.rest = append(o.rest, e)
		default:
			o.anchors = append(o.anchors, e)
		}
		o.open = o.open || e.wildcard != nil
	}
	slices.SortStableFunc(o.anchors, func(a, b entry) int { return cmp.Compare(a.written, b.written) })
	slices.SortStableFunc(o.rest, func(a, b entry) int {
		switch aFirst, bFirst := a.first(), b.first(); {
		case aFirst && bFirst:
			return cmp.Compare(b.written, a.written)
		case aFirst:
			return -1
		case bFirst:
			return 1
		}
		return cmp.Compare(a.written, b.written)
	})
	return o
}

func (e *entry) first() bool { return e.anchor == global || e.nested }

func (o *overlay) walk(v any, b *jmespath.Budget, x *explanation) outcome {
	object, ok := v.(map[string]any)
	if !ok {
		return x.noMap(v)
	}
	if b.Steps(o.cost(object)) != nil {
		return exhausted
	}
	if o.open {
		o = o.expand(object)
	}
	x.seeKeys(o.anchors, object)
	if out := o.walkAnchors(object, b, x); out != passed {
		return out
	}
	worst := passed
	for i := range o.rest {
		out := o.rest[i].walkRest(object, b, x)
		switch {
		case out == passed:
		case out == failed && x.collects():
			worst = failed
		default:
			return out
		}
	}
	return worst
}

// walkAnchors judges the anchors of a map. A conditional anchor that does not hold skips the map, whatever else is
// wrong with it; a skip that comes from further below counts only when no other anchor applied, but for one by a global
// anchor, which is handed up, and counts above as any other.
func (o *overlay) walkAnchors(object map[string]any, b *jmespath.Budget, x *explanation) outcome {
	applied, unconcerned, reasons := 0, false, reasons{}
	worst, before := passed, x.noted()
	for i := range o.anchors {
		e := &o.anchors[i]
		switch out := e.walkAnchor(object, b, x); {
		case out == exhausted:
			return exhausted
		case out == passed:
			applied++
		case out == skipped:
			unconcerned = unconcerned || e.anchor == conditional
			reasons.add(x)
		case unconcerned:
		case out == skippedGlobally:
			return skipped
		case out == failed && x.collects():
			worst = failed
		default:
			return out
		}
	}
	if unconcerned {
		x.forget(before)
	} else if worst != passed {
		return worst
	}
	if unconcerned || applied == 0 && reasons.count > 0 {
		return reasons.skip(x)
	}
	return passed
}

// expand reads keys with wildcards as the keys of an object that fit them, all of them, or as themselves when none
// does.
func (o *overlay) expand(object map[string]any) *overlay {
	var entries []entry
	for _, e := range slices.Concat(o.anchors, o.rest) {
		if e.wildcard == nil {
			entries = append(entries, e)
			continue
		}
		found := false
		for key := range object {
			if !e.wildcard.Match(key) {
				continue
			}
			found = true
			concrete := e
			concrete.written, concrete.key, concrete.wildcard = e.anchor.withKey(key), key, nil
			entries = append(entries, concrete)
		}
		if !found {
			e.wildcard = nil
			entries = append(entries, e)
		}
	}
	return newOverlay(entries)
}

func (e *entry) walkAnchor(object map[string]any, b *jmespath.Budget, x *explanation) outcome {
	v, ok := object[e.key]
	switch {
	case e.anchor == conditional && !ok:
		return x.noCondition()
	case !ok:
		return passed
	}
	x.enter(e.key)
	defer x.leave()
	switch e.anchor {
	case negation:
		return x.forbidden()
	case existence:
		return e.walkExistence(v, b, x)
	}
	if e.anchor != conditional {
		return e.value.walk(v, b, x)
	}
	x.mute()
	out := e.value.walk(v, b, x)
	x.unmute()
	if out != passed && out != exhausted {
		x.mismatch("conditional")
		return skipped
	}
	return out
}

// walkExistence wants a list that has, for each map of the pattern, an element that passes.
func (e *entry) walkExistence(v any, b *jmespath.Budget, x *explanation) outcome {
	if e.value != nil {
		return e.value.walk(v, b, x)
	}
	list, ok := v.([]any)
	if !ok {
		return x.noExistence(v)
	}
	for _, want := range e.maps {
		switch out := existsIn(list, want, b, x); out {
		case passed:
		case exhausted:
			return exhausted
		default:
			return x.noneExists()
		}
	}
	return passed
}

func existsIn(list []any, want *overlay, b *jmespath.Budget, x *explanation) outcome {
	x.mute()
	defer x.unmute()
	for i, element := range list {
		x.enterIndex(i)
		out := want.walk(element, b, x)
		x.leave()
		if out == passed || out == exhausted {
			return out
		}
	}
	return failed
}

func (e *entry) walkRest(object map[string]any, b *jmespath.Budget, x *explanation) outcome {
	v, ok := object[e.key]
	if e.present {
		if v == nil {
			return x.notFound(e.key)
		}
		return passed
	}
	if e.anchor == global && !ok {
		return passed
	}
	x.enter(e.key)
	defer x.leave()
	if e.anchor != global {
		return e.value.walk(v, b, x)
	}
	x.mute()
	out := e.value.walk(v, b, x)
	x.unmute()
	if out != passed && out != exhausted {
		x.mismatch("global")
		return skippedGlobally
	}
	return out
}
