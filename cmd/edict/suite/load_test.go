package suite

import (
	"strings"
	"testing"
)

// TestGiven: what stands in for variables, users, clusters and services is there when rules are judged.
func TestGiven(t *testing.T) {
	const operation = `preconditions: {all: [{key: "{{request.operation}}", operator: Equals, value: UPDATE}]}, `
	deny := func(context, key string) string {
		return `context: [` + context + `], validate: {message: said, deny: {conditions: {all: [{key: "` + key + `", operator: Equals, value: yes-it-is}]}}}`
	}
	for _, test := range []struct{ name, suite, rule string }{
		{"values", `values: {globalValues: {request.operation: UPDATE}}`, operation + hasA},
		{"a file of values", `variables: values.yaml`, operation + hasA},
		{"values go before the file", `variables: create.yaml` + "\n" + `values: {policies: [{name: p, resources: [{name: two, values: {request.operation: UPDATE}}]}]}`, operation + hasA},
		{"values of a rule", `values: {policies: [{name: p, rules: [{name: r, values: {foo: yes-it-is}}]}]}`,
			deny(`{name: foo, configMap: {name: a, namespace: b}}`, "{{foo}}")},
		{"labels of a namespace", `values: {namespaceSelector: [{name: ns, labels: {env: prod}}]}`,
			`exclude: {any: [{resources: {namespaceSelector: {matchExpressions: [{key: env, operator: DoesNotExist}]}}}]}, ` + hasA},
		{"who asks", `userinfo: user.yaml`, `exclude: {any: [{clusterRoles: [admin]}]}, validate: {message: said, deny: {conditions: {all: [{key: "{{request.userInfo.username}}", operator: Equals, value: ann}]}}}`},
		{"objects of the cluster", `clusterResources: [cluster.yaml]`, deny(`{name: foo, configMap: {name: given, namespace: default}}`, "{{foo.data.a}}")},
		{"calls to the cluster", `clusterResources: [cluster.yaml]`, deny(`{name: foo, apiCall: {urlPath: /apis/example.com/v1/gadgetries/one, jmesPath: spec.a}}`, "{{foo}}")},
		{"what is judged is in the cluster", `clusterResources: [cluster.yaml]`, deny(`{name: foo, apiCall: {urlPath: /api/v1/namespaces/ns/pods/two, jmesPath: "spec.a == 'c' && 'yes-it-is'"}}`, "{{foo}}")},
		{"answers of the API server", `apiCallResponses: [{urlPath: /api/v1/nodes, response: {body: {a: yes-it-is}}}]`, deny(`{name: foo, apiCall: {urlPath: /api/v1/nodes, jmesPath: a}}`, "{{foo}}")},
		{"answers of services", `apiCallResponses: [{url: "https://example.com/a", method: POST, response: {statusCode: 201, body: {a: yes-it-is}}}]`,
			deny(`{name: foo, apiCall: {method: POST, service: {url: "https://example.com/a"}, jmesPath: a}}`, "{{foo}}")},
		{"global data", `globalContextEntries: [{name: e, data: {a: [yes-it-is]}}]`, deny(`{name: foo, globalReference: {name: e, jmesPath: "a[0]"}}`, "{{foo}}")},
		{"global data from a field", `globalContextEntries: [{name: e, data: {a: [yes-it-is]}, fieldPath: a}]`, deny(`{name: foo, globalReference: {name: e, jmesPath: "[0]"}}`, "{{foo}}")},
		{"a projection", `globalContextEntries: [{name: e, data: {a: {b: yes-it-is}}, fieldPath: a, projections: [{name: x, path: b}]}]`, deny(`{name: foo, globalReference: {name: e.x}}`, "{{foo}}")},
		{"global resources", `globalContextEntries: [{name: e, resources: [{data: {a: yes-it-is}}]}]`, deny(`{name: foo, globalReference: {name: e, jmesPath: "[0].data.a"}}`, "{{foo}}")},
		{"global files", `globalContextEntries: [{name: e, resourceFiles: [given.yaml]}]`, deny(`{name: foo, globalReference: {name: e, jmesPath: "[0].data.a"}}`, "{{foo}}")},
	} {
		got := told(run(t, Runner{}, map[string]string{
			"test.yaml":   test.suite + "\npolicies: [policy.yaml]\nresources: [res.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}]",
			"policy.yaml": clusterPolicy("p", rule("r", "Pod", test.rule)),
			"res.yaml":    resources,
			"values.yaml": "{apiVersion: cli.kyverno.io/v1alpha1, kind: Values, globalValues: {request.operation: UPDATE}}",
			"create.yaml": "{apiVersion: cli.kyverno.io/v1alpha1, kind: Value, globalValues: {request.operation: CREATE}}",
			"user.yaml":   "{apiVersion: cli.kyverno.io/v1alpha1, kind: UserInfo, clusterRoles: [view], userInfo: {username: ann}}",
			"given.yaml":  "{apiVersion: v1, kind: ConfigMap, metadata: {name: given}, data: {a: yes-it-is}}",
			"cluster.yaml": `{apiVersion: cli.kyverno.io/v1alpha1, kind: ClusterResource, metadata: {name: c}, spec: {crds: [crd.yaml], resources: [
				{apiVersion: v1, kind: ConfigMap, metadata: {name: given}, data: {a: yes-it-is}},
				{apiVersion: example.com/v1, kind: Gadget, metadata: {name: one}, spec: {a: yes-it-is}}]}}`,
			"crd.yaml": "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: gadgetries.example.com}, spec: {group: example.com, scope: Cluster, names: {kind: Gadget, plural: gadgetries}}}",
		}))
		if got != "Pass p/r v1/Pod/ns/two: Ok" {
			t.Errorf("%s:\n%s", test.name, got)
		}
	}
}

