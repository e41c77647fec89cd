// Package fuzzer fills policies with random content for tests of conversion and encoding. It is for tests only.
package fuzzer

import (
	"encoding/json"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	runtimeserializer "k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/randfill"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// Funcs returns the fuzzer functions of the group kyverno.io.
func Funcs(runtimeserializer.CodecFactory) []any {
	return []any{
		fillJSON,
		// Types that hold lists of themselves are cut off, else one policy would not fit in memory.
		func(set *kyvernov1.AttestorSet, c randfill.Continue) {
			c.FillNoCustom(&set.Count)
			for range c.Intn(3) {
				set.Entries = append(set.Entries, attestor(c, 1))
			}
		},
		func(element *kyvernov1.ForEachValidation, c randfill.Continue) { *element = forEachValidation(c, 1) },
		func(element *kyvernov1.ForEachMutation, c randfill.Continue) { *element = forEachMutation(c, 1) },
	}
}

func attestor(c randfill.Continue, depth int) kyvernov1.Attestor {
	var a kyvernov1.Attestor
	c.Fill(&a.Keys)
	c.Fill(&a.Certificates)
	c.Fill(&a.Keyless)
	c.Fill(&a.Annotations)
	c.Fill(&a.Repository)
	c.Fill(&a.SignatureAlgorithm)
	if depth > 0 && c.Bool() {
		a.Attestor = &kyvernov1.AttestorSet{Entries: []kyvernov1.Attestor{attestor(c, depth-1)}}
	}
	return a
}

func forEachValidation(c randfill.Continue, depth int) kyvernov1.ForEachValidation {
	var e kyvernov1.ForEachValidation
	c.Fill(&e.List)
	c.Fill(&e.ElementScope)
	c.Fill(&e.Context)
	c.Fill(&e.Preconditions)
	c.Fill(&e.Pattern)
	c.Fill(&e.AnyPattern)
	c.Fill(&e.Deny)
	if depth > 0 && c.Bool() {
		e.ForEach = []kyvernov1.ForEachValidation{forEachValidation(c, depth-1)}
	}
	return e
}

func forEachMutation(c randfill.Continue, depth int) kyvernov1.ForEachMutation {
	var e kyvernov1.ForEachMutation
	c.Fill(&e.List)
	c.Fill(&e.Order)
	c.Fill(&e.Context)
	c.Fill(&e.Preconditions)
	c.Fill(&e.PatchStrategicMerge)
	c.Fill(&e.PatchesJSON6902)
	if depth > 0 && c.Bool() {
		e.ForEach = []kyvernov1.ForEachMutation{forEachMutation(c, depth-1)}
	}
	return e
}

// fillJSON writes one valid JSON value, written compactly, since encoding an object drops white space. Never null:
// a pointer to it decodes as nil.
func fillJSON(value *apiextensionsv1.JSON, c randfill.Continue) {
	raw, err := json.Marshal(jsonValue(c, 2))
	if err != nil {
		panic(err)
	}
	value.Raw = raw
}

func jsonValue(c randfill.Continue, depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch c.Intn(kinds) {
	case 0:
		return c.String(8)
	case 1:
		return c.Int31()
	case 2:
		return c.Float64()
	case 3:
		return c.Bool()
	case 4:
		list := []any{}
		for range c.Intn(3) {
			list = append(list, jsonValue(c, depth-1))
		}
		return list
	default:
		object := map[string]any{}
		for range c.Intn(3) {
			object[c.String(8)] = jsonValue(c, depth-1)
		}
		return object
	}
}
