package condition

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/edict-dev/edict/admission/engine/scalar"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// rangeSteps is what it takes to read an element as a number or a duration and compare it.
const rangeSteps = 10

// quantifier is how many members of a key must be, or must not be, in a value.
type quantifier int

const (
	anyIn quantifier = iota
	allIn
	anyNotIn
	allNotIn
)

func (q quantifier) negated() bool { return q == anyNotIn || q == allNotIn }

// members are what a value offers: patterns to fit, or a range.
type members struct {
	// patterns are the elements of a list.
	patterns []*scalar.Wildcard
	// length is that of all patterns together.
	length int
	// text is the whole value where it is a string, and exact the elements of the JSON list that it is.
	text *scalar.Wildcard
	// isList tells that the value is a list, or a string that is a JSON list.
	isList bool
	// within and outside are those of a range.
	within, outside *scalar.Comparator
	// single tells that the value is a boolean or a number.
	single bool
	// invalid tells that nothing can be a member of the value, and nothing else than one either.
	invalid bool
}

// newMembers reads a value: a list, a string that is a range, a JSON list, or else a pattern, or a single scalar.
func newMembers(value any) (*members, error) {
	switch v := value.(type) {
	case []any:
		texts := make([]string, len(v))
		for i, element := range v {
			texts[i] = text(element)
		}
		m := &members{isList: true}
		return m, m.offer(texts)
	case string:
		return newTextMembers(v)
	case bool, int64, float64:
		m := &members{single: true}
		return m, m.offer([]string{text(v)})
	}
	return &members{invalid: true}, nil
}

func newTextMembers(s string) (*members, error) {
	pattern, err := scalar.NewWildcard(s)
	if err != nil {
		return nil, err
	}
	m := &members{text: pattern}
	var isRange bool
	if m.within, m.outside, isRange = scalar.ParseRange(s); isRange {
		return m, nil
	}
	if !json.Valid([]byte(s)) {
		m.patterns = []*scalar.Wildcard{pattern}
		return m, nil
	}
	var list []string
	if json.Unmarshal([]byte(s), &list) != nil {
		m.invalid = true
		return m, nil
	}
	m.isList = true
	return m, m.offer(list)
}

// offer makes texts the patterns to fit.
func (m *members) offer(texts []string) error {
	m.patterns = make([]*scalar.Wildcard, len(texts))
	for i, t := range texts {
		var err error
		if m.patterns[i], err = scalar.NewWildcard(t); err != nil {
			return err
		}
		m.length += len(t)
	}
	return nil
}

// membership is AnyIn and the like.
type membership struct {
	quantifier quantifier
	members    *members
}

func newMembership(q quantifier) func(any) (check, error) {
	return func(value any) (check, error) {
		m, err := newMembers(value)
		if err != nil {
			return nil, err
		}
		return &membership{q, m}, nil
	}
}

func (m *membership) holds(s *variable.Scope, key any) (bool, error) {
	switch k := key.(type) {
	case string, bool, int64, float64:
		if m.members.single {
			return false, nil
		}
		in, ok, err := m.members.hasScalar(s, text(k))
		return ok && in != m.quantifier.negated(), err
	case []any:
		return m.holdsForList(s, k)
	}
	return false, nil
}

// hasScalar tells whether a scalar is a member. It is not ok when the value cannot have members.
func (m *members) hasScalar(s *variable.Scope, key string) (in, ok bool, err error) {
	if m.text != nil {
		switch {
		case m.text.Match(key):
			return true, true, nil
		case m.invalid:
			return false, false, nil
		case m.within != nil:
			return m.within.Match(key), true, nil
		}
		if err := s.Spend(len(m.patterns)); err != nil {
			return false, false, err
		}
		// The elements of a list in a string are compared as they are.
		for _, pattern := range m.patterns {
			if pattern.String() == key {
				return true, true, nil
			}
		}
		return false, true, nil
	}
	if m.invalid {
		return false, false, nil
	}
	in, err = m.hasPattern(s, key)
	return in, true, err
}