func TestExceptions(t *testing.T) {
	got := told(run(t, Runner{}, map[string]string{
		"test.yaml":      "policies: [policy.yaml]\nresources: [res.yaml]\nexceptions: [exception.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: skip}, {policy: p, rule: r, resources: [dep], result: pass}]",
		"policy.yaml":    clusterPolicy("p", rule("r", "Pod", hasA)),
		"res.yaml":       resources,
		"exception.yaml": "{apiVersion: kyverno.io/v2, kind: PolicyException, metadata: {name: e, namespace: ns}, spec: {match: {any: [{resources: {kinds: [Pod, Deployment]}}]}, exceptions: [{policyName: p, ruleNames: [r]}]}}",
	}))
	if want := "Pass p/r v1/Pod/ns/two: Ok\nPass p/autogen-r apps/v1/Deployment/default/dep: Ok"; got != want {
		t.Error(got)
	}
}

// TestFaults: what is wrong with what a suite names is told with its place.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ suite, want string }{
		{"policies: [policy.yaml, gone.yaml]", "kyverno-test.yaml:4:25: policies: "},
		{"policies: [broken.yaml]", "broken.yaml:2"},
		{"resources: [broken.yaml]", "broken.yaml:2"},
		{"resources: [nokind.yaml]", "nokind.yaml:1"},
		{"policies: [https://example.com/policy.yaml]", "nothing is read from a network here"},
		{"variables: nokind.yaml", "apiVersion and kind are required"},
		{"userinfo: nokind.yaml", "apiVersion and kind are missing"},
		{"clusterResources: [nokind.yaml]", "nokind.yaml:1:1: apiVersion and kind are required"},
		{"apiCallResponses: [{response: {body: {}}}]", "kyverno-test.yaml:4:20: apiCallResponses[0]: give either url"},
		{"apiCallResponses: [{url: 'https://a', urlPath: /a, response: {body: {}}}]", "apiCallResponses[0]: give either url"},
		{"apiCallResponses: [{url: /a, response: {body: {}}}]", "is no URL over http or https"},
		{"apiCallResponses: [{urlPath: a, response: {body: {}}}]", "does not start with /"},
		{"apiCallResponses: [{urlPath: /a, method: PUT, response: {body: {}}}]", `"PUT" is neither GET nor POST`},
		{"apiCallResponses: [{urlPath: /a, response: {statusCode: 7, body: {}}}]", "statusCode 7"},
		{"apiCallResponses: [{urlPath: /a, response: {body: []}}]", "response.body must be an object"},
		{"apiCallResponses: [{urlPath: /a, response: {body: {}}}, {urlPath: /a, response: {body: {}}}]", "given twice"},
		{"globalContextEntries: [{name: a, data: 1}, {name: a, data: 2}]", "globalContextEntries[1]: the name"},
		{"globalContextEntries: [{name: a}]", "exactly one of data, resources and resourceFiles"},
		{"globalContextEntries: [{name: a, data: 1, fieldPath: 'a('}]", "globalContextEntries[0]: "},
		{"globalContextEntries: [{name: a, data: 1, projections: [{path: a}]}]", "globalContextEntries[0].projections[0]: name the projection"},
		{"globalContextEntries: [{name: a, data: 1, projections: [{name: a, path: 'a('}]}]", "globalContextEntries[0].projections[0]: "},
		{"values: {globalValues: {'a..b': 1}}", `key "a..b"`},
	} {
		got := told(run(t, Runner{}, map[string]string{
			"test.yaml":   test.suite + "\nresults: []",
			"policy.yaml": clusterPolicy("p", rule("r", "Pod", hasA)),
			"broken.yaml": "a: b\nc: [d\n",
			"nokind.yaml": "metadata: {name: a}",
		}))
		if !strings.Contains(got, test.want) || !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s:\n%s\nlacks %s", test.suite, got, test.want)
		}
	}
}
