package exception

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/match"
)

// subjects are the requests that an exception is for. They are weighed as the exclude of a rule is, and not as its match:
// a name that is yet to be generated counts only when every name would fit, and who sends the request is asked of
// requests that nobody sends, too.
type subjects struct {
	ordinary *match.Matcher
	// namespaces is for objects of kind Namespace: they are in none, so a namespaceSelector asks nothing of them.
	namespaces *match.Matcher
	// ephemeral is for containers that are added to a Pod while it runs: who exempts Pods does not exempt those.
	ephemeral *match.Matcher
}

func newSubjects(m *v1.MatchResources, path *field.Path) (*subjects, field.ErrorList) {
	ordinary, errs := compileMatch(m, path, func(d *v1.ResourceDescription) {})
	if len(errs) > 0 {
		return nil, errs
	}
	s := &subjects{ordinary: ordinary}
	s.namespaces, errs = compileMatch(m, path, func(d *v1.ResourceDescription) { d.NamespaceSelector = nil })
	if len(errs) > 0 {
		return nil, errs
	}
	s.ephemeral, errs = compileMatch(m, path, nameSubresourcesOnly)
	return s, errs
}

func (s *subjects) match(req *eval.Request, lookup eval.Lookup) (bool, error) {
	m := s.ordinary
	switch {
	case req.Kind.Group == "" && req.Kind.Kind == "Namespace" && req.Subresource == "":
		m = s.namespaces
	case req.Subresource == "ephemeralcontainers":
		m = s.ephemeral
	}
	left, err := m.Match(req, lookup)
	return !left && err == nil, err
}

// everything is a match that leaves it all to exclude.
var everything = v1.MatchResources{Any: []v1.ResourceFilter{{Resources: &v1.ResourceDescription{Kinds: []string{"*/*"}}}}}

// compileMatch compiles the match of an exception, each filter of which is prepared first, into a Matcher that leaves
// out what the exception is for.
func compileMatch(m *v1.MatchResources, path *field.Path, prepare func(*v1.ResourceDescription)) (*match.Matcher, field.ErrorList) {
	m = m.DeepCopy()
	for _, filters := range [][]v1.ResourceFilter{m.Any, m.All, {m.ResourceFilter}} {
		for i := range filters {
			if d := filters[i].Resources; d != nil && !isEmpty(d) {
				// An exception is from what a rule demands, whatever the operation.
				d.Operations = nil
				if len(d.Kinds) == 0 {
					d.Kinds = []string{"*/*"}
				}
				prepare(d)
			}
		}
	}
	// Paths of errors lead to exclude, which stands beside match.
	const exclude = "exclude"
	matcher, errs := match.New(&everything, m, "", path.Root())
	at := path.Root().Child(exclude).String()
	for _, err := range errs {
		if rest, ok := strings.CutPrefix(err.Field, at); ok {
			err.Field = path.String() + rest
		}
	}
	return matcher, errs
}

// isEmpty tells whether a filter on resources says nothing, and so is for none.
func isEmpty(d *v1.ResourceDescription) bool {
	return len(d.Kinds)+len(d.Names)+len(d.Namespaces)+len(d.Annotations)+len(d.Operations) == 0 &&
		d.Name == "" && d.Selector == nil && d.NamespaceSelector == nil
}

// nameSubresourcesOnly gives a kind that is named without a subresource one that there is not.
func nameSubresourcesOnly(d *v1.ResourceDescription) {
	kinds := make([]string, len(d.Kinds))
	for i, kind := range d.Kinds {
		kinds[i] = kind
		if selector, err := match.ParseKind(kind); err == nil && selector.Subresource == "" {
			kinds[i] = kind + "/-"
		}
	}
	d.Kinds = kinds
}
