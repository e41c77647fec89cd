package scalar

import (
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

const (
	// maxNumber is the length beyond which a string is no quantity: nobody writes more digits, and arithmetic on
	// them would cost more than linear time.
	maxNumber = 64
	// maxExponentDigits bounds 1e999; with an exponent of nine digits a comparison would fill memory with zeros.
	maxExponentDigits = 3
)

// ParseQuantity reads a quantity, or tells that there is none.
func ParseQuantity(s string) (resource.Quantity, bool) {
	if s == "" || len(s) > maxNumber || !bounded(s) {
		return resource.Quantity{}, false
	}
	q, err := resource.ParseQuantity(s)
	return q, err == nil
}

// bounded tells whether the exponent of a number, if it has one, is of a size that arithmetic can bear.
func bounded(s string) bool {
	i := strings.IndexAny(s, "eE")
	return i < 0 || len(strings.TrimLeft(s[i+1:], "+-0")) <= maxExponentDigits
}

// ParseDuration reads a duration as Go writes it, or tells that there is none. The look at the last character spares
// the many values that are no durations the making of an error.
func ParseDuration(s string) (time.Duration, bool) {
	if s == "" || len(s) > maxNumber {
		return 0, false
	}
	switch s[len(s)-1] {
	case 's', 'm', 'h', '0':
		d, err := time.ParseDuration(s)
		return d, err == nil
	}
	return 0, false
}

// text is a value as strings see it: numbers without a fraction in digits, others with an exponent.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case int:
		return strconv.Itoa(v), true
	case float64:
		return strconv.FormatFloat(v, 'E', -1, 64), true
	}
	return "", false
}
