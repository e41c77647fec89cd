package variable

// overhead is what a key or a value costs beyond its text.
const overhead = 4

// sizeOf is about the size of a value as JSON. Counting stops soon after the limit, so that it costs no more than what
// is allowed.
func sizeOf(v any, limit int) int {
	switch v := v.(type) {
	case string:
		return len(v) + overhead
	case map[string]any:
		size := overhead
		for key, element := range v {
			if size > limit {
				break
			}
			size += len(key) + overhead + sizeOf(element, limit-size)
		}
		return size
	case []any:
		size := overhead
		for _, element := range v {
			if size > limit {
				break
			}
			size += sizeOf(element, limit-size)
		}
		return size
	}
	return 2 * overhead
}

// stepsOf is how many steps it takes to look at all of a value: one for each value in it, and more for long texts. Counting
// stops soon after the limit.
func stepsOf(v any, limit int) int {
	steps := 1
	switch v := v.(type) {
	case string:
		return 1 + len(v)/64
	case map[string]any:
		for _, element := range v {
			if steps > limit {
				break
			}
			steps += 1 + stepsOf(element, limit-steps)
		}
	case []any:
		for _, element := range v {
			if steps > limit {
				break
			}
			steps += stepsOf(element, limit-steps)
		}
	}
	return steps
}
