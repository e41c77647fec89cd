package pattern

import (
	"errors"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestCheckEvaluate(t *testing.T) {
	for _, test := range []struct {
		name, message, pattern string
		any                    bool
		object                 string
		result                 eval.Result
		want                   string
	}{
		{"pass", "m", `{"a":"x"}`, false, `{"a":"x"}`, eval.Pass, "validation rule 'r' passed."},
		{"fail without a message", "", `{"a":"x"}`, false, `{"a":"y"}`, eval.Fail, "validation error: rule r failed at path /a/"},
		{"fail", "m", `{"a":"x"}`, false, `{"a":"y"}`, eval.Fail, "validation error: m. rule r failed at path /a/"},
		{"fail with a full stop", "m.", `{"a":"x"}`, false, `{"a":"y"}`, eval.Fail, "validation error: m. rule r failed at path /a/"},
		{"fail with a space", "m. ", `{"a":"x"}`, false, `{"a":"y"}`, eval.Fail, "validation error: m. . rule r failed at path /a/"},
		{"fail at the top", "", `{"a":"*"}`, false, `{}`, eval.Fail, "validation error: rule r failed at path /"},
		{"skip", "m", `{"(a)":"x"}`, false, `{"a":"y"}`, eval.Skip, "conditional anchor mismatch: resource value 'y' does not match 'x' at path /a/"},
		{"error", "m", `{"a":[["x"],["y"]]}`, false, `{"a":[["x"]]}`, eval.Error, "validation error: m. rule r execution error: validate Array failed, array length mismatch, resource Array len is 1 and pattern Array len is 2"},
		{"any passes by the second", "m", `[{"a":"x"},{"b":"y"}]`, true, `{"b":"y"}`, eval.Pass, "validation rule 'r' anyPattern[1] passed."},
		{"any fails", "m", `[{"a":"x"},{"b":"y"}]`, true, `{"b":"z"}`, eval.Fail, "validation error: m. rule r[0] failed at path /a/ rule r[1] failed at path /b/"},
		{"any fails where one skips", "", `[{"(a)":"x"},{"b":"y"}]`, true, `{"a":"z"}`, eval.Fail, "validation error: rule r[1] failed at path /b/"},
		{"any skips where all do", "m", `[{"(a)":"x"},{"(a)":"y"}]`, true, `{"a":"z"}`, eval.Skip, "rule r[0] skipped: conditional anchor mismatch: resource value 'z' does not match 'x' at path /a/ rule r[1] skipped: conditional anchor mismatch: resource value 'z' does not match 'y' at path /a/"},
		{"any fails where one breaks", "m", `[{"a":[["x"],["y"]]},{"b":"y"}]`, true, `{"a":[["x"]]}`, eval.Fail, "validation error: m. rule r[0] failed: validate Array failed, array length mismatch, resource Array len is 1 and pattern Array len is 2 rule r[1] failed at path /b/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			build := NewCheck
			if test.any {
				build = NewAnyCheck
			}
			c, errs := build("r", decode(t, test.pattern), field.NewPath("p"))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			result, message := c.Evaluate(Asked{Value: decode(t, test.object)}, func() (string, error) { return test.message, nil })
			if result != test.result || message != test.want {
				t.Errorf("%s %q\nwant %s %q", result, message, test.result, test.want)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	for pattern, want := range map[string]string{`[]`: "p", `{}`: "p", `[{},{"a":[]}]`: "p[1].a"} {
		if _, errs := NewAnyCheck("r", decode(t, pattern), field.NewPath("p")); len(errs) != 1 || errs[0].Field != want {
			t.Errorf("%s: %v", pattern, errs)
		}
	}
}

// A message that cannot be made does not hide that the object fails, nor why.
func TestCheckWithoutItsMessage(t *testing.T) {
	c, errs := NewCheck("r", decode(t, `{"a":"x"}`), field.NewPath("p"))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	result, message := c.Evaluate(Asked{Value: decode(t, `{"a":"y"}`)}, func() (string, error) { return "", errors.New("no such variable") })
	if want := "validation error: variables substitution error in rule r execution error: resource value 'y' does not match 'x' at path /a/"; result != eval.Fail || message != want {
		t.Errorf("%s %q", result, message)
	}
}

func TestViolations(t *testing.T) {
	for _, test := range []struct {
		pattern, object string
		any             bool
		want            []string
	}{
		{`{"a":"x","b":"y"}`, `{"a":"x","b":"y"}`, false, nil},
		{`{"a":"x","b":"y"}`, `{"a":"1","b":"2"}`, false, []string{"/a/", "/b/"}},
		{`{"l":[{"i":"x"}]}`, `{"l":[{"i":"1"},{"i":"x"},{"i":"2"}]}`, false, []string{"/l/0/i/", "/l/2/i/"}},
		{`{"l":[{"(n)":"a*","i":"x"}]}`, `{"l":[{"n":"b","i":"1"},{"n":"a1","i":"2"}]}`, false, []string{"/l/1/i/"}},
		{`{"=(a)":"x","X(b)":null,"c":"y"}`, `{"a":"1","b":2,"c":"y"}`, false, []string{"/a/", "/b/"}},
		{`{"^(l)":[{"i":"x"}],"c":"y"}`, `{"l":[{"i":"1"}],"c":"z"}`, false, []string{"/l/"}},
		{`{"(k)":"x","=(a)":"y"}`, `{"k":"other","a":"1"}`, false, nil},
		{`[{"a":"x"},{"b":"y"}]`, `{"a":"1","b":"2"}`, true, []string{"[0]/a/", "[1]/b/"}},
	} {
		build := NewCheck
		if test.any {
			build = NewAnyCheck
		}
		c, errs := build("r", decode(t, test.pattern), field.NewPath("p"))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if got, complete := c.Violations(decode(t, test.object)); !complete || !slices.Equal(got, test.want) {
			t.Errorf("%s of %s: %q; want %q", test.pattern, test.object, got, test.want)
		}
	}
}

func TestCheckNames(t *testing.T) {
	c, errs := NewAnyCheck("r", decode(t, `[{"metadata":{"a":"1"}},{"=(spec)":{"(replicas)":">1"}}]`), nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if !c.Names("spec", "replicas") || !c.Names("spec") || c.Names("spec", "paused") || c.OnlyNames("metadata") {
		t.Error("names are found wrongly")
	}
	c, _ = NewCheck("r", decode(t, `{"metadata":{"a":"1"}}`), nil)
	if !c.OnlyNames("metadata") || c.OnlyNames("spec") {
		t.Error("only metadata is named")
	}
}
