package condition

import (
	"math"
	"time"

	"github.com/edict-dev/edict/admission/engine/scalar"
)

// duration is a value as a duration.
type duration struct {
	value time.Duration
	// explicit tells that it is written as one, other than 0; else it is a number of seconds, if valid.
	explicit, valid bool
}

// durationOf reads a value as a duration: a string that is one, or a number of whole seconds.
func durationOf(v any) duration {
	switch v := v.(type) {
	case string:
		if v == "0" {
			return duration{}
		}
		d, ok := scalar.ParseDuration(v)
		return duration{value: d, explicit: ok, valid: ok}
	case int64:
		return duration{value: seconds(float64(v)), valid: true}
	case float64:
		return duration{value: seconds(v), valid: true}
	}
	return duration{}
}

// seconds is a number of whole seconds, or the longest duration there is.
func seconds(n float64) time.Duration {
	const most = math.MaxInt64 / int64(time.Second)
	switch {
	case n >= float64(most):
		return math.MaxInt64
	case n <= -float64(most):
		return math.MinInt64
	}
	return time.Duration(n) * time.Second
}

// compareDurations compares a key with a value if both are durations and at least one is written as such.
func compareDurations(key, value duration) (order int, ok bool) {
	if !key.valid || !value.valid || !key.explicit && !value.explicit {
		return 0, false
	}
	return compareNumbers(key.value, value.value), true
}
