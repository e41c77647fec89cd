package variable

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

const (
	// maxBytes bounds what all expressions of one rule and evaluation may build.
	maxBytes = 64 << 20
	// MaxSteps bounds what one rule may do in one evaluation, in steps of some ten nanoseconds: its expressions,
	// conditions, elements and patterns together.
	MaxSteps = 10_000_000
	// maxContext bounds the size, as JSON, of all context entries of one rule and evaluation.
	maxContext = 2 << 20
	// maxText bounds a text after substitution.
	maxText = 2 << 20
)

// Config is what a Scope is made of.
type Config struct {
	Request *eval.Request
	Lookup  eval.Lookup
	Policy  eval.PolicyRef
	// Rule is the one that is evaluated, autogen- prefix and all.
	Rule string
	// Images returns the value of the variable images; nil where there is none.
	Images func() (map[string]any, error)
	// Context are the rule's own entries; nil where it has none.
	Context *Context
}

// Scope is what variables see while one rule is evaluated for one request. It builds and looks up only what they
// mention. It is not safe for concurrent use.
type Scope struct {
	*evaluation
	// parent is the scope around a foreach; nil in that of the rule.
	parent *Scope
	// inForEach tells that there are element, index and level.
	inForEach    bool
	element      any
	index, level int
	// entries are those of the rule or the foreach, of which the first visible ones can be seen, and loaded what is
	// known of them.
	entries *Context
	visible int
	loaded  []slot
}

// slot holds a context entry once it was looked up.
type slot struct {
	done  bool
	value any
	err   error
}

// evaluation is what all scopes of one rule and evaluation share.
type evaluation struct {
	config      Config
	environment jmespath.Environment
	source      rand.PCG
	random      rand.Rand
	// values are laid over everything but what was looked up.
	values eval.Object
	// known is the variable request as it is asked for, with values laid over it where there are some.
	known jmespath.Lazy
	plain request
	// deleting tells that texts which say request.object mean request.oldObject.
	deleting bool
	// contextBytes is the size of what was looked up.
	contextBytes int
	images       slot
}

// NewScope returns the scope of a rule.
func NewScope(c Config) *Scope {
	// One allocation serves for all that an evaluation always needs.
	all := &struct {
		evaluation
		scope Scope
	}{}
	e, s := &all.evaluation, &all.scope
	e.config = c
	e.source.Seed(c.Request.Seed, 0)
	e.random = *rand.New(&e.source)
	e.environment = jmespath.Environment{
		Now: c.Request.Now, Rand: &e.random, Resolve: e.resolve, Budget: jmespath.NewBudget(maxBytes, MaxSteps),
	}
	e.plain.evaluation = e
	e.known = &e.plain
	if c.Lookup != nil {
		e.values = c.Lookup.Values(c.Policy, c.Rule)
	}
	e.deleting = c.Request.Operation == eval.Delete
	if over, ok := e.values["request"].(map[string]any); ok {
		e.known = &overlay{base: e.known, over: over}
		if operation, ok := over["operation"]; ok {
			e.deleting = operation == string(eval.Delete)
		}
	}
	s.evaluation = e
	s.see(c.Context)
	return s
}

func (s *Scope) see(entries *Context) {
	s.entries = entries
	if entries != nil {
		s.visible = len(entries.entries)
		s.loaded = make([]slot, s.visible)
	}
}

// Element returns the scope of one element of a foreach. Level is 0 for a foreach of the rule, 1 for one in that, and
// so on; entries are the foreach's own.
func (s *Scope) Element(element any, index, level int, entries *Context) *Scope {
	child := &Scope{evaluation: s.evaluation, parent: s, inForEach: true, element: element, index: index, level: level}
	child.see(entries)
	return child
}

// Request is what is asked.
func (s *Scope) Request() *eval.Request { return s.config.Request }

// Lookup is who answers what the request does not hold.
func (s *Scope) Lookup() eval.Lookup { return s.config.Lookup }

// Query returns the value of an expression.
func (s *Scope) Query(expression *jmespath.Expr) (any, error) {
	if s.hasEntries() {
		if err := s.load(entryNames(expression)); err != nil {
			return nil, err
		}
	}
	return s.query(expression)
}

func (s *Scope) query(expression *jmespath.Expr) (any, error) {
	v, err := expression.Evaluate((*root)(s), &s.environment)
	if err == nil {
		return v, nil
	}
	var missing *jmespath.NotFoundError
	if errors.As(err, &missing) && s.isDefinedBelow(missing.Key) && slices.Contains(entryNames(expression), missing.Key) {
		err = fmt.Errorf("%w: a context entry sees only those above it, and %s stands at it or below", err, missing.Key)
	}
	return nil, fmt.Errorf("JMESPath query failed: %w", err)
}

// isDefinedBelow tells whether there is an entry that cannot be seen yet.
func (s *Scope) isDefinedBelow(name string) bool {
	for f := s; f != nil; f = f.parent {
		if f.entries == nil {
			continue
		}
		for _, e := range f.entries.entries[f.visible:] {
			if e.name == name {
				return true
			}
		}
	}
	return false
}

