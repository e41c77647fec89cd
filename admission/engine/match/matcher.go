package match

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

// Matcher decides for one rule whether it concerns a request. It is immutable.
type Matcher struct {
	match   *block
	exclude *block
	// namespace is that of a namespaced Policy, which concerns nothing outside it.
	namespace string
}

// New compiles the match and exclude of a rule. Namespace is that of the policy, empty for a ClusterPolicy. Matcher
// is nil when match itself is at fault; with an error in exclude alone it is one that leaves nothing out.
func New(match, exclude *v1.MatchResources, namespace string, path *field.Path) (*Matcher, field.ErrorList) {
	included, errs := newBlock(match, path.Child("match"))
	errs = append(errs, included.requireKinds()...)
	var m *Matcher
	if len(errs) == 0 {
		m = &Matcher{match: included, namespace: namespace}
	}
	if exclude == nil || isEmpty(exclude) {
		return m, errs
	}
	excluded, excludeErrs := newBlock(exclude, path.Child("exclude"))
	if m != nil && len(excludeErrs) == 0 {
		m.exclude = excluded
	}
	return m, append(errs, excludeErrs...)
}

// Match tells whether the rule concerns the request. An error means that it cannot be told.
func (m *Matcher) Match(req *eval.Request, lookup eval.Lookup) (bool, error) {
	if m.namespace != "" && m.namespace != req.Namespace {
		return false, nil
	}
	matched, err := m.match.holds(req, lookup, someName)
	if err != nil || !matched || m.exclude == nil {
		return matched, err
	}
	excluded, err := m.exclude.holds(req, lookup, everyName)
	return !excluded && err == nil, err
}

// Concern is what many requests have in common: their kind, and where it is known their operation and namespace.
type Concern struct {
	Kind        schema.GroupVersionKind
	Subresource string
	// Operation is empty for any.
	Operation eval.Operation
	// Namespace is empty for any, and for what is in none.
	Namespace string
}

// Concerns tells whether such a request could match at all. It is cheap, and never wrong when it says no.
func (m *Matcher) Concerns(c Concern) bool {
	if m.namespace != "" && c.Namespace != "" && m.namespace != c.Namespace {
		return false
	}
	could := func(f *filter) bool { return f.concerns(&c) }
	if m.match.all {
		return !slices.ContainsFunc(m.match.filters, func(f *filter) bool { return !could(f) })
	}
	return slices.ContainsFunc(m.match.filters, could)
}

// Namespaces returns patterns of names such that what is matched is in one of these namespaces; ok is false where it may
// be in any, or in none.
func (m *Matcher) Namespaces() (patterns []string, ok bool) {
	if m.namespace != "" {
		return []string{m.namespace}, true
	}
	for _, f := range m.match.filters {
		limited := len(f.namespaces) > 0 && !f.meansNamespaces()
		switch {
		case limited && m.match.all:
			return texts(f.namespaces), true
		case limited:
			patterns = append(patterns, texts(f.namespaces)...)
		case !m.match.all:
			return nil, false
		}
	}
	return patterns, !m.match.all
}

// meansNamespaces tells whether a filter may fit objects of kind Namespace, which are in none.
func (f *filter) meansNamespaces() bool {
	return len(f.kinds) == 0 || slices.ContainsFunc(f.kinds, func(k kindMatcher) bool { return k.kind.Match("Namespace") })
}

func texts(list []*scalar.Wildcard) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = w.String()
	}
	return out
}

// Target is a kind that a rule asks for, and the operations on it.
type Target struct {
	KindSelector
	Operations []eval.Operation
}

// Targets are the kinds and operations that match names, less the operations that exclude takes away from a kind
// altogether. They may say more than can match, never less.
func (m *Matcher) Targets() []Target {
	var targets []Target
	for _, f := range m.match.filters {
		for _, k := range f.kinds {
			operations := slices.Clone(f.operations)
			if len(operations) == 0 {
				operations = slices.Clone(allOperations)
			}
			operations = slices.DeleteFunc(operations, func(op eval.Operation) bool { return m.excludes(k.selector, op) })
			if len(operations) > 0 {
				targets = append(targets, Target{KindSelector: k.selector, Operations: operations})
			}
		}
	}
	return targets
}

