package kyverno

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	kyvernov1 "github.com/edict-dev/edict/apis/kyverno/v1"
)

// borrowed says what a policy reads with Edict's rights although its author may not read it: otherwise whoever may write
// a policy could have it read for him. It is judged as RBAC judges escalation, when the spec is written and by who writes
// it.
func borrowed(ctx context.Context, asked Authorizer, policy kyvernov1.Object) field.ErrorList {
	author, _ := genericapirequest.UserFrom(ctx)
	var errs field.ErrorList
	deny := func(at *field.Path, request authorizer.AttributesRecord) {
		request.User = author
		if denial := Denial(ctx, asked, request); denial != "" {
			errs = append(errs, field.Forbidden(at, "it would be read with Edict's rights, and "+denial))
		}
	}
	path := field.NewPath("spec")
	policy.PolicySpec().WalkContext(path, func(at *field.Path, entry *kyvernov1.ContextEntry) {
		if configMap := entry.ConfigMap; configMap != nil {
			deny(at.Child("configMap"), readOfConfigMap(configMap, policy.GetNamespace()))
		}
		if call := entry.APICall; call != nil && call.URLPath != "" {
			at := at.Child("apiCall", "urlPath")
			request, err := readOfPath(call.URLPath)
			if err != nil {
				errs = append(errs, field.Invalid(at, call.URLPath, err.Error()))
				return
			}
			deny(at, request)
		}
	})
	for i, rule := range policy.PolicySpec().Rules {
		if rule.Validate == nil || rule.Validate.CEL == nil {
			continue
		}
		if cel := rule.Validate.CEL; cel.ParamKind != nil && cel.ParamRef != nil {
			deny(path.Child("rules").Index(i).Child("validate", "cel", "paramRef"), readOfParams(cel.ParamKind, cel.ParamRef, policy.GetNamespace()))
		}
	}
	return errs
}

// readOfParams is what reading the parameters of CEL expressions takes: of all namespaces, where it is that of the
// resource that is judged.
func readOfParams(kind *admissionregistrationv1.ParamKind, ref *admissionregistrationv1.ParamRef, namespace string) authorizer.AttributesRecord {
	resource, _ := meta.UnsafeGuessKindToResource(schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind))
	request := authorizer.AttributesRecord{
		Verb: "list", APIGroup: resource.Group, APIVersion: resource.Version, Resource: resource.Resource, ResourceRequest: true,
		Namespace: ref.Namespace,
	}
	if ref.Name != "" {
		request.Verb, request.Name = "get", ref.Name
	}
	if request.Namespace == "" {
		request.Namespace = namespace
	}
	return request
}

// readOfConfigMap is what reading a ConfigMap takes. What is known only when the policy is evaluated may be any.
func readOfConfigMap(configMap *kyvernov1.ConfigMapReference, namespace string) authorizer.AttributesRecord {
	request := authorizer.AttributesRecord{
		Verb: "get", APIVersion: "v1", Resource: "configmaps", ResourceRequest: true,
		Namespace: configMap.Namespace, Name: configMap.Name,
	}
	if request.Namespace == "" {
		request.Namespace = namespace
	}
	if request.Namespace == "" {
		request.Namespace = "default"
	}
	if varies(request.Namespace) {
		request.Namespace = ""
	}
	if varies(request.Name) {
		request.Name = ""
	}
	return request
}

func varies(text string) bool { return strings.Contains(text, "{{") || strings.Contains(text, "$(") }

// placeholder stands for a variable where a path is taken apart. No name of the API has it.
const placeholder = "~"

var paths = genericapirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}

// readOfPath is what a GET of a path of the Kubernetes API takes. A variable in it may be anything that fits between two
// slashes: as namespace or name it stands for all of them, elsewhere for everything there is.
func readOfPath(urlPath string) (authorizer.AttributesRecord, error) {
	static, _, _ := strings.Cut(withoutVariables(urlPath), "?")
	if !strings.HasPrefix(static, "/") || strings.ContainsAny(static, "{}()'`\" ") {
		return everything, nil // A variable at its beginning, or one whose end cannot be told, may lead anywhere.
	}
	static = strings.TrimSuffix(static, "/")
	if static != path.Clean(static) || strings.Contains(static, "%") {
		return authorizer.AttributesRecord{}, fmt.Errorf("write the path plainly, as in /api/v1/namespaces/default/pods: without dots, doubled slashes and %%")
	}
	info, err := paths.NewRequestInfo(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: static}})
	if err != nil {
		return authorizer.AttributesRecord{}, fmt.Errorf("write the path of a GET, as in /api/v1/namespaces/default/pods: %w", err)
	}
	if !info.IsResourceRequest {
		if strings.Contains(static, placeholder) {
			return everything, nil
		}
		return authorizer.AttributesRecord{Verb: "get", Path: static}, nil
	}
	if strings.Contains(info.APIGroup+info.APIVersion+info.Resource+info.Subresource, placeholder) {
		return everything, nil
	}
	request := authorizer.AttributesRecord{
		Verb: info.Verb, APIGroup: info.APIGroup, APIVersion: info.APIVersion, ResourceRequest: true,
		Resource: info.Resource, Subresource: info.Subresource, Namespace: info.Namespace, Name: info.Name,
	}
	if strings.Contains(request.Namespace, placeholder) {
		request.Namespace = ""
	}
	if strings.Contains(request.Name, placeholder) {
		request.Name = ""
	}
	return request, nil
}

// everything is what only somebody who may do everything may do.
var everything = authorizer.AttributesRecord{Verb: "*", APIGroup: "*", APIVersion: "*", Resource: "*", ResourceRequest: true}

// withoutVariables puts the placeholder for each variable, {{…}}, and each reference, $(…), with what is nested in it.
func withoutVariables(text string) string {
	var static strings.Builder
	depth, parentheses := 0, 0
	for i := 0; i < len(text); i++ {
		switch {
		case parentheses == 0 && strings.HasPrefix(text[i:], "{{"):
			if depth == 0 {
				static.WriteString(placeholder)
			}
			depth++
			i++
		case depth > 0 && strings.HasPrefix(text[i:], "}}"):
			depth--
			i++
		case depth == 0 && parentheses == 0 && strings.HasPrefix(text[i:], "$("):
			static.WriteString(placeholder)
			parentheses++
			i++
		case parentheses > 0 && text[i] == ')':
			parentheses--
		case depth == 0 && parentheses == 0:
			static.WriteByte(text[i])
		}
	}
	return static.String()
}
