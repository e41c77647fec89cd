package variable

import (
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

func TestValues(t *testing.T) {
	r := podRequest(t)
	l := &lookup{values: eval.Object{
		"request":  map[string]any{"userInfo": map[string]any{"username": "u"}, "object": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "other"}}}},
		"settings": map[string]any{"data": map[string]any{"a": "b"}}, "serviceAccountName": "given",
	}}
	s := NewScope(Config{Request: r, Lookup: l, Policy: clusterPolicy})
	wantValue(t, s, "{{ request.userInfo.username }}", `"u"`)
	wantValue(t, s, "{{ request.object.metadata.labels.app }}", `"other"`)
	wantValue(t, s, "{{ request.object.metadata.labels.inj }}", `"x"`)
	wantValue(t, s, "{{ request.object.metadata.name }}", `"p"`)
	wantValue(t, s, "{{ settings.data.a }}", `"b"`)
	wantValue(t, s, "{{ serviceAccountName }}", `"given"`)
	wantValue(t, s, "{{ keys(@) | sort(@) }}", `["request","serviceAccountName","settings"]`)
	wantValue(t, s, "{{ request | userInfo }}", `{"username":"u"}`)
	if got := r.Object["metadata"].(map[string]any)["labels"].(map[string]any)["app"]; got != "web" {
		t.Errorf("the object was changed: %v", got)
	}
}