// excludes tells whether an operation on a kind can never match, because exclude names both and asks for nothing else.
func (m *Matcher) excludes(kind KindSelector, op eval.Operation) bool {
	if m.exclude == nil || m.exclude.all {
		return false
	}
	return slices.ContainsFunc(m.exclude.filters, func(f *filter) bool {
		return !f.empty && f.onlyKindsAndOperations() &&
			(len(f.operations) == 0 || slices.Contains(f.operations, op)) &&
			(len(f.kinds) == 0 || slices.ContainsFunc(f.kinds, func(k kindMatcher) bool { return k.selector == kind }))
	})
}

// block is a match or an exclude.
type block struct {
	filters []*filter
	paths   []*field.Path
	// all tells that every filter must hold, not just one.
	all bool
}

func isEmpty(m *v1.MatchResources) bool {
	return len(m.Any) == 0 && len(m.All) == 0 && m.Resources == nil &&
		len(m.Subjects) == 0 && len(m.Roles) == 0 && len(m.ClusterRoles) == 0
}

// maxFilters bounds the filters of match, and those of exclude.
const maxFilters = 500

func newBlock(m *v1.MatchResources, path *field.Path) (*block, field.ErrorList) {
	b := &block{}
	if isEmpty(m) {
		return b, field.ErrorList{field.Required(path, "match cannot be empty; list filters under any or all")}
	}
	var errs field.ErrorList
	add := func(f *v1.ResourceFilter, path *field.Path) {
		compiled, filterErrs := newFilter(f, path)
		errs = append(errs, filterErrs...)
		b.filters = append(b.filters, compiled)
		b.paths = append(b.paths, path)
	}
	flat := m.Resources != nil || len(m.Subjects) > 0 || len(m.Roles) > 0 || len(m.ClusterRoles) > 0
	switch {
	case len(m.Any) > maxFilters:
		errs = append(errs, field.TooMany(path.Child("any"), len(m.Any), maxFilters))
	case len(m.All) > maxFilters:
		errs = append(errs, field.TooMany(path.Child("all"), len(m.All), maxFilters))
	case len(m.Any) > 0 && len(m.All) > 0:
		errs = append(errs, field.Forbidden(path.Child("all"), "any and all cannot be used together"))
	case flat && len(m.Any)+len(m.All) > 0:
		errs = append(errs, field.Forbidden(path.Child("resources"), "cannot be used together with any or all; make it a filter of theirs"))
	case len(m.Any) > 0:
		for i := range m.Any {
			add(&m.Any[i], path.Child("any").Index(i))
		}
	case len(m.All) > 0:
		b.all = true
		for i := range m.All {
			add(&m.All[i], path.Child("all").Index(i))
		}
	default:
		add(&m.ResourceFilter, path)
	}
	return b, errs
}

// requireKinds holds for match only: exclude may go by names or labels alone.
func (b *block) requireKinds() field.ErrorList {
	var errs field.ErrorList
	for i, f := range b.filters {
		if len(f.kinds) == 0 {
			errs = append(errs, field.Required(b.paths[i].Child("resources", "kinds"), "at least one kind must be listed"))
		}
	}
	return errs
}

// holds weighs the filters. An error counts only when it could turn the answer.
func (b *block) holds(req *eval.Request, lookup eval.Lookup, q quantifier) (bool, error) {
	var unknown error
	for _, f := range b.filters {
		ok, err := f.match(req, lookup, q)
		switch {
		case err != nil:
			unknown = err
		case ok != b.all:
			return ok, nil
		}
	}
	if unknown != nil {
		return false, unknown
	}
	return b.all, nil
}
