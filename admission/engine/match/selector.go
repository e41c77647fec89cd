package match

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

// maxPairs bounds the keys and values with wildcards of one map: each is looked for among all that an object has.
const maxPairs = 32

// pair is a key and a value that an object must have, either with wildcards.
type pair struct {
	key, value *scalar.Wildcard
}

// match tells whether one of the given keys and values is the pair that is wanted.
func (p *pair) match(have labels.Set) bool {
	for key, value := range have {
		if p.key.Match(key) && p.value.Match(value) {
			return true
		}
	}
	return false
}

// newPairs compiles the pairs of a map in the order of its keys.
func newPairs(want map[string]string, path *field.Path) ([]pair, field.ErrorList) {
	if len(want) > maxPairs {
		return nil, field.ErrorList{field.TooMany(path, len(want), maxPairs)}
	}
	var pairs []pair
	var errs field.ErrorList
	for _, key := range slices.Sorted(maps.Keys(want)) {
		k, keyErr := scalar.NewWildcard(key)
		v, valueErr := scalar.NewWildcard(want[key])
		for _, err := range []error{keyErr, valueErr} {
			if err != nil {
				errs = append(errs, field.Invalid(path.Key(key), want[key], err.Error()))
			}
		}
		pairs = append(pairs, pair{key: k, value: v})
	}
	return pairs, errs
}

// labelSelector is a selector over labels whose matchLabels may hold wildcards.
type labelSelector struct {
	exact labels.Selector
	pairs []pair
}

// newLabelSelector compiles a selector.
func newLabelSelector(s *metav1.LabelSelector, path *field.Path) (*labelSelector, field.ErrorList) {
	var errs field.ErrorList
	wild := map[string]string{}
	exact := labels.NewSelector()
	labelsPath := path.Child("matchLabels")
	for _, key := range slices.Sorted(maps.Keys(s.MatchLabels)) {
		value := s.MatchLabels[key]
		if scalar.HasWildcard(key) || scalar.HasWildcard(value) {
			wild[key] = value
			continue
		}
		r, err := labels.NewRequirement(key, selection.Equals, []string{value})
		if err != nil {
			errs = append(errs, field.Invalid(labelsPath.Key(key), value, err.Error()))
			continue
		}
		exact = exact.Add(*r)
	}
	expressions, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchExpressions: s.MatchExpressions})
	if err != nil {
		errs = append(errs, field.Invalid(path.Child("matchExpressions"), s.MatchExpressions, err.Error()))
	} else if requirements, selectable := expressions.Requirements(); selectable {
		exact = exact.Add(requirements...)
	}
	pairs, pairErrs := newPairs(wild, labelsPath)
	return &labelSelector{exact: exact, pairs: pairs}, append(errs, pairErrs...)
}

func (s *labelSelector) match(have labels.Set) bool {
	return s.exact.Matches(have) && matchPairs(s.pairs, have)
}

// matchPairs tells whether every pair that is wanted is there.
func matchPairs(pairs []pair, have labels.Set) bool {
	for i := range pairs {
		if !pairs[i].match(have) {
			return false
		}
	}
	return true
}

// stringMap is a map of an object's metadata, such as labels. Values that are no strings, which the API server would
// not have let through, are left out.
func stringMap(v any) labels.Set {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	set := make(labels.Set, len(object))
	for key, value := range object {
		if s, ok := value.(string); ok {
			set[key] = s
		}
	}
	return set
}
