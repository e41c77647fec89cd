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
