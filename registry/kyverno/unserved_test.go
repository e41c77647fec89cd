package kyverno

import (
	"slices"
	"testing"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestSourcesThatAreNotReadYet(t *testing.T) {
	spec := contextOf(t, `[
{name: a, apiCall: {service: {url: 'https://a'}}},
{name: b, apiCall: {urlPath: /version, method: POST}},
{name: c, imageRegistry: {reference: a}},
{name: d, globalReference: {name: a}},
{name: e, apiCall: {urlPath: /version, method: GET}},
{name: f, configMap: {name: a, namespace: b}},
{name: g, variable: {value: 1}}]`)
	spec.Rules[0].Validate = &kyvernov1.Validation{ForEach: []kyvernov1.ForEachValidation{{ForEach: []kyvernov1.ForEachValidation{{
		Context: []kyvernov1.ContextEntry{{Name: "h", GlobalReference: &kyvernov1.GlobalContextReference{Name: "a"}}},
	}}}}}
	var got []string
	for _, err := range checkSources(&spec) {
		got = append(got, err.Field)
	}
	want := []string{
		"spec.rules[0].context[0].apiCall.service", "spec.rules[0].context[1].apiCall.method", "spec.rules[0].context[2].imageRegistry",
		"spec.rules[0].context[3].globalReference", "spec.rules[0].validate.foreach[0].foreach[0].context[0].globalReference",
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused %v\nwant    %v", got, want)
	}
}
