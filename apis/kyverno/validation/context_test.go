package validation

import "testing"

func TestContext(t *testing.T) {
	runClusterCases(t, map[string]ruleCase{
		"every source, valid": {rule: matchPods + validName + `
context:
- {name: a, configMap: {name: c, namespace: team}}
- {name: b, apiCall: {urlPath: /api/v1/namespaces, jmesPath: items, default: []}}
- {name: c, apiCall: {method: POST, data: [{key: a, value: 1}], service: {url: "https://x", headers: [{key: a, value: b}], caBundle: pem}}}
- {name: d, imageRegistry: {reference: nginx, imageRegistryCredentials: {providers: [default, github], secrets: [s]}}}
- {name: e, variable: {jmesPath: a, default: ""}}
- {name: f, variable: {value: null, jmesPath: a}}
- {name: g, globalReference: {name: entry.projection}}`},
		"names that there cannot be": {
			rule: matchPods + validName + "context: [{variable: {value: 1}}, {name: request, variable: {value: 1}}]",
			want: []string{
				`spec.rules[0].context[0].name: Required value: give the entry the name under which variables find it`,
				`spec.rules[0].context[1].name: Invalid value: "request": the name is taken by built-in data: choose another`,
			},
		},
		"none or two sources": {
			rule: matchPods + validName + "context: [{name: a}, {name: b, variable: {value: 1}, configMap: {name: c, namespace: team}}]",
			want: []string{
				`spec.rules[0].context[0]: Required value: specify one of configMap, apiCall, imageRegistry, variable and globalReference`,
				`spec.rules[0].context[1].variable: Forbidden: cannot be combined with configMap: give each an entry of its own`,
			},
		},
		"incomplete sources": {
			rule: matchPods + validName + `
context:
- {name: a, configMap: {name: ""}}
- {name: b, apiCall: {method: PUT, data: [{key: ""}]}}
- {name: c, apiCall: {urlPath: /a, service: {url: "", headers: [{key: "", value: a}]}}}
- {name: d, imageRegistry: {reference: "", imageRegistryCredentials: {providers: [nobody, ""], secrets: [""]}}}
- {name: e, variable: {}}
- {name: f, variable: {value: 1, default: 2}}
- {name: g, globalReference: {}}`,
			want: []string{
				`spec.rules[0].context[0].configMap.name: Required value: name the ConfigMap`,
				`spec.rules[0].context[0].configMap.namespace: Required value: name the namespace of the ConfigMap`,
				`spec.rules[0].context[1].apiCall: Required value: specify one of urlPath and service`,
				`spec.rules[0].context[1].apiCall.method: Unsupported value: "PUT": supported values: "GET", "POST"`,
				`spec.rules[0].context[1].apiCall.data[0].key: Required value: name the field of the request`,
				`spec.rules[0].context[1].apiCall.data[0].value: Required value: say what the field holds`,
				`spec.rules[0].context[2].apiCall.service: Forbidden: cannot be combined with urlPath: give each an entry of its own`,
				`spec.rules[0].context[2].apiCall.service.url: Required value: say which address is called`,
				`spec.rules[0].context[2].apiCall.service.headers[0].key: Required value: name the header`,
				`spec.rules[0].context[3].imageRegistry.reference: Required value: say which image is looked up`,
				`spec.rules[0].context[3].imageRegistry.imageRegistryCredentials.providers[0]: Unsupported value: "nobody": supported values: "default", "google", "azure", "amazon", "github"`,
				`spec.rules[0].context[3].imageRegistry.imageRegistryCredentials.providers[1]: Required value: name a provider, such as default`,
				`spec.rules[0].context[3].imageRegistry.imageRegistryCredentials.secrets[0]: Required value: name a Secret`,
				`spec.rules[0].context[4].variable: Required value: specify value or jmesPath`,
				`spec.rules[0].context[5].variable.default: Forbidden: it is used only when jmesPath finds nothing: add jmesPath, or remove it`,
				`spec.rules[0].context[6].globalReference.name: Required value`,
			},
		},
		"a ConfigMap of a foreach may lack its namespace": {
			rule: matchPods + "validate: {foreach: [{list: a, context: [{name: a, configMap: {name: c}}], deny: {}}]}",
		},
	})
}
