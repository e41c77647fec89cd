package condition

import (
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/edict-dev/edict/admission/engine/scalar"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// equality is Equals and NotEquals.
type equality struct {
	negated bool
	value   any
	// What follows is there when the value is a string: it as a pattern, as a quantity and as a number.
	text        *scalar.Wildcard
	quantity    resource.Quantity
	hasQuantity bool
	float       float64
	hasFloat    bool
	duration    duration
}

func newEquality(negated bool) func(any) (check, error) {
	return func(value any) (check, error) {
		e := &equality{negated: negated, value: value, duration: durationOf(value)}
		s, ok := value.(string)
		if !ok {
			return e, nil
		}
		var err error
		if e.text, err = scalar.NewWildcard(s); err != nil {
			return nil, err
		}
		e.quantity, e.hasQuantity = scalar.ParseQuantity(s)
		e.float, e.hasFloat = parseFloat(s)
		return e, nil
	}
}

func (e *equality) holds(_ *variable.Scope, key any) (bool, error) {
	if key == nil {
		return false, nil
	}
	return e.equals(key) != e.negated, nil
}

func (e *equality) equals(key any) bool {
	switch k := key.(type) {
	case string:
		return e.equalsText(k)
	case int64, float64:
		if e.text != nil {
			n, _ := number(k)
			return e.hasFloat && e.float == n
		}
	}
	return equal(key, e.value)
}

// equalsText compares a string: as a duration when either side is one, else as a quantity, else with the value as a
// pattern.
func (e *equality) equalsText(key string) bool {
	if same, ok := compareDurations(durationOf(key), e.duration); ok {
		return same == 0
	}
	if e.text == nil {
		return false
	}
	if quantity, ok := scalar.ParseQuantity(key); ok {
		if e.hasQuantity {
			return quantity.Cmp(e.quantity) == 0
		}
		// A quantity equals no other string, nor the pattern that it fits.
		return false
	}
	return e.text.Match(key)
}

// parseFloat reads a number, or tells that there is none.
func parseFloat(s string) (float64, bool) {
	if s == "" || len(s) > maxNumber {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// maxNumber is the length beyond which a string is no number.
const maxNumber = 64
