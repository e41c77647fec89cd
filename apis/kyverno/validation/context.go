package validation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// contextPlace is where a context stands.
type contextPlace int

const (
	ruleContext contextPlace = iota
	// nestedContext is the context of a foreach or of a target.
	nestedContext
)

// builtInNames are names that the engine gives data itself.
var builtInNames = sets.New("images", "request", "serviceAccountName", "serviceAccountNamespace", "element", "elementIndex")

func (c *checker) checkContext(path *field.Path, entries []kyvernov1.ContextEntry, place contextPlace) field.ErrorList {
	var errs field.ErrorList
	for i := range entries {
		entry, at := &entries[i], path.Index(i)
		if entry.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "give the entry the name under which variables find it"))
		} else if builtInNames.Has(entry.Name) {
			errs = append(errs, field.Invalid(at.Child("name"), entry.Name, "the name is taken by built-in data: choose another"))
		}
		errs = append(errs, exactlyOne(at, []choice{
			{"configMap", entry.ConfigMap != nil},
			{"apiCall", entry.APICall != nil},
			{"imageRegistry", entry.ImageRegistry != nil},
			{"variable", entry.Variable != nil},
			{"globalReference", entry.GlobalReference != nil},
		}, "give each an entry of its own")...)
		errs = append(errs, c.checkContextSource(at, entry, place)...)
	}
	return errs
}

func (c *checker) checkContextSource(path *field.Path, entry *kyvernov1.ContextEntry, place contextPlace) field.ErrorList {
	var errs field.ErrorList
	if configMap, at := entry.ConfigMap, path.Child("configMap"); configMap != nil {
		if configMap.Name == "" {
			errs = append(errs, field.Required(at.Child("name"), "name the ConfigMap"))
		}
		switch {
		case configMap.Namespace == "" && place == ruleContext:
			errs = append(errs, field.Required(at.Child("namespace"), "name the namespace of the ConfigMap"))
		case configMap.Namespace != "" && c.namespaced && configMap.Namespace != c.namespace:
			errs = append(errs, field.Invalid(at.Child("namespace"), configMap.Namespace,
				fmt.Sprintf("a Policy reads ConfigMaps of its own namespace only: say %s, or write a ClusterPolicy", c.namespace)))
		}
	}
	if entry.APICall != nil {
		if entry.APICall.Service != nil && c.namespaced {
			errs = append(errs, field.Forbidden(path.Child("apiCall", "service"), "a Policy calls nothing but the Kubernetes API, for its own namespace: write a ClusterPolicy"))
		}
		errs = append(errs, checkAPICall(path.Child("apiCall"), &entry.APICall.APICall)...)
	}
	if registry, at := entry.ImageRegistry, path.Child("imageRegistry"); registry != nil {
		if registry.Reference == "" {
			errs = append(errs, field.Required(at.Child("reference"), "say which image is looked up"))
		}
		errs = append(errs, checkCredentials(at.Child("imageRegistryCredentials"), registry.ImageRegistryCredentials)...)
	}
	if variable, at := entry.Variable, path.Child("variable"); variable != nil {
		if variable.Value == nil && variable.JMESPath == "" {
			errs = append(errs, field.Required(at, "specify value or jmesPath"))
		} else if variable.Default != nil && variable.JMESPath == "" {
			errs = append(errs, field.Forbidden(at.Child("default"), "it is used only when jmesPath finds nothing: add jmesPath, or remove it"))
		}
	}
	if global, at := entry.GlobalReference, path.Child("globalReference"); global != nil {
		if c.namespaced {
			errs = append(errs, field.Forbidden(at, "globalReference is not allowed in namespaced policies: write a ClusterPolicy"))
		}
		if global.Name == "" {
			// Suites compare this message as a whole, so it has no advice.
			errs = append(errs, field.Required(at.Child("name"), ""))
		}
	}
	return errs
}

func checkAPICall(path *field.Path, call *kyvernov1.APICall) field.ErrorList {
	errs := exactlyOne(path, []choice{
		{"urlPath", call.URLPath != ""},
		{"service", call.Service != nil},
	}, "give each an entry of its own")
	errs = append(errs, oneOfValues(path.Child("method"), call.Method, kyvernov1.Get, kyvernov1.Post)...)
	for i, data := range call.Data {
		at := path.Child("data").Index(i)
		if data.Key == "" {
			errs = append(errs, field.Required(at.Child("key"), "name the field of the request"))
		}
		if data.Value == nil {
			errs = append(errs, field.Required(at.Child("value"), "say what the field holds"))
		}
	}
	if call.Service == nil {
		return errs
	}
	path = path.Child("service")
	if call.Service.URL == "" {
		errs = append(errs, field.Required(path.Child("url"), "say which address is called"))
	}
	for i, header := range call.Service.Headers {
		if header.Key == "" {
			errs = append(errs, field.Required(path.Child("headers").Index(i).Child("key"), "name the header"))
		}
	}
	return errs
}

func checkCredentials(path *field.Path, credentials *kyvernov1.ImageRegistryCredentials) field.ErrorList {
	if credentials == nil {
		return nil
	}
	var errs field.ErrorList
	for i, provider := range credentials.Providers {
		at := path.Child("providers").Index(i)
		if provider == "" {
			errs = append(errs, field.Required(at, "name a provider, such as default"))
		}
		errs = append(errs, oneOfValues(at, provider, kyvernov1.ProviderDefault, kyvernov1.ProviderGoogle,
			kyvernov1.ProviderAzure, kyvernov1.ProviderAmazon, kyvernov1.ProviderGitHub)...)
	}
	for i, secret := range credentials.Secrets {
		if secret == "" {
			errs = append(errs, field.Required(path.Child("secrets").Index(i), "name a Secret"))
		}
	}
	return errs
}
