package main

import (
	"strings"
	"testing"

	"k8s.io/kube-openapi/pkg/validation/spec"
)

const ours = "com.github.edict-dev.edict.apis."

// Whoever applies a policy, or asks kubectl explain, depends on this schema.
func TestDocument(t *testing.T) {
	document, err := document()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, schema := range document.Definitions {
		for property, content := range schema.Properties {
			at := name + "." + property
			for _, part := range parts(content) {
				if target := part.Ref.GetURL(); target != nil {
					if _, ok := document.Definitions[strings.TrimPrefix(target.Fragment, "/definitions/")]; !ok {
						t.Errorf("%s refers to %s, which is not there", at, target)
					}
				}
			}
			if !strings.HasPrefix(name, ours) {
				continue
			}
			checked++
			if content.Description == "" {
				t.Errorf("%s is not described", at)
			}
			if property != "items" && content.Type.Contains("array") && content.Extensions["x-kubernetes-list-type"] != "atomic" {
				t.Errorf("%s is not an atomic list", at)
			}
		}
	}
	if checked < 250 {
		t.Errorf("found only %d fields of our own", checked)
	}
	for _, kind := range []string{"kyverno.v1.ClusterPolicy", "kyverno.v1.Policy", "wgpolicyk8s.v1alpha2.PolicyReport", "wgpolicyk8s.v1alpha2.ClusterPolicyReport"} {
		if _, ok := document.Definitions[ours+kind].Extensions["x-kubernetes-group-version-kind"]; !ok {
			t.Errorf("%s does not say its kind", kind)
		}
	}
}

// parts returns a schema with those of its elements.
func parts(schema spec.Schema) []spec.Schema {
	found := append([]spec.Schema{schema}, schema.AllOf...)
	if schema.Items != nil && schema.Items.Schema != nil {
		found = append(found, parts(*schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil && schema.AdditionalProperties.Schema != nil {
		found = append(found, parts(*schema.AdditionalProperties.Schema)...)
	}
	return found
}
