package variable

import (
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestZZDiff(t *testing.T) {
	data, err := os.ReadFile("/tmp/v/d1.json")
	if err != nil {
		t.Skip()
	}
	d := decode(t, string(data)).(map[string]any)
	same, diff := 0, 0
	for _, c := range d["cases"].([]any) {
		c := c.(map[string]any)
		got, _ := c["got"].([]any)
		if got == nil {
			t.Logf("none: %s", encoded(t, c["template"]))
			continue
		}
		want, _ := got[1].(string)
		kind := got[0].(string)
		r := podRequest(t)
		r.Object = d["pod"].(map[string]any)
		var ours string
		tmpl, errs := Compile(c["template"], field.NewPath("v"))
		if len(errs) > 0 {
			ours = "REFUSED " + errs.ToAggregate().Error()
		} else {
			ctx := &Context{entries: []*entry{{name: "v", source: &variableSource{given: tmpl, shown: ""}}}}
			s := NewScope(Config{Request: r, Lookup: &lookup{}, Policy: clusterPolicy, Context: ctx})
			v, err := mustCompile(t, "{{ to_string([v]) }}").Substitute(s)
			if err != nil {
				ours = err.Error()
			} else {
				ours = v.(string)
			}
		}
		switch kind {
		case "fail":
			if ours == want {
				same++
				continue
			}
		case "error":
			if i := strings.LastIndex(want, "failed to resolve "); i >= 0 && strings.HasSuffix(ours, want[i:]) {
				same++
				continue
			}
			if i := strings.LastIndex(want, ": "); i >= 0 && strings.HasSuffix(ours, want[i:]) {
				same++
				continue
			}
		case "REFUSED":
			if strings.HasPrefix(ours, "REFUSED") || strings.Contains(ours, "failed to resolve"){
				same++
				continue
			}
		}
		diff++
		t.Errorf("%s\n  ours %.300s\n  theirs %s %.300s", encoded(t, c["template"]), ours, kind, want)
	}
	t.Logf("same %d diff %d", same, diff)
}
