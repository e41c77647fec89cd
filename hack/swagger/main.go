// Command swagger prints the schema of generated/openapi as an OpenAPI v2 document. applyconfiguration-gen reads it, so
// that apply configurations know which fields merge and which are atomic. It is for hack/update-codegen.sh alone; what a
// server publishes is assembled by the server.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/kube-openapi/pkg/validation/spec"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
	kyvernov2 "github.com/edict-dev/edict/apis/kyverno/v2"
	"github.com/edict-dev/edict/apis/wgpolicyk8s/v1alpha2"
	generatedopenapi "github.com/edict-dev/edict/generated/openapi"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "swagger: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	document, err := document()
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(document); err != nil {
		return fmt.Errorf("writing the document: %w", err)
	}
	return nil
}

func document() (*spec.Swagger, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{kyvernov1.AddToScheme, kyvernov2.AddToScheme, v1alpha2.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering the types: %w", err)
		}
	}
	definitions := spec.Definitions{}
	namer := openapi.NewDefinitionNamer(scheme)
	schemas := generatedopenapi.GetOpenAPIDefinitions(func(name string) spec.Ref {
		return spec.MustCreateRef("#/definitions/" + name)
	})
	for name, definition := range schemas {
		_, extensions := namer.GetDefinitionName(name)
		schema := definition.Schema
		for key, value := range extensions {
			schema.AddExtension(key, value)
		}
		definitions[name] = schema
	}
	return &spec.Swagger{SwaggerProps: spec.SwaggerProps{
		Swagger:     "2.0",
		Info:        &spec.Info{InfoProps: spec.InfoProps{Title: "Edict", Version: "unversioned"}},
		Paths:       &spec.Paths{Paths: map[string]spec.PathItem{}},
		Definitions: definitions,
	}}, nil
}
