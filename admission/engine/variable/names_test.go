package variable

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestCheckNames(t *testing.T) {
	names := []string{"settings", "a-b"}
	for template, want := range map[string]string{
		"{{ request.object }}": "", "{{ settings.data }}": "", `{{ "a-b" }}`: "", "{{ images.containers }}": "", "{{ element.x }}{{ element0 }}{{ elementIndex1 }}": "", "{{ @ }}": "",
		"{{ time_now_utc() }}": "", "{{ 'x' }}": "", "{{ missing || request.name }}": "", "{{ request.object.x == null }}": "", "{{ to_upper(missing) }}": "", "{{ keys(@) }}": "",
		"{{ missing }}":                    `variable missing must match regex "request|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|image|([a-z_0-9]+\()[^{}]" or patterns [settings* a-b*]`,
		"x{{ setting.data }}":              "variable setting.data must match",
		"{{ missing == null }}":            "variable missing == null must match",
		"{{ request.{{ missing }} }}":      "variable missing must match",
		"{{ missing.{{ request.name }} }}": "must match",
		"{{ '{{ missing }}' }}":            "variable missing must match",
		"{{ elements }}":                   "variable elements must match",
	} {
		compiled, errs := Compile(template, field.NewPath("value"))
		if len(errs) > 0 {
			t.Errorf("%s: %v", template, errs)
			continue
		}
		err := CheckNames(compiled.Expressions(), names)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", template, err, want)
		}
	}
}

// R12: a name that is banned in the background is found by whatever way it is reached.
func TestR12CheckBackground(t *testing.T) {
	for template, banned := range map[string]bool{
		"{{ request.object }}": false, "{{ request.operation }}": false, "{{ images }}": false, "{{ request.object.userInfo }}": false, "{{ request.object.{{ request.name }} }}": false, "{{ time_now() }}": false,
		"{{ serviceAccountName }}": true, "{{ serviceAccountNamespace }}": true, "{{ request.userInfo.username }}": true, "{{ request.roles }}": true, "{{ request.clusterRoles[0] }}": true,
		"{{ request }}": true, `{{ request."userInfo" }}`: true, "{{ @.request.userInfo }}": true, "{{ request | userInfo }}": true, "{{ [request][0].userInfo }}": true, "{{ {r: request}.r.userInfo }}": true, "{{ request.[userInfo] }}": true, "{{ request.object.{{ request.userInfo.username }} }}": true,
		"{{ request.{{ request.name }} }}": true, "{{ {{ request.name }} }}": true, "{{ '{{ serviceAccountName }}' }}": true, "{{ request.object || request.roles }}": true, "{{ not_null(request.userInfo, 'x') }}": true,
	} {
		err := CheckBackground(mustCompile(t, template).Expressions())
		if (err != nil) != banned {
			t.Errorf("%s: %v, want banned: %v", template, err, banned)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "only select variables are allowed in background mode. Set spec.background=false ") {
			t.Errorf("%s: %v", template, err)
		}
	}
	err := CheckBackground(mustCompile(t, "{{ request.userInfo }}").Expressions())
	if err == nil || !strings.Contains(err.Error(), "variable {{request.userInfo}} is not allowed") {
		t.Errorf("%v", err)
	}
}

func TestUsesElements(t *testing.T) {
	for template, want := range map[string]bool{"{{ element.x }}": true, "{{ elementIndex1 }}": true, "{{ request.element }}": false, "{{ a || elementIndex }}": true, "{{ elements }}": false} {
		got := false
		for _, e := range mustCompile(t, template).Expressions() {
			got = got || UsesElements(e)
		}
		if got != want {
			t.Errorf("%s uses elements: %v", template, got)
		}
	}
}
