package scalar

// ParseRange reads a range, such as 1-5, and returns what matches within it, ends and all, and what matches outside.
// What cannot be compared with its ends is neither.
func ParseRange(s string) (within, outside *Comparator, ok bool) {
	m := span.FindStringSubmatch(s)
	if m == nil || operator(m[2]) != inRange {
		return nil, nil, false
	}
	within, err := NewComparator(s)
	if err != nil {
		return nil, nil, false
	}
	outside, err = NewComparator(m[1] + string(notInRange) + m[3])
	return within, outside, err == nil
}
