package match

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/scalar"
)

// filter is one entry of any or all, or the older form: all of its parts that are given must hold.
type filter struct {
	// empty asks for nothing, and holds for nothing.
	empty             bool
	kinds             []kindMatcher
	names             []*scalar.Wildcard
	namespaces        []*scalar.Wildcard
	annotations       []pair
	selector          *labelSelector
	namespaceSelector *labelSelector
	operations        []eval.Operation
	// users is nil where nobody in particular is meant.
	users *users
}

func newFilter(f *v1.ResourceFilter, path *field.Path) (*filter, field.ErrorList) {
	out := &filter{}
	var errs field.ErrorList
	out.users, errs = newUsers(&f.UserInfo, path)
	r, path := f.Resources, path.Child("resources")
	if r == nil {
		out.empty = out.users == nil
		return out, errs
	}
	for i, kind := range r.Kinds {
		m, err := newKindMatcher(kind)
		if err != nil {
			errs = append(errs, field.Invalid(path.Child("kinds").Index(i), kind, err.Error()))
		}
		out.kinds = append(out.kinds, m)
	}
	names := func(list []string, path *field.Path) []*scalar.Wildcard {
		wildcards, listErrs := newWildcards(list, path)
		errs = append(errs, listErrs...)
		return wildcards
	}
	out.names = names(r.Names, path.Child("names"))
	if r.Name != "" {
		if len(r.Names) > 0 {
			errs = append(errs, field.Forbidden(path.Child("name"), "name and names cannot be used together; write names"))
		}
		w, err := scalar.NewWildcard(r.Name)
		if err != nil {
			errs = append(errs, field.Invalid(path.Child("name"), r.Name, err.Error()))
		}
		out.names = append(out.names, w)
	}
	out.namespaces = names(r.Namespaces, path.Child("namespaces"))

	var partErrs field.ErrorList
	out.annotations, partErrs = newPairs(r.Annotations, path.Child("annotations"))
	errs = append(errs, partErrs...)
	if r.Selector != nil {
		out.selector, partErrs = newLabelSelector(r.Selector, path.Child("selector"))
		errs = append(errs, partErrs...)
	}
	if r.NamespaceSelector != nil {
		out.namespaceSelector, partErrs = newLabelSelector(r.NamespaceSelector, path.Child("namespaceSelector"))
		errs = append(errs, partErrs...)
	}
	for i, op := range r.Operations {
		if !slices.Contains(allOperations, eval.Operation(op)) {
			errs = append(errs, field.NotSupported(path.Child("operations").Index(i), eval.Operation(op), allOperations))
		}
		out.operations = append(out.operations, eval.Operation(op))
	}
	out.empty = len(out.kinds)+len(out.operations) == 0 && out.onlyKindsAndOperations()
	return out, errs
}

var allOperations = []eval.Operation{eval.Create, eval.Update, eval.Delete, eval.Connect}

func newWildcards(list []string, path *field.Path) ([]*scalar.Wildcard, field.ErrorList) {
	var errs field.ErrorList
	var out []*scalar.Wildcard
	for i, s := range list {
		w, err := scalar.NewWildcard(s)
		if err != nil {
			errs = append(errs, field.Invalid(path.Index(i), s, err.Error()))
		}
		out = append(out, w)
	}
	return out, errs
}

// match asks of everything that the request itself tells before it asks for roles or a namespace's labels, which may fail.
func (f *filter) match(req *eval.Request, lookup eval.Lookup, q quantifier) (bool, error) {
	if f.empty || !f.matchKind(req) ||
		len(f.operations) > 0 && !slices.Contains(f.operations, req.Operation) ||
		len(f.names) > 0 && !slices.ContainsFunc(f.names, func(w *scalar.Wildcard) bool { return matchName(w, req, q) }) ||
		len(f.namespaces) > 0 && !f.matchNamespace(req, q) {
		return false, nil
	}
	meta := metadata(req.Subject())
	if len(f.annotations) > 0 && !matchPairs(f.annotations, stringMap(meta["annotations"])) ||
		f.selector != nil && !f.selector.match(stringMap(meta["labels"])) {
		return false, nil
	}
	ok, err := f.matchUser(req, lookup, q)
	if !ok || err != nil || f.namespaceSelector == nil {
		return ok, err
	}
	return f.matchNamespaceLabels(req, lookup)
}

// matchUser holds for a request that nobody sends where it is asked of match, which then goes by the object alone;
// exclude leaves out what somebody in particular sends.
func (f *filter) matchUser(req *eval.Request, lookup eval.Lookup, q quantifier) (bool, error) {
	switch {
	case f.users == nil:
		return true, nil
	case req.User == nil:
		return q == someName, nil
	}
	return f.users.match(req.User, lookup)
}

// concerns tells whether a request of this kind could fit at all.
func (f *filter) concerns(c *Concern) bool {
	return !f.empty &&
		(len(f.kinds) == 0 || slices.ContainsFunc(f.kinds, func(m kindMatcher) bool { return m.match(c.Kind, c.Subresource) })) &&
		(c.Operation == "" || len(f.operations) == 0 || slices.Contains(f.operations, c.Operation)) &&
		(c.Namespace == "" || len(f.namespaces) == 0 || slices.ContainsFunc(f.namespaces, func(w *scalar.Wildcard) bool { return w.Match(c.Namespace) }))
}

func (f *filter) matchKind(req *eval.Request) bool {
	return len(f.kinds) == 0 || slices.ContainsFunc(f.kinds, func(m kindMatcher) bool {
		return m.match(req.Named(), req.Subresource) && (m.subresource.Match(req.Subresource) || !isBookkeeping(req))
	})
}

// isBookkeeping tells that a subresource of a Namespace is used for what it is there for: its status and finalizers, and
// nothing that policies are about. If rules on Namespaces were asked about that, one that a Namespace does not meet would
// keep it from going away.
func isBookkeeping(req *eval.Request) bool {
	if req.Subresource == "" || !isNamespace(req) {
		return false
	}
	now, before := metadata(req.Object), metadata(req.OldObject)
	return maps.Equal(stringMap(now["labels"]), stringMap(before["labels"])) &&
		maps.Equal(stringMap(now["annotations"]), stringMap(before["annotations"]))
}

// matchNamespace compares the namespace of the object; a Namespace counts as being in itself.
func (f *filter) matchNamespace(req *eval.Request, q quantifier) bool {
	return slices.ContainsFunc(f.namespaces, func(w *scalar.Wildcard) bool {
		if isNamespace(req) {
			return matchName(w, req, q)
		}
		return w.Match(req.Namespace)
	})
}

// matchNamespaceLabels never holds for a Namespace; other objects that are in no namespace count as in one without
// labels.
func (f *filter) matchNamespaceLabels(req *eval.Request, lookup eval.Lookup) (bool, error) {
	if isNamespace(req) {
		return false, nil
	}
	if req.Namespace == "" {
		return f.namespaceSelector.match(nil), nil
	}
	have, err := lookup.NamespaceLabels(req.Namespace)
	if err != nil {
		return false, fmt.Errorf("labels of namespace %q: %w", req.Namespace, err)
	}
	return f.namespaceSelector.match(have), nil
}

func isNamespace(req *eval.Request) bool {
	return req.Kind.Group == "" && req.Kind.Kind == "Namespace" && (req.Subresource == "" || isChange(req.Kind, req.Subresource))
}

func (f *filter) onlyKindsAndOperations() bool {
	return len(f.names)+len(f.namespaces)+len(f.annotations) == 0 && f.selector == nil && f.namespaceSelector == nil && f.users == nil
}
