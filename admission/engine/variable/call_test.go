package variable

import (
	"testing"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestCallDefault(t *testing.T) {
	call := func(otherwise string) v1.ContextEntry {
		e := v1.ContextEntry{Name: "call", APICall: &v1.ContextAPICall{APICall: v1.APICall{URLPath: "/api/v1/pods"}, JMESPath: "items"}}
		if otherwise != "" {
			e.APICall.Default = rawJSON(otherwise)
		}
		return e
	}
	for _, test := range []struct {
		otherwise, want, err string
		lookup               lookup
	}{
		{otherwise: `{"items": "{{ request.operation }}"}`, want: `{"items":"CREATE"}`},
		{otherwise: `null`, err: "failed to fetch data for APICall: GET /api/v1/pods not found"},
		{err: "failed to resolve call at path : failed to fetch data for APICall: GET /api/v1/pods not found"},
		{otherwise: `[]`, want: `[1]`, lookup: lookup{answers: map[string]any{"GET /api/v1/pods": map[string]any{"items": []any{int64(1)}}}}},
		// The call did not fail, the query did.
		{otherwise: `[]`, err: `failed to apply JMESPath items for context entry call: Unknown key "items" in path`, lookup: lookup{answers: map[string]any{"GET /api/v1/pods": map[string]any{}}}},
		// Nobody knows what a call would have answered that cannot be made.
		{otherwise: `[]`, err: "GET /api/v1/pods is not available here: give it in --values-file", lookup: lookup{notHere: true}},
		{otherwise: `[]`, want: `"given"`, lookup: lookup{notHere: true, values: eval.Object{"call": "given"}}},
	} {
		s := NewScope(Config{Request: podRequest(t), Lookup: &test.lookup, Policy: clusterPolicy, Context: mustContext(t, clusterPolicy, call(test.otherwise))})
		if test.err != "" {
			wantError(t, s, "{{ call }}", test.err)
		} else {
			wantValue(t, s, "{{ call }}", test.want)
		}
	}
}
