package app

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	apiopenapi "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/version"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/edict-dev/edict/generated/openapi"
	"github.com/edict-dev/edict/registry"
)

// describe has the server publish its schemas. Server-side apply needs them too.
func describe(config *genericapiserver.Config) {
	namer := apiopenapi.NewDefinitionNamer(registry.Scheme)
	name := func(name string) (string, spec.Extensions) {
		name, extensions := namer.GetDefinitionName(name)
		return name, withoutInternal(extensions)
	}
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.GetDefinitionName = name
	config.OpenAPIConfig.Info.Title = "Edict"
	config.OpenAPIConfig.Info.Version = version.Get().GitVersion
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(openapi.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config.GetDefinitionName = name
	config.OpenAPIV3Config.Info.Title = "Edict"
	config.OpenAPIV3Config.Info.Version = version.Get().GitVersion
}

const extensionKinds = "x-kubernetes-group-version-kind"

// withoutInternal hides the internal version, which is the same Go type as the served ones and which clients cannot ask
// for.
func withoutInternal(extensions spec.Extensions) spec.Extensions {
	kinds, ok := extensions[extensionKinds].([]any)
	if !ok {
		return extensions
	}
	return spec.Extensions{extensionKinds: slices.DeleteFunc(kinds, func(kind any) bool {
		fields, ok := kind.(map[string]any)
		return ok && fields["version"] == runtime.APIVersionInternal
	})}
}
