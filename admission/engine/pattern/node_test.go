package pattern

import (
	"testing"
)

// TestWalk has the cases in which order and nesting of anchors decide; all were confirmed with the reference.
func TestWalk(t *testing.T) {
	for _, test := range []struct {
		name, pattern, object string
		want                  outcome
		text                  string
	}{
		{"a skip met first beats a failure", `{"(z)":"x","c":"w"}`, `{"z":"q","c":"q"}`, skipped, "conditional anchor mismatch: resource value 'q' does not match 'x' at path /z/"},
		{"a conditional hides a sibling's failure", `{"(z)":"x","X(b)":null}`, `{"z":"q","b":"q"}`, skipped, "conditional anchor mismatch: resource value 'q' does not match 'x' at path /z/"},
		{"all conditionals are told", `{"(a)":"x","(b)":"y"}`, `{"a":"1"}`, skipped, "conditional anchor mismatch: resource value '1' does not match 'x' at path /a/; conditional anchor mismatch: conditional anchor key doesn't exist in the resource"},
		{"a nested skip is dropped when another anchor applied", `{"=(a)":{"(b)":"x"},"=(d)":"e"}`, `{"a":{"b":"z"}}`, passed, ""},
		{"a nested skip counts alone", `{"=(a)":{"(b)":"x"},"d":"e"}`, `{"a":{"b":"z"},"d":"f"}`, skipped, "conditional anchor mismatch: resource value 'z' does not match 'x' at path /a/b/"},
		{"a failure beats a nested skip", `{"=(a)":{"(b)":"x"},"=(d)":"e"}`, `{"a":{"b":"z"},"d":"f"}`, failed, "resource value 'f' does not match 'e' at path /d/"},
		{"a global anchor one below is not dropped", `{"=(m)":{"<(c)":"x"},"=(z)":"1"}`, `{"m":{"c":"y"}}`, skipped, "global anchor mismatch: resource value 'y' does not match 'x' at path /m/c/"},
		{"a global anchor two anchors below is", `{"=(m)":{"=(n)":{"<(c)":"x"}},"=(z)":"1"}`, `{"m":{"n":{"c":"y"}}}`, passed, ""},
		{"a global anchor in a list below is", `{"=(m)":[{"<(c)":"x"}],"=(z)":"1"}`, `{"m":[{"c":"y"}]}`, passed, ""},
		{"keys with anchors below come first, backwards", `{"m":{"(z)":"x","y":"1"},"n":{"(z)":"x","y":"1"},"a":"1"}`, `{"m":{"z":"q"},"n":{"z":"x","y":"2"},"a":"2"}`, failed, "resource value '2' does not match '1' at path /n/y/"},
		{"then plain keys, forwards", `{"b":"1","a":"1"}`, `{"b":"2","a":"2"}`, failed, "resource value '2' does not match '1' at path /a/"},
		{"elements that are not concerned are passed over", `{"l":[{"(a)":"x","b":"y"}]}`, `{"l":[{"a":"z"},{"a":"x","b":"y"}]}`, passed, ""},
		{"unless none is", `{"l":[{"<(a)":"x","(b)":"y"}]}`, `{"l":[{"a":"z","b":"q"},{"a":"w","b":"y"}]}`, skipped, "conditional anchor mismatch: resource value 'q' does not match 'y' at path /l/0/b/; global anchor mismatch: resource value 'w' does not match 'x' at path /l/1/a/"},
		{"star wants a value", `{"a":{"b":"*"}}`, `{"a":{"b":null}}`, failed, "/a//b not found"},
		{"star takes any value", `{"a":"*"}`, `{"a":[null]}`, passed, ""},
		{"below an anchor star is a string", `{"=(a)":"*"}`, `{"a":{}}`, failed, "resource value 'map[]' does not match '*' at path /a/"},
		{"only the first map of a list counts", `{"a":[{"b":"x"},{"b":"y"}]}`, `{"a":[{"b":"x"},{"b":"y"}]}`, failed, "resource value 'y' does not match 'x' at path /a/1/b/"},
		{"lists of lists go by position", `{"a":[["x"],"y"]}`, `{"a":[["x"],"y","z"]}`, passed, ""},
		{"and break when one is too short", `{"a":[["x"],["y"]]}`, `{"a":[["x"]]}`, broken, "validate Array failed, array length mismatch, resource Array len is 1 and pattern Array len is 2"},
		{"existence wants one element for each map", `{"^(a)":[{"b":"x"},{"b":"y"}]}`, `{"a":[{"b":"x"}]}`, failed, "existence anchor validation failed at path /a/"},
		{"existence passes over what is no map", `{"^(a)":[{"b":"x"}]}`, `{"a":["s",{"b":"x"}]}`, passed, ""},
		{"existence wants a list", `{"^(a)":[{"b":"x"}]}`, `{"a":"s"}`, failed, "invalid resource type string: Existence ^ () anchor can be used only on list/array type resource"},
		{"a failure breaks when an anchor's key was nowhere", `{"^(c)":[{"q":"1"}],"a":"x"}`, `{"a":"y"}`, broken, "resource value 'y' does not match 'x' at path /a/"},
		{"not when another map had it", `{"m":{"^(c)":[{"q":"1"}]},"n":{"^(c)":[{"q":"1"}]},"b":"w"}`, `{"m":{"z":1},"n":{"c":[{"q":"1"}]},"b":"v"}`, failed, "resource value 'v' does not match 'w' at path /b/"},
		{"nor when a key is there that must not be", `{"=(m)":{"(c)":"z"},"X(n)":"1"}`, `{"m":{},"n":1}`, failed, "negation anchor matched in resource: /n/ is not allowed"},
		{"a wildcard key stands for all keys that fit", `{"metadata":{"labels":{"a*":"x"}}}`, `{"metadata":{"labels":{"ab":"x","ac":"y"}}}`, failed, "resource value 'y' does not match 'x' at path /metadata/labels/ac/"},
		{"and for itself when none does", `{"metadata":{"labels":{"(a*)":"x"}}}`, `{"metadata":{"labels":{"b":"x"}}}`, skipped, "conditional anchor mismatch: conditional anchor key doesn't exist in the resource"},
		{"elsewhere a star in a key is a star", `{"spec":{"a*":"x"}}`, `{"spec":{"ab":"x"}}`, failed, "resource value '<nil>' does not match 'x' at path /spec/a*/"},
		{"words of a message in a value change nothing", `{"a":"x"}`, `{"a":"conditional anchor mismatch"}`, failed, "resource value 'conditional anchor mismatch' does not match 'x' at path /a/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, errs := New(decode(t, test.pattern), nil)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			object := decode(t, test.object)
			out, x := p.explain(object, false)
			if out != test.want || test.want != passed && x.text != test.text {
				t.Errorf("outcome %v, %q; want %v, %q", out, x.text, test.want, test.text)
			}
			if (p.root.walk(object, nil, nil) == passed) != (test.want == passed) {
				t.Error("the walk without an explanation finds otherwise")
			}
		})
	}
}

func TestWalkDoesNotAllocate(t *testing.T) {
	p, errs := New(decode(t, `{"spec":{"(a)":"x","=(b)":[{"(c)":"?*","d":"<=5"}],"^(e)":[{"f":"1-5"}],"<(g)":"!z","h":"*"}}`), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	object := decode(t, `{"spec":{"a":"x","b":[{"c":"q","d":3},{"d":9}],"e":[{"f":9},{"f":2}],"g":"y","h":{}}}`)
	if n := testing.AllocsPerRun(100, func() {
		if p.root.walk(object, nil, nil) != passed {
			t.Fatal("does not pass")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
