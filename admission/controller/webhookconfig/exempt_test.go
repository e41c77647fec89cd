package webhookconfig

import (
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/edict-dev/edict/admission/engine"
	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

func TestConcernsOnlyExempt(t *testing.T) {
	for name, test := range map[string]struct {
		match string
		want  bool
	}{
		"Events":                       {`{any: [{resources: {kinds: [Event, events.k8s.io/v1/Event]}}]}`, true},
		"Events and Pods":              {`{any: [{resources: {kinds: [Event, Pod]}}]}`, false},
		"reviews":                      {`{any: [{resources: {kinds: [TokenReview, authorization.k8s.io/v1/SubjectAccessReview]}}]}`, true},
		"our own":                      {`{any: [{resources: {kinds: [kyverno.io/*/*, PolicyReport]}}]}`, true},
		"Policy of another group":      {`{any: [{resources: {kinds: [k8s.nginx.org/v1/Policy]}}]}`, false},
		"everything":                   {`{any: [{resources: {kinds: ["*"]}}]}`, false},
		"any, only kube-system":        {`{any: [{resources: {kinds: [Pod], namespaces: [kube-system]}}, {resources: {kinds: [Secret], namespaces: [kube-system]}}]}`, true},
		"any, one elsewhere too":       {`{any: [{resources: {kinds: [Pod], namespaces: [kube-system]}}, {resources: {kinds: [Secret]}}]}`, false},
		"any, with another namespace":  {`{any: [{resources: {kinds: [Pod], namespaces: [kube-system, default]}}]}`, false},
		"any, a wildcard":              {`{any: [{resources: {kinds: [Pod], namespaces: ["kube-*"]}}]}`, false},
		"all, one in kube-system":      {`{all: [{resources: {kinds: [Pod], namespaces: [kube-system]}}, {resources: {kinds: [Pod], names: [a]}}]}`, true},
		"flat, kube-system":            {`{resources: {kinds: [Pod], namespaces: [kube-system]}}`, true},
		"nodes, which a person labels": {`{any: [{resources: {kinds: [Node]}}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var policy v1.ClusterPolicy
			text := `{metadata: {name: p}, spec: {background: false, rules: [{name: r, match: ` + test.match + `, validate: {pattern: {metadata: {name: "?*"}}}}]}}`
			if err := yaml.UnmarshalStrict([]byte(text), &policy); err != nil {
				t.Fatal(err)
			}
			program, errs := engine.Compile(&policy)
			if len(errs) > 0 {
				t.Fatal(errs.ToAggregate())
			}
			if got := ConcernsOnlyExempt(&policy, program); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
