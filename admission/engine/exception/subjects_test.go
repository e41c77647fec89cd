package exception

import (
	"testing"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// TestGeneratedNames: an object whose name is yet to be generated is exempt only when every name that it may get is.
func TestGeneratedNames(t *testing.T) {
	generated := pod(func(r *eval.Request) {
		r.Name = ""
		r.Object = eval.Object{"metadata": map[string]any{"generateName": "x-"}}
	})
	for names, want := range map[string]bool{"x-*": true, "x-": false, "x-b*": false, "x-?????": true, "x-abcde": false} {
		got, err := applies(compile(t, `match: {any: [{resources: {kinds: [Pod], names: ["`+names+`"]}}]}`), generated)
		if got != want || err != nil {
			t.Errorf("%s: %v, %v", names, got, err)
		}
	}
}

// TestEphemeralContainers: who exempts Pods does not exempt the containers that are added to them later.
func TestEphemeralContainers(t *testing.T) {
	added := pod(func(r *eval.Request) { r.Operation, r.Subresource = eval.Update, "ephemeralcontainers" })
	for kinds, want := range map[string]bool{
		`kinds: [Pod]`: false, `kinds: [v1/Pod]`: false, `kinds: ["*/v1/Pod"]`: false, `kinds: ["*"]`: false,
		`kinds: [Pod/ephemeralcontainers]`: true, `kinds: [Pod.ephemeralcontainers]`: true, `kinds: ["*/ephemeralcontainers"]`: true,
		`kinds: [v1/Pod/ephemeralcontainers]`: true, `kinds: ["*/*"]`: true, `kinds: ["Pod/*"]`: true, `namespaces: [a]`: true,
	} {
		got, err := applies(compile(t, `match: {any: [{resources: {`+kinds+`}}]}`), added)
		if got != want || err != nil {
			t.Errorf("%s: %v, %v", kinds, got, err)
		}
	}
}