// hasPattern tells whether a member fits the key, or the key a member: either may have wildcards.
func (m *members) hasPattern(s *variable.Scope, key string) (bool, error) {
	if err := s.Spend(len(m.patterns)*(1+len(key)/64) + m.length/64); err != nil {
		return false, err
	}
	reverse, err := reversePattern(key)
	if err != nil {
		return false, err
	}
	for _, pattern := range m.patterns {
		if pattern.Match(key) || reverse != nil && reverse.Match(pattern.String()) {
			return true, nil
		}
	}
	return false, nil
}

// reversePattern is a key as a pattern, or nil if it has no wildcards.
func reversePattern(key string) (*scalar.Wildcard, error) {
	if !scalar.HasWildcard(key) {
		return nil, nil
	}
	return scalar.NewWildcard(key)
}

func (m *membership) holdsForList(s *variable.Scope, key []any) (bool, error) {
	v := m.members
	switch {
	case v.text != nil && len(key) == 1 && text(key[0]) == v.text.String():
		return !m.quantifier.negated(), nil
	case v.invalid:
		return false, nil
	case v.single && (m.quantifier == allIn || m.quantifier == allNotIn):
		return false, nil
	}
	if v.within != nil {
		if err := s.Spend(rangeSteps * len(key)); err != nil {
			return false, err
		}
	}
	in, outside := 0, 0
	for _, element := range key {
		k := text(element)
		if v.within != nil {
			if v.within.Match(k) {
				in++
			} else if v.outside.Match(k) {
				outside++
			}
			continue
		}
		has, err := v.hasPattern(s, k)
		if err != nil {
			return false, err
		}
		if has {
			in++
		} else {
			outside++
		}
	}
	switch m.quantifier {
	case anyIn:
		return in > 0, nil
	case allIn:
		return in == len(key), nil
	case anyNotIn:
		return outside > 0, nil
	}
	return in == 0, nil
}

// olderMembership is In and NotIn. For a list they compare members as they are, and only strings.
type olderMembership struct {
	negated bool
	members *members
	// exact are the members, when all of them are strings.
	exact map[string]bool
	// whole is the value where it is a string.
	whole string
}

func newOlderMembership(negated bool) func(any) (check, error) {
	return func(value any) (check, error) {
		m, err := newMembers(value)
		if err != nil {
			return nil, err
		}
		o := &olderMembership{negated: negated, members: m}
		if m.text != nil {
			o.whole = m.text.String()
		}
		if m.isList && onlyStrings(value) {
			o.exact = make(map[string]bool, len(m.patterns))
			for _, pattern := range m.patterns {
				o.exact[pattern.String()] = true
			}
		}
		return o, nil
	}
}

// onlyStrings tells that a value is not a list with anything but strings in it.
func onlyStrings(value any) bool {
	list, _ := value.([]any)
	for _, element := range list {
		if _, ok := element.(string); !ok {
			return false
		}
	}
	return true
}

func (o *olderMembership) holds(s *variable.Scope, key any) (bool, error) {
	switch k := key.(type) {
	case string, bool, int64, float64:
		return o.holdsForScalar(s, text(k))
	case []any:
		return o.holdsForList(k), nil
	}
	return false, nil
}

func (o *olderMembership) holdsForScalar(s *variable.Scope, key string) (bool, error) {
	m := o.members
	if m.text != nil && !m.isList {
		// A string that is no list is a pattern, which a key can fit, but not miss.
		return m.text.Match(key) && !o.negated, nil
	}
	if m.single {
		return false, nil
	}
	in, ok, err := m.hasScalar(s, key)
	return ok && in != o.negated, err
}

// holdsForList tells whether all members of the key are in the value or, negated, whether one is not.
func (o *olderMembership) holdsForList(key []any) bool {
	if !onlyStrings(key) {
		return false
	}
	if len(key) == 1 && o.members.text != nil && key[0] == any(o.whole) {
		return true
	}
	if o.exact == nil {
		return false
	}
	for _, element := range key {
		if !o.exact[element.(string)] {
			return o.negated
		}
	}
	return !o.negated
}

// text is a value as the operators of membership see it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return fmt.Sprint(v)
}
