package suite

import "testing"

func TestSelector(t *testing.T) {
	row := Row{Policy: "require-labels", Rule: "autogen-cronjob-team", Resource: "apps/v1/Deployment/ns/web"}
	expected := Result{Policy: "require-labels", Rule: "team"}
	for text, want := range map[string]bool{
		"":                                  true,
		"policy=*,rule=*,resource=*":        true,
		" policy=require-* , rule=t*":       true,
		"policy=require":                    false,
		"rule=team":                         true,
		"rule=autogen-cronjob-*":            false, // it is the expectation's rule that is asked for first
		"rule=other":                        false,
		"resource=web":                      true,
		"resource=we?":                      true,
		"resource=ns/web":                   false,
		"policy=require-labels,resource=db": false,
	} {
		s, err := ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.expectation(&expected) && len(s.rows([]Row{row})) == 1; got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"kind=Pod", "policy", "rule=", "resource=[", "web"} {
		if _, err := ParseSelector(text); err == nil {
			t.Errorf("%q is understood", text)
		}
	}
}
