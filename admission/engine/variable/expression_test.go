package variable

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/engine/jmespath"
)

func TestSubjectPath(t *testing.T) {
	for pointer, want := range map[string]string{
		"": "request.object", "/a": "request.object", "/a/b": "request.object", "/a/b/spec/containers/0/image": "request.object.spec.containers[0].image",
		"/mutate/foreach/0/patch/metadata/name": "request.object.metadata.name", "/a/b/x-y/c~1d/01": `request.object."x-y"."c/d"[01]`, "/a/b/`": "request.object.\"\\u0060\"",
	} {
		if got := subjectPath(pointer); got != want {
			t.Errorf("%s: %s, want %s", pointer, got, want)
		}
	}
}

func TestUnresolvedError(t *testing.T) {
	_, err := mustCompile(t, "{{ request.nosuch }}").Substitute(podScope(t))
	var unresolved *UnresolvedError
	if !errors.As(err, &unresolved) || unresolved.Expression != "request.nosuch" {
		t.Errorf("%v", err)
	}
	var missing *jmespath.NotFoundError
	if !errors.As(err, &missing) || missing.Key != "nosuch" {
		t.Errorf("%v", err)
	}
	long := &UnresolvedError{Expression: strings.Repeat("ä", maxShown), Err: errors.New("x")}
	if got := long.Error(); len(got) > maxShown+100 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

// One template serves many evaluations at a time, each with values of its own.
func TestNestedConcurrently(t *testing.T) {
	template := mustCompile(t, "{{ join('', ['<{{ request.object.v }}>']) }}")
	var group sync.WaitGroup
	for _, value := range []string{"a", "b", "c", "d"} {
		group.Go(func() {
			for range 500 {
				s := NewScope(Config{Request: &eval.Request{Object: eval.Object{"v": value}}, Policy: clusterPolicy})
				if got, err := template.Substitute(s); err != nil || got != "<"+value+">" {
					t.Errorf("%v, %v, want <%s>", got, err, value)
					return
				}
			}
		})
	}
	group.Wait()
}
