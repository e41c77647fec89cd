package match

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Namespaces selects requests by the namespace that they are about, by name and by labels; what is not given holds
// for all.
type Namespaces struct {
	filter *filter
}

// NewNamespaces compiles names with wildcards and a selector.
func NewNamespaces(names []string, selector *metav1.LabelSelector, path *field.Path) (*Namespaces, field.ErrorList) {
	n := &Namespaces{filter: &filter{}}
	var errs, selectorErrs field.ErrorList
	n.filter.namespaces, errs = newWildcards(names, path.Child("namespaces"))
	if selector != nil {
		n.filter.namespaceSelector, selectorErrs = newLabelSelector(selector, path.Child("namespaceSelector"))
	}
	return n, append(errs, selectorErrs...)
}

// Match tells whether the request is about a namespace that is meant.
func (n *Namespaces) Match(req *eval.Request, lookup eval.Lookup) (bool, error) {
	return n.filter.match(req, lookup, someName)
}
