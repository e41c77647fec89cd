package pattern

import (
	"fmt"
	"strconv"
	"strings"
)

// explanation keeps track of where a walk is, and of why it did not pass. All methods do nothing on nil, so that a
// walk whose reasons nobody wants costs nothing.
type explanation struct {
	place []string
	// path is where a failure is; empty when it has no place.
	path string
	text string
	// denied tells that the failure is a key that is there and must not be.
	denied bool
	// seen tells of the keys with () and ^() that the walk has come to, as written, whether any map had them.
	seen map[string]bool
	// confidential tells that values must not be repeated.
	confidential bool
	// all asks for every violation, not just the first; muted is above zero where what does not pass is none.
	all        bool
	muted      int
	violations []string
}

// maxViolations bounds how many places are told apart.
const maxViolations = 10_000

// collects tells whether the walk goes on after a failure, having noted it.
func (x *explanation) collects() bool { return x != nil && x.all && x.muted == 0 }

// noted is how many violations there are, and forget takes back those that were noted since.
func (x *explanation) noted() int {
	if x == nil {
		return 0
	}
	return len(x.violations)
}

func (x *explanation) forget(since int) {
	if x != nil {
		x.violations = x.violations[:since]
	}
}

func (x *explanation) mute() {
	if x != nil {
		x.muted++
	}
}

func (x *explanation) unmute() {
	if x != nil {
		x.muted--
	}
}

// seeKeys notes which keys of a map's anchors are there.
func (x *explanation) seeKeys(anchors []entry, object map[string]any) {
	if x == nil {
		return
	}
	for i := range anchors {
		e := &anchors[i]
		if e.anchor != conditional && e.anchor != existence {
			continue
		}
		if x.seen == nil {
			x.seen = map[string]bool{}
		}
		_, ok := object[e.key]
		x.seen[e.written] = x.seen[e.written] || ok
	}
}

// missesKey tells that a key was nowhere where the walk looked for it.
func (x *explanation) missesKey() bool {
	for _, ok := range x.seen {
		if !ok {
			return true
		}
	}
	return false
}

func (x *explanation) enter(key string) {
	if x != nil {
		x.place = append(x.place, key)
	}
}

func (x *explanation) enterIndex(i int) {
	if x != nil {
		x.place = append(x.place, strconv.Itoa(i))
	}
}

func (x *explanation) leave() {
	if x != nil {
		x.place = x.place[:len(x.place)-1]
	}
}

// here is the place of the walk, as messages write it.
func (x *explanation) here() string {
	if len(x.place) == 0 {
		return "/"
	}
	return "/" + strings.Join(x.place, "/") + "/"
}

func (x *explanation) fail(format string, args ...any) {
	x.path, x.denied = x.here(), false
	x.text = fmt.Sprintf(format, args...)
	if x.collects() && len(x.violations) < maxViolations {
		x.violations = append(x.violations, x.path)
	}
}

func (x *explanation) differs(v, want any) outcome {
	if x != nil {
		shown := "…"
		if !x.confidential {
			shown = describe(v)
		}
		x.fail("resource value '%s' does not match '%s' at path %s", shown, describe(want), x.here())
	}
	return failed
}

func (x *explanation) noMap(v any) outcome {
	if x != nil {
		x.fail("pattern and resource have different structures. Path: %s. Expected %T, found %T", x.here(), map[string]any{}, v)
	}
	return failed
}

func (x *explanation) noList() outcome {
	if x != nil {
		x.fail("validation rule failed at path %s, resource does not satisfy the expected overlay pattern", x.here())
	}
	return failed
}

func (x *explanation) tooShort(got, want int) outcome {
	if x != nil {
		x.path = ""
		x.text = fmt.Sprintf("validate Array failed, array length mismatch, resource Array len is %d and pattern Array len is %d", got, want)
	}
	return broken
}

func (x *explanation) notFound(key string) outcome {
	if x != nil {
		x.fail("%s/%s not found", x.here(), key)
	}
	return failed
}

func (x *explanation) forbidden() outcome {
	if x != nil {
		x.fail("negation anchor matched in resource: %s is not allowed", x.here())
		x.denied = true
	}
	return failed
}

func (x *explanation) noExistence(v any) outcome {
	if x != nil {
		x.fail("invalid resource type %T: Existence ^ () anchor can be used only on list/array type resource", v)
	}
	return failed
}

func (x *explanation) noneExists() outcome {
	if x != nil {
		x.fail("existence anchor validation failed at path %s", x.here())
	}
	return failed
}

func (x *explanation) noCondition() outcome {
	if x != nil {
		x.text = "conditional anchor mismatch: conditional anchor key doesn't exist in the resource"
	}
	return skipped
}

// mismatch puts a skip in front of what was found below an anchor.
func (x *explanation) mismatch(anchor string) {
	if x != nil {
		x.text = anchor + " anchor mismatch: " + x.text
	}
}

// reasons are those of several skips.
type reasons struct {
	count int
	texts []string
}

// maxReasons bounds how many reasons a message lists: a list of an object may have any number of elements.
const maxReasons = 100

func (r *reasons) add(x *explanation) {
	r.count++
	if x == nil {
		return
	}
	switch {
	case r.count <= maxReasons:
		r.texts = append(r.texts, x.text)
	case r.count == maxReasons+1:
		r.texts = append(r.texts, "…")
	}
}

func (r *reasons) skip(x *explanation) outcome {
	if x != nil {
		x.text = strings.Join(r.texts, "; ")
	}
	return skipped
}

// maxDescription bounds how much of a value a message repeats.
const maxDescription = 1024

// describe writes a value as messages show it, in full unless it is very long.
func describe(v any) string {
	var out strings.Builder
	write(&out, v)
	if out.Len() > maxDescription {
		return strings.ToValidUTF8(out.String()[:maxDescription], "") + "…"
	}
	return out.String()
}

func write(out *strings.Builder, v any) {
	if out.Len() > maxDescription {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		out.WriteString("map[")
		for i, key := range sortedKeys(v) {
			if i > 0 {
				out.WriteByte(' ')
			}
			out.WriteString(key)
			out.WriteByte(':')
			write(out, v[key])
		}
		out.WriteByte(']')
	case []any:
		out.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				out.WriteByte(' ')
			}
			write(out, element)
		}
		out.WriteByte(']')
	default:
		fmt.Fprint(out, v)
	}
}
