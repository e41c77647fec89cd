package offline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edict-dev/edict/admission/engine/eval"
	"github.com/edict-dev/edict/admission/lookup"
	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// Values are what stands for variables and for what a cluster would know, as people keep them in values files.
type Values struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   metav1.ObjectMeta `json:"metadata"`
	ValuesSpec
}

// ValuesSpec is the content of Values, which a test suite may also hold inline.
type ValuesSpec struct {
	GlobalValues      map[string]any      `json:"globalValues"`
	Policies          []PolicyValues      `json:"policies"`
	NamespaceSelector []NamespaceSelector `json:"namespaceSelector"`
	Namespaces        []eval.Object       `json:"namespaces"`
	Subresources      []Subresource       `json:"subresources"`
}

// PolicyValues are the values of one policy.
type PolicyValues struct {
	Name      string           `json:"name"`
	Resources []ResourceValues `json:"resources"`
	Rules     []RuleValues     `json:"rules"`
}

// ResourceValues are the values for resources of one name.
type ResourceValues struct {
	Name   string         `json:"name"`
	Values map[string]any `json:"values"`
}

// RuleValues are the values for one rule.
type RuleValues struct {
	Name          string           `json:"name"`
	Values        map[string]any   `json:"values"`
	ForeachValues map[string][]any `json:"foreachValues"`
}

// NamespaceSelector gives a namespace labels.
type NamespaceSelector struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// Subresource says that objects of a kind are sent to a subresource of another.
type Subresource struct {
	Subresource    metav1.APIResource `json:"subresource"`
	ParentResource metav1.APIResource `json:"parentResource"`
}

// DecodeLenient decodes the files of the command line's own kinds as people write them: a field that does not exist is
// an error, but upper and lower case in the names of fields are the same.
func DecodeLenient(d *manifest.Document, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(d.JSON()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return d.At("", fmt.Errorf("%s: %w", d.Kind(), err))
	}
	if _, err := decoder.Token(); err != io.EOF {
		return d.At("", fmt.Errorf("%s: something follows the document", d.Kind()))
	}
	return nil
}

// ReadValues reads a values file.
func ReadValues(documents []*manifest.Document, file string) (*Values, error) {
	values := &Values{}
	d, err := only(documents, file, "Values")
	if err != nil {
		return nil, err
	}
	if err := DecodeLenient(d, values); err != nil {
		return nil, err
	}
	if values.APIVersion == "" || values.Kind == "" {
		return nil, d.At("", fmt.Errorf("apiVersion and kind are required; write apiVersion: %s and kind: Values", cliVersion))
	}
	return values, nil
}

const cliVersion = "cli.kyverno.io/v1alpha1"

func only(documents []*manifest.Document, file, kind string) (*manifest.Document, error) {
	if len(documents) != 1 {
		return nil, fmt.Errorf("%s: %d documents; one of kind %s is wanted", file, len(documents), kind)
	}
	return documents[0], nil
}

// Lookup is what the values are to lookup.NewStatic. Values that were given for the elements of a foreach stand, as
// those of the rule do, for every element.
func (v *ValuesSpec) Lookup(set map[string]any) lookup.Values {
	out := lookup.Values{Global: integers(v.GlobalValues), Set: set, Policies: map[string]lookup.PolicyValues{}}
	for _, policy := range v.Policies {
		values, ok := out.Policies[policy.Name]
		if !ok {
			values = lookup.PolicyValues{Resources: map[string]map[string]any{}, Rules: map[string]map[string]any{}}
			out.Policies[policy.Name] = values
		}
		for _, resource := range policy.Resources {
			values.Resources[resource.Name] = integers(resource.Values)
		}
		for _, rule := range policy.Rules {
			given := map[string]any{}
			for key, list := range rule.ForeachValues {
				if len(list) > 0 {
					given[key] = list[0]
				}
			}
			for key, value := range rule.Values {
				given[key] = value
			}
			values.Rules[rule.Name] = integers(given)
		}
	}
	return out
}

// NamespaceLabels are the labels that the values give to namespaces; a whole namespace goes before its labels alone.
func (v *ValuesSpec) NamespaceLabels() map[string]map[string]string {
	labels := map[string]map[string]string{}
	for _, selector := range v.NamespaceSelector {
		labels[selector.Name] = selector.Labels
	}
	for _, namespace := range v.Namespaces {
		metadata := mapAt(namespace, "metadata")
		own := map[string]string{}
		for key := range mapAt(metadata, "labels") {
			own[key] = stringAt(mapAt(metadata, "labels"), key)
		}
		labels[stringAt(metadata, "name")] = own
	}
	return labels
}

// subresourceOf returns of which kind's subresource objects of a kind are.
func (v *ValuesSpec) subresourceOf(kind schema.GroupVersionKind) (parent schema.GroupVersionKind, subresource string, ok bool) {
	i := slices.IndexFunc(v.Subresources, func(s Subresource) bool {
		return s.Subresource.Kind == kind.Kind && s.Subresource.Group == kind.Group && s.Subresource.Version == kind.Version
	})
	if i < 0 {
		return schema.GroupVersionKind{}, "", false
	}
	s := v.Subresources[i]
	_, subresource, ok = strings.Cut(s.Subresource.Name, "/")
	return schema.GroupVersionKind{Group: s.ParentResource.Group, Version: s.ParentResource.Version, Kind: s.ParentResource.Kind}, subresource, ok
}

// integers makes whole numbers, which a JSON decoder leaves as float64, what the engine takes them for.
func integers(m map[string]any) map[string]any {
	out, _ := wholeNumbers(m).(map[string]any)
	return out
}

func wholeNumbers(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = wholeNumbers(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = wholeNumbers(v[i])
		}
		return out
	}
	return v
}
