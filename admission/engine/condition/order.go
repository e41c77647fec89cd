package condition

import (
	"cmp"
	"math"

	"github.com/blang/semver/v4"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/edict-dev/edict/admission/engine/scalar"
	"github.com/edict-dev/edict/admission/engine/variable"
)

// direction tells whether an operator holds for a key that is less than, equal to or greater than the value.
type direction func(order int) bool

func greater(order int) bool        { return order > 0 }
func greaterOrEqual(order int) bool { return order >= 0 }
func less(order int) bool           { return order < 0 }
func lessOrEqual(order int) bool    { return order <= 0 }

func compareNumbers[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

// order is GreaterThan and the like.
type order struct {
	direction direction
	value     any
	duration  duration
	// What follows is there when the value is a string.
	isText      bool
	quantity    resource.Quantity
	hasQuantity bool
	version     *semver.Version
	// float is the value as a number, or as the number that a string is.
	float    float64
	hasFloat bool
}

func newOrder(d direction) func(any) (check, error) {
	return func(value any) (check, error) {
		o := &order{direction: d, value: value, duration: durationOf(value)}
		s, ok := value.(string)
		if !ok {
			o.float, o.hasFloat = number(value)
			return o, nil
		}
		o.isText = true
		o.quantity, o.hasQuantity = scalar.ParseQuantity(s)
		o.float, o.hasFloat = parseFloat(s)
		o.version = parseVersion(s)
		return o, nil
	}
}

func (o *order) holds(_ *variable.Scope, key any) (bool, error) {
	switch k := key.(type) {
	case int64, float64:
		n, _ := number(k)
		return o.holdsForNumber(n, durationOf(k), k), nil
	case string:
		return o.holdsForText(k), nil
	}
	return false, nil
}

func (o *order) holdsForNumber(n float64, d duration, key any) bool {
	if o.isText {
		if order, ok := compareDurations(d, o.duration); ok {
			return o.direction(order)
		}
	}
	if a, ok := key.(int64); ok {
		if b, ok := o.value.(int64); ok {
			return o.direction(compareNumbers(a, b))
		}
	}
	// Nothing is greater or less than what is no number, or equal to it.
	return o.hasFloat && !math.IsNaN(n) && !math.IsNaN(o.float) && o.direction(compareNumbers(n, o.float))
}

// holdsForText compares a string: as a duration, as a quantity, as a number, and as a version, the first as which both
// sides can be read.
func (o *order) holdsForText(key string) bool {
	d := durationOf(key)
	if order, ok := compareDurations(d, o.duration); ok {
		return o.direction(order)
	}
	if o.isText && o.hasQuantity {
		if quantity, ok := scalar.ParseQuantity(key); ok {
			return o.direction(quantity.Cmp(o.quantity))
		}
	}
	if n, ok := parseFloat(key); ok {
		return o.holdsForNumber(n, durationOf(n), n)
	}
	if version := parseVersion(key); version != nil && o.version != nil {
		return o.direction(version.Compare(*o.version))
	}
	return false
}

// maxVersion is the length beyond which a string is no version.
const maxVersion = 256

// parseVersion reads a semantic version, or returns nil.
func parseVersion(s string) *semver.Version {
	if s == "" || len(s) > maxVersion {
		return nil
	}
	v, err := semver.Parse(s)
	if err != nil {
		return nil
	}
	return &v
}

// durationOrder is DurationGreaterThan and the like.
type durationOrder struct {
	direction direction
	value     duration
}

func newDurationOrder(d direction) func(any) (check, error) {
	return func(value any) (check, error) {
		return &durationOrder{d, plainDuration(value)}, nil
	}
}

// plainDuration reads a value as a duration, for which 0 is one like any other.
func plainDuration(v any) duration {
	if v == "0" {
		return duration{valid: true}
	}
	return durationOf(v)
}

func (o *durationOrder) holds(_ *variable.Scope, key any) (bool, error) {
	k := plainDuration(key)
	return k.valid && o.value.valid && o.direction(compareNumbers(k.value, o.value.value)), nil
}
