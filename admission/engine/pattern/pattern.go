package pattern

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/jmespath"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

const (
	// maxDepth bounds how deep a pattern may be nested, and with it every walk: the deepest objects of Kubernetes
	// stay far below.
	maxDepth = 100
	// maxNodes bounds how large a pattern may be.
	maxNodes = 20_000
	// maxExplained bounds the steps of a walk that keeps track of reasons. Each of them takes longer than one of a walk
	// that does not.
	maxExplained = 1_000_000
)

// Pattern is a compiled pattern. It is immutable.
type Pattern struct {
	root node
}

// New compiles a pattern given as decoded JSON. Errors name the key below path that is at fault.
func New(v any, path *field.Path) (*Pattern, field.ErrorList) {
	return newPattern(&compiler{}, v, path)
}

// NewSubstituted compiles a pattern that variables have been substituted in. It need not have the form that New asks of
// what people write: what fits nothing, such as an empty list, fails what it is compared with.
func NewSubstituted(v any, path *field.Path) (*Pattern, field.ErrorList) {
	return newPattern(&compiler{substituted: true}, v, path)
}

func newPattern(c *compiler, v any, path *field.Path) (*Pattern, field.ErrorList) {
	root := c.compile(v, place{path: path})
	if len(c.errs) > 0 {
		return nil, c.errs
	}
	return &Pattern{root: root}, nil
}

// explain walks again, with an ear for why an object does not pass. A failure counts as broken when the pattern has a
// () or ^() anchor on a key that was nowhere to be found: what the pattern was written for is then not what it met.
func (p *Pattern) explain(object any, confidential bool) (outcome, *explanation) {
	x := &explanation{confidential: confidential}
	out := p.root.walk(object, jmespath.NewBudget(0, maxExplained), x)
	if out == failed && !x.denied && x.missesKey() {
		out = broken
	}
	return out, x
}

// violations are the places where an object does not pass, all of them and not just the first; complete is false when
// there may be more.
func (p *Pattern) violations(object any) (places []string, complete bool) {
	x := &explanation{all: true}
	out := p.root.walk(object, jmespath.NewBudget(0, maxExplained), x)
	return x.violations, out != exhausted && len(x.violations) < maxViolations
}

// place is where a part of a pattern stands: its path, its depth, and the names of the keys above, as far as they
// decide how keys and values are read.
type place struct {
	path        *field.Path
	depth       int
	key, parent string
}

func (p place) child(path *field.Path, key string) place {
	return place{path: path, depth: p.depth + 1, key: key, parent: p.key}
}

// element is the place of a list's element: what stands there is not itself the value of the key above.
func (p place) element(i int) place {
	return place{path: p.path.Index(i), depth: p.depth + 1}
}

// isMetadataMap tells whether the place holds labels or annotations.
func (p place) isMetadataMap() bool {
	return p.parent == "metadata" && (p.key == "labels" || p.key == "annotations")
}

type compiler struct {
	// substituted tells that the form of the pattern is not what its author wrote.
	substituted bool
	nodes       int
	errs        field.ErrorList
}

// misshapen refuses a part that fits nothing, if its author wrote it so.
func (c *compiler) misshapen(path *field.Path, v any, detail string) {
	if !c.substituted {
		c.invalid(path, v, "%s", detail)
	}
}

func (c *compiler) invalid(path *field.Path, v any, detail string, args ...any) {
	c.errs = append(c.errs, field.Invalid(path, v, fmt.Sprintf(detail, args...)))
}

// compile never returns nil without an error, and stops at the first place that is too deep or too much.
func (c *compiler) compile(v any, at place) node {
	c.nodes++
	switch {
	case at.depth > maxDepth:
		c.errs = append(c.errs, field.Forbidden(at.path, fmt.Sprintf("a pattern may not be nested deeper than %d levels", maxDepth)))
		return nil
	case c.nodes > maxNodes:
		if c.nodes == maxNodes+1 {
			c.errs = append(c.errs, field.Forbidden(at.path, fmt.Sprintf("a pattern may not have more than %d keys and values", maxNodes)))
		}
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		return c.compileMap(v, at)
	case []any:
		return c.compileList(v, at)
	}
	return &leaf{scalar: c.compileScalar(v, at.path)}
}

func (c *compiler) compileScalar(v any, path *field.Path) *scalar.Comparator {
	comparator, err := scalar.NewComparator(v)
	if err != nil {
		c.invalid(path, v, "%v", err)
	}
	return comparator
}

func (c *compiler) compileList(list []any, at place) node {
	if len(list) == 0 {
		c.misshapen(at.path, []any{}, "an empty list fits nothing; give the pattern that each element must fit, or leave the key out")
		return nothing{}
	}
	nodes := make([]node, len(list))
	for i, v := range list {
		nodes[i] = c.compile(v, at.element(i))
	}
	switch first := nodes[0].(type) {
	case *overlay:
		return &overlayList{element: first}
	case *leaf:
		return &leafList{leaf: *first}
	}
	return &positions{elements: nodes}
}

func (c *compiler) compileMap(object map[string]any, at place) node {
	entries := make([]entry, 0, len(object))
	for _, written := range sortedKeys(object) {
		path := at.path.Child(written)
		e := entry{written: written}
		e.anchor, e.key = parseKey(written)
		value := object[written]
		if at.isMetadataMap() {
			c.compileMetadataKey(&e, value, path)
		}
		switch e.anchor {
		case addition:
			c.misshapen(path, written, "the anchor +() belongs to mutate rules; in validate rules (), =(), ^(), X() and <() may be used")
			// Substituted it is a key like any other, parentheses and all.
			e.anchor, e.key = plain, written
			e.value = c.compile(value, at.child(path, e.key))
		case existence:
			e.value, e.maps = c.compileExistence(value, at.child(path, e.key))
		case negation:
			// Whatever the value is, the key must be absent.
		default:
			e.value = c.compile(value, at.child(path, e.key))
			e.present = e.anchor == plain && value == "*"
		}
		e.nested = hasAnchors(value, at.depth)
		entries = append(entries, e)
	}
	return newOverlay(entries)
}

// compileMetadataKey sees to what holds for labels and annotations only: values are strings, and keys may hold
// wildcards.
func (c *compiler) compileMetadataKey(e *entry, value any, path *field.Path) {
	if _, ok := value.(string); !ok {
		c.misshapen(path, value, "labels and annotations are strings; put the value in double quotes")
	}
	if !scalar.HasWildcard(e.key) {
		return
	}
	var err error
	if e.wildcard, err = scalar.NewWildcard(e.key); err != nil {
		c.invalid(path, e.written, "%v", err)
	}
}

// compileExistence returns the maps that must exist, or what stands for them where they cannot.
func (c *compiler) compileExistence(value any, at place) (node, []*overlay) {
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		c.misshapen(at.path, value, "the anchor ^() takes a list of one or more maps, for each of which one element must exist")
	}
	if !ok {
		return nothing{}, nil
	}
	var instead node
	var found []*overlay
	for i, v := range list {
		switch n := c.compile(v, at.element(i)).(type) {
		case *overlay:
			found = append(found, n)
		case nil:
		default:
			c.misshapen(at.path.Index(i), v, "the anchor ^() takes a list of maps")
			instead = nothing{}
		}
	}
	return instead, found
}

// hasAnchors tells whether there is an anchor anywhere below a key.
func hasAnchors(v any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if a, _ := parseKey(key); a != plain || hasAnchors(value, depth+1) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return hasAnchors(element, depth+1) })
	}
	return false
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