// load looks up the context entries that are mentioned, whether or not the expression comes to need them, so that its
// outcome does not depend on the order in which its parts are evaluated.
func (s *Scope) load(names []string) error {
	for _, name := range names {
		if f, i := s.find(name); f != nil {
			if _, err := f.entry(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasEntries tells whether there are context entries to be seen.
func (s *Scope) hasEntries() bool {
	for f := s; f != nil; f = f.parent {
		if f.visible > 0 {
			return true
		}
	}
	return false
}

// find returns the entry that a name stands for, and the scope that it belongs to.
func (s *Scope) find(name string) (*Scope, int) {
	for f := s; f != nil; f = f.parent {
		for i := f.visible - 1; i >= 0; i-- {
			if f.entries.entries[i].name == name {
				return f, i
			}
		}
	}
	return nil, 0
}

// entry returns the value of a context entry. It is looked up once, and sees only what stands above it.
func (s *Scope) entry(i int) (any, error) {
	if l := &s.loaded[i]; l.done {
		return l.value, l.err
	}
	above := *s
	above.visible = i
	v, err := s.entries.entries[i].value(&above)
	if err == nil {
		if s.contextBytes += sizeOf(v, maxContext-s.contextBytes); s.contextBytes > maxContext {
			v, err = nil, fmt.Errorf("%w: with entry %s the context of the rule is larger than %d bytes", jmespath.ErrBudget, s.entries.entries[i].name, maxContext)
		}
	}
	s.loaded[i] = slot{done: true, value: v, err: err}
	return v, err
}

// text is a value as part of a text, as long as texts may be.
func (s *Scope) text(v any) (string, error) {
	if size := sizeOf(v, maxText); size > maxText {
		return "", fmt.Errorf("%w: a text with its value is longer than %d bytes", jmespath.ErrBudget, maxText)
	}
	out, err := asText(v)
	if err != nil {
		return "", err
	}
	return out, s.environment.Budget.Bytes(len(out))
}

// Budget is what is left of what the evaluation may build and do.
func (s *Scope) Budget() *jmespath.Budget { return s.environment.Budget }

// Spend takes steps from what the evaluation may do: about as many as elements are looked at.
func (s *Scope) Spend(steps int) error { return s.environment.Budget.Steps(steps) }

// SpendOn takes so many steps for each value in one.
func (s *Scope) SpendOn(v any, steps int) error { return s.Spend(steps * stepsOf(v, MaxSteps/steps)) }

func (e *evaluation) resolve(host string) ([]string, error) {
	found, err := e.config.Lookup.Read(eval.Source{Policy: e.config.Policy, Host: &eval.HostSource{Name: host}})
	if err != nil {
		return nil, err
	}
	list, ok := found.([]any)
	if !ok {
		return nil, fmt.Errorf("the addresses of host %s are no list", host)
	}
	addresses := make([]string, len(list))
	for i := range list {
		if addresses[i], ok = list[i].(string); !ok {
			return nil, fmt.Errorf("an address of host %s is no string", host)
		}
	}
	return addresses, nil
}

// root is the object that expressions are evaluated on.
type root Scope

// Field returns what a name stands for.
func (r *root) Field(name string) (any, bool, error) {
	s := (*Scope)(r)
	if f, i := s.find(name); f != nil {
		v, err := f.entry(i)
		return v, err == nil, err
	}
	if v, ok := s.forEach(name); ok {
		return v, true, nil
	}
	if name == "request" {
		return s.known, true, nil
	}
	if v, ok := s.values[name]; ok {
		return v, true, nil
	}
	switch name {
	case "images":
		return s.imagesValue()
	case "serviceAccountName", "serviceAccountNamespace":
		v, ok := s.serviceAccount(name)
		return v, ok, nil
	}
	return nil, false, nil
}

// forEach returns the element or index that a name stands for.
func (s *Scope) forEach(name string) (any, bool) {
	if !strings.HasPrefix(name, "element") {
		return nil, false
	}
	for f := s; f != nil; f = f.parent {
		if !f.inForEach {
			continue
		}
		switch name {
		case "element", "element" + strconv.Itoa(f.level):
			return f.element, true
		case "elementIndex", "elementIndex" + strconv.Itoa(f.level):
			return int64(f.index), true
		}
	}
	return nil, false
}

func (s *Scope) imagesValue() (any, bool, error) {
	if !s.images.done {
		s.images.done = true
		if s.config.Images != nil {
			found, err := s.config.Images()
			s.images.err = err
			if found != nil {
				s.images.value = found
			}
		}
	}
	return s.images.value, s.images.value != nil, s.images.err
}

// All returns everything that is known by now: of context entries and images only what was mentioned before.
func (r *root) All() (map[string]any, error) {
	s := (*Scope)(r)
	out := maps.Clone(s.values)
	if out == nil {
		out = map[string]any{}
	}
	all, err := s.known.All()
	if err != nil {
		return nil, err
	}
	out["request"] = all
	for _, name := range []string{"serviceAccountName", "serviceAccountNamespace"} {
		if _, given := s.values[name]; given {
			continue
		}
		if v, ok := s.serviceAccount(name); ok {
			out[name] = v
		}
	}
	if _, given := s.values["images"]; !given && s.images.value != nil {
		out["images"] = s.images.value
	}
	for _, f := range slices.Backward(s.chain()) {
		if f.inForEach {
			level := strconv.Itoa(f.level)
			out["element"], out["element"+level] = f.element, f.element
			out["elementIndex"], out["elementIndex"+level] = int64(f.index), int64(f.index)
		}
		for i := range f.visible {
			if l := f.loaded[i]; l.done && l.err == nil {
				out[f.entries.entries[i].name] = l.value
			}
		}
	}
	return out, nil
}

// chain are the scope and those around it.
func (s *Scope) chain() []*Scope {
	var out []*Scope
	for f := s; f != nil; f = f.parent {
		out = append(out, f)
	}
	return out
}
