package scalar

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Comparator is a scalar of a policy, compiled: a boolean, a number, null, or a string with operators.
type Comparator struct {
	// value is the scalar as written.
	value any
	// alternatives are what a string offers: one of them must hold, and of one, all terms must.
	alternatives [][]term
	// terms is how many there are in all alternatives.
	terms int
}

// NewComparator compiles a scalar. It fails for what is no scalar, and for a wildcard that NewWildcard refuses; a
// string that looks like a range or an operator and is none is compared as a string.
func NewComparator(v any) (*Comparator, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		return &Comparator{value: v}, nil
	case int:
		return &Comparator{value: int64(v)}, nil
	case string:
		c := &Comparator{value: v}
		for alternative := range strings.SplitSeq(v, "|") {
			var terms []term
			for part := range strings.SplitSeq(alternative, "&") {
				parsed, err := parseTerms(strings.TrimSpace(part))
				if err != nil {
					return nil, err
				}
				terms = append(terms, parsed)
			}
			c.alternatives = append(c.alternatives, terms)
			c.terms += len(terms)
		}
		return c, nil
	}
	return nil, fmt.Errorf("%T is no scalar", v)
}

// Value is the scalar as written.
func (c *Comparator) Value() any { return c.value }

// Cost is how much work it is at most to match a value, in comparisons of short strings.
func (c *Comparator) Cost(v any) int {
	s, ok := v.(string)
	if !ok {
		return 1 + c.terms
	}
	return 1 + c.terms*(1+len(s)/64)
}

// Match tells whether a value of an object is as the policy wants it. Maps and lists never are.
func (c *Comparator) Match(v any) bool {
	switch want := c.value.(type) {
	case nil:
		return v == nil || v == "" || v == false || v == int64(0) || v == float64(0)
	case bool:
		return v == any(want)
	case int64:
		return matchInt(want, v)
	case float64:
		return matchFloat(want, v)
	case string:
		return c.matchString(want, v)
	}
	return false
}

func matchInt(want int64, v any) bool {
	switch v := v.(type) {
	case int64:
		return v == want
	case float64:
		return v == math.Trunc(v) && v == float64(want)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && n == want
	}
	return false
}

func matchFloat(want float64, v any) bool {
	switch v := v.(type) {
	case int64:
		return float64(v) == want
	case float64:
		return v == want
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return err == nil && n == want
	}
	return false
}

func (c *Comparator) matchString(want string, v any) bool {
	if v == any(want) {
		return true
	}
	switch v.(type) {
	case map[string]any, []any:
		return false
	}
	for _, terms := range c.alternatives {
		if matchAll(terms, v) {
			return true
		}
	}
	return false
}

func matchAll(terms []term, v any) bool {
	for i := range terms {
		if !terms[i].match(v) {
			return false
		}
	}
	return true
}

// operator is what a string says in front of its operand.
type operator string

const (
	equal          operator = "="
	notEqual       operator = "!"
	greater        operator = ">"
	greaterOrEqual operator = ">="
	less           operator = "<"
	lessOrEqual    operator = "<="
	inRange        operator = "-"
	notInRange     operator = "!-"
)

// prefixes in the order in which they are looked for: the longer ones first.
var prefixes = []operator{greaterOrEqual, lessOrEqual, greater, less, notEqual}

// span is a range: two numbers, each perhaps with a unit, with - or !- between them.
var span = regexp.MustCompile(`^([-+]?\d+(?:\.\d+)?[A-Za-z]*)(!?-)([-+]?\d+(?:\.\d+)?[A-Za-z]*)$`)

// term is one comparison of a string: an operator and its operand, or a range.
type term struct {
	operator operator
	// operand, or the lower end of a range, and high, its upper end.
	operand, high operand
}

// operand is a string read in every way in which it may be compared.
type operand struct {
	text        string
	wildcard    *Wildcard
	duration    time.Duration
	hasDuration bool
	quantity    resource.Quantity
	hasQuantity bool
}

func parseTerms(s string) (term, error) {
	if m := span.FindStringSubmatch(s); m != nil {
		low, err := newOperand(m[1])
		if err != nil {
			return term{}, err
		}
		high, err := newOperand(m[3])
		return term{operator: operator(m[2]), operand: low, high: high}, err
	}
	op := equal
	if len(s) >= 2 {
		for _, prefix := range prefixes {
			if strings.HasPrefix(s, string(prefix)) {
				op, s = prefix, strings.TrimSpace(s[len(prefix):])
				break
			}
		}
	}
	o, err := newOperand(s)
	return term{operator: op, operand: o}, err
}

func newOperand(s string) (operand, error) {
	o := operand{text: s}
	var err error
	if o.wildcard, err = NewWildcard(s); err != nil {
		return operand{}, err
	}
	o.duration, o.hasDuration = ParseDuration(s)
	o.quantity, o.hasQuantity = ParseQuantity(s)
	return o, nil
}

func (t *term) match(v any) bool {
	switch t.operator {
	case inRange:
		return t.operand.compare(greaterOrEqual, v) && t.high.compare(lessOrEqual, v)
	case notInRange:
		return t.operand.compare(less, v) || t.high.compare(greater, v)
	}
	return t.operand.compare(t.operator, v)
}

// compare reads value and operand as durations if both are such, else as quantities, else as strings; strings are
// only equal or not. A value that is null counts as zero, and as no string at all.
func (o *operand) compare(op operator, v any) bool {
	if o.hasDuration {
		if d, ok := durationOf(v); ok {
			return holds(op, cmp(d, o.duration))
		}
	}
	if o.hasQuantity {
		if q, ok := quantityOf(v); ok {
			return holds(op, q.Cmp(o.quantity))
		}
	}
	if op != equal && op != notEqual {
		return false
	}
	s, ok := text(v)
	return ok && o.wildcard.Match(s) == (op == equal)
}

func cmp(a, b time.Duration) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// holds tells whether an operator holds for a value that compares so with the operand.
func holds(op operator, order int) bool {
	switch op {
	case equal:
		return order == 0
	case notEqual:
		return order != 0
	case greater:
		return order > 0
	case greaterOrEqual:
		return order >= 0
	case less:
		return order < 0
	case lessOrEqual:
		return order <= 0
	}
	return false
}

func durationOf(v any) (time.Duration, bool) {
	switch v := v.(type) {
	case nil:
		return 0, true
	case string:
		return ParseDuration(v)
	case int64:
		return 0, v == 0
	}
	return 0, false
}

func quantityOf(v any) (resource.Quantity, bool) {
	switch v := v.(type) {
	case nil:
		return resource.Quantity{}, true
	case string:
		return ParseQuantity(v)
	case int64:
		return *resource.NewQuantity(v, resource.DecimalSI), true
	case float64:
		s, _ := text(v)
		return ParseQuantity(s)
	}
	return resource.Quantity{}, false
}
