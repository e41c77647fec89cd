package cel

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// decode reads YAML into the decoded JSON of objects or into a type.
func decode(t testing.TB, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func config(t testing.TB, rule string) Config {
	t.Helper()
	var r v1.Rule
	decode(t, rule, &r)
	return Config{Rule: "r", Validation: r.Validate, Preconditions: r.CELPreconditions, Path: field.NewPath("rule")}
}

func compile(t testing.TB, cfg Config) *Check {
	t.Helper()
	check, errs := Compile(cfg)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return check
}

// cluster is a Lookup that answers from maps and counts what it is asked.
type cluster struct {
	eval.Lookup
	namespaces map[string]any
	params     []any
	err        error
	asked      []eval.Source
}

func (c *cluster) Read(source eval.Source) (any, error) {
	c.asked = append(c.asked, source)
	switch {
	case c.err != nil:
		return nil, c.err
	case source.Params != nil:
		return c.params, nil
	}
	found, ok := c.namespaces[source.Namespace.Name]
	if !ok {
		return nil, fmt.Errorf("namespace %q not found", source.Namespace.Name)
	}
	return found, nil
}

func pod() *eval.Request {
	return &eval.Request{
		Kind:      schema.GroupVersionKind{Version: "v1", Kind: "Pod"},
		Resource:  schema.GroupVersionResource{Version: "v1", Resource: "pods"},
		Namespace: "ns1", Name: "pod1", Operation: eval.Create,
		Object: eval.Object{
			"metadata": map[string]any{"name": "pod1", "namespace": "ns1", "labels": map[string]any{"a": "b"}},
			"spec":     map[string]any{"priority": int64(5), "share": 1.5, "nothing": nil, "containers": []any{map[string]any{"name": "a", "image": "nginx"}}},
		},
	}
}

// TestEvaluate holds what the reference answers to the same rules.
func TestEvaluate(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		result     eval.Result
		message    string
	}{
		{"pass", "{validate: {cel: {expressions: [{expression: 'object.metadata.name == \"pod1\"'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"fail", "{validate: {cel: {expressions: [{expression: 'object.metadata.name == \"x\"'}]}}}", eval.Fail, `failed expression: object.metadata.name == "x"`},
		{"own message", "{validate: {message: rule's, cel: {expressions: [{expression: 'false', message: ' own '}]}}}", eval.Fail, "own"},
		{"message of the rule", "{validate: {message: rule's, cel: {expressions: [{expression: 'false'}]}}}", eval.Fail, "rule's"},
		{"computed message", "{validate: {cel: {expressions: [{expression: 'false', message: own, messageExpression: '\"name \" + object.metadata.name'}]}}}", eval.Fail, "name pod1"},
		{"computed message breaks", "{validate: {cel: {expressions: [{expression: 'false', message: own, messageExpression: '\"name \" + object.metadata.zork'}]}}}", eval.Fail, "own"},
		{"computed message is empty", "{validate: {cel: {expressions: [{expression: 'false', messageExpression: '\"  \"'}]}}}", eval.Fail, "failed expression: false"},
		{"computed message has two lines", `{validate: {cel: {expressions: [{expression: 'false', message: own, messageExpression: '"a\nb"'}]}}}`, eval.Fail, "own"},
		{"computed message is too long", "{validate: {cel: {expressions: [{expression: 'false', message: own, messageExpression: '\"" + strings.Repeat("x", 6000) + "\"'}]}}}", eval.Fail, "own"},
		{"the first that fails", "{validate: {cel: {expressions: [{expression: 'true'}, {expression: 'false', message: second}, {expression: 'false', message: third}]}}}", eval.Fail, "second"},
		{"missing field", "{validate: {cel: {expressions: [{expression: 'object.spec.missing == 1', message: own}]}}}", eval.Fail, "expression 'object.spec.missing == 1' resulted in error: no such key: missing"},
		{"numbers", "{validate: {cel: {expressions: [{expression: 'object.spec.priority == 5 && object.spec.share == 1.5 && object.spec.priority < 5.5'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"null field", "{validate: {cel: {expressions: [{expression: 'has(object.spec.nothing) && object.spec.nothing == null'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"optionals", "{validate: {cel: {expressions: [{expression: 'object.spec.?volumes.orValue([]).size() == 0 && object.spec.?priority.orValue(1) == 5'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"optional of what is none", "{validate: {cel: {expressions: [{expression: 'object.spec.containers.orValue([]).size() == 1'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"no old object on create", "{validate: {cel: {expressions: [{expression: 'oldObject == null'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"libraries", "{validate: {cel: {expressions: [{expression: 'quantity(\"1Gi\").isGreaterThan(quantity(\"1Mi\")) && cidr(\"10.0.0.0/8\").containsIP(\"10.1.1.1\") && \"a-1\".matches(\"^[a-z]-[0-9]$\") && [1, 2].sum() == 3 && url(\"https://a.b/c\").getHost() == \"a.b\" && semver(\"1.2.3\").major() == 1 && sets.contains([1, 2], [1])'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"precondition is met", "{celPreconditions: [{name: a, expression: 'true'}], validate: {cel: {expressions: [{expression: 'false'}]}}}", eval.Fail, "failed expression: false"},
		{"precondition is not met", "{celPreconditions: [{name: a, expression: 'false'}], validate: {cel: {expressions: [{expression: 'false'}]}}}", eval.Skip, "cel preconditions not met"},
		{"precondition breaks", "{celPreconditions: [{name: a, expression: 'object.zork == 1'}], validate: {cel: {expressions: [{expression: 'true'}]}}}", eval.Fail, "expression 'object.zork == 1' resulted in error: no such key: zork"},
		{"precondition breaks and another is not met", "{celPreconditions: [{name: a, expression: 'object.zork == 1'}, {name: b, expression: 'false'}], validate: {cel: {expressions: [{expression: 'true'}]}}}", eval.Skip, "cel preconditions not met"},
		{"two preconditions break", "{celPreconditions: [{name: a, expression: 'object.a == 1'}, {name: b, expression: 'object.b == 1'}], validate: {cel: {expressions: [{expression: 'true'}]}}}", eval.Fail, "[expression 'object.a == 1' resulted in error: no such key: a, expression 'object.b == 1' resulted in error: no such key: b]"},
		{"precondition with a variable", "{celPreconditions: [{name: a, expression: 'variables.a'}], validate: {cel: {variables: [{name: a, expression: 'true'}], expressions: [{expression: 'true'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"variables", "{validate: {cel: {variables: [{name: a, expression: object.metadata.name}, {name: b, expression: 'variables.a + \"!\"'}], expressions: [{expression: 'variables.b == \"x\"', messageExpression: variables.b}]}}}", eval.Fail, "pod1!"},
		{"variable breaks", "{validate: {cel: {variables: [{name: a, expression: object.metadata.zork}], expressions: [{expression: 'variables.a == \"x\"'}]}}}", eval.Fail, `expression 'variables.a == "x"' resulted in error: composited variable "a" fails to evaluate: no such key: zork`},
		{"variable that nobody asks", "{validate: {cel: {variables: [{name: a, expression: object.metadata.zork}], expressions: [{expression: 'true || variables.a == \"x\"'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"request", "{validate: {cel: {expressions: [{expression: 'false', messageExpression: 'request.operation + request.kind.kind + request.resource.resource + request.name + request.namespace'}]}}}", eval.Fail, "CREATEPodpodspod1ns1"},
		{"request leaves out what is empty", "{validate: {cel: {expressions: [{expression: '!has(request.subResource) && !has(request.userInfo.groups) && has(request.dryRun)'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"namespace", "{validate: {cel: {expressions: [{expression: 'namespaceObject.metadata.labels.env == \"prod\"'}]}}}", eval.Pass, "Validation rule 'r' passed."},
		{"namespace without the label", "{validate: {cel: {expressions: [{expression: '\"zork\" in namespaceObject.metadata.labels'}]}}}", eval.Fail, `failed expression: "zork" in namespaceObject.metadata.labels`},
		{"audit annotations say nothing", "{validate: {cel: {expressions: [{expression: 'true'}], auditAnnotations: [{key: k, valueExpression: '\"v\" + object.metadata.zork'}]}}}", eval.Pass, "Validation rule 'r' passed."},
	} {
		t.Run(test.name, func(t *testing.T) {
			look := &cluster{namespaces: map[string]any{"ns1": map[string]any{"metadata": map[string]any{"name": "ns1", "labels": map[string]any{"env": "prod"}}}}}
			v := compile(t, config(t, test.rule)).Evaluate(pod(), look)
			if v.Result != test.result || v.Message != test.message {
				t.Errorf("%s %q\nwant %s %q", v.Result, v.Message, test.result, test.message)
			}
		})
	}
}

func TestEvaluateUser(t *testing.T) {
	check := compile(t, config(t, "{validate: {cel: {expressions: [{expression: 'request.userInfo.username == \"eve\" && \"dev\" in request.userInfo.groups && request.userInfo.extra.scopes[0] == \"a\"'}]}}}"))
	req := pod()
	req.User = &eval.User{Name: "eve", Groups: []string{"dev"}, Extra: map[string][]string{"scopes": {"a"}}}
	if v := check.Evaluate(req, &cluster{}); v.Result != eval.Pass {
		t.Error(v)
	}
}

func TestEvaluateDelete(t *testing.T) {
	check := compile(t, config(t, "{validate: {cel: {expressions: [{expression: 'object == null && oldObject.metadata.name == \"pod1\"'}]}}}"))
	req := pod()
	req.Operation, req.Object, req.OldObject = eval.Delete, nil, req.Object
	if v := check.Evaluate(req, &cluster{}); v.Result != eval.Pass {
		t.Error(v)
	}
}

func TestNamespaceIsReadOnlyWhenAskedFor(t *testing.T) {
	look := &cluster{namespaces: map[string]any{"ns1": map[string]any{"metadata": map[string]any{"name": "ns1"}}}}
	compile(t, config(t, "{validate: {cel: {expressions: [{expression: 'true || namespaceObject.metadata.name == \"x\"'}]}}}")).Evaluate(pod(), look)
	if len(look.asked) != 0 {
		t.Errorf("asked for %v", look.asked)
	}
	check := compile(t, config(t, "{validate: {cel: {expressions: [{expression: 'namespaceObject.metadata.name != \"x\"'}, {expression: 'namespaceObject.metadata.name != \"y\"'}]}}}"))
	if v := check.Evaluate(pod(), look); v.Result != eval.Pass || len(look.asked) != 1 {
		t.Errorf("%v after %d reads", v, len(look.asked))
	}
	req := pod()
	req.Namespace = ""
	if v := compile(t, config(t, "{validate: {cel: {expressions: [{expression: 'namespaceObject == null'}]}}}")).Evaluate(req, &cluster{}); v.Result != eval.Pass {
		t.Error(v)
	}
}

func TestUnreadIsAnError(t *testing.T) {
	unavailable := &eval.Unavailable{What: "namespace ns1", Remedy: "give it"}
	for name, expression := range map[string]string{
		"that decides":      "namespaceObject.metadata.name == 'x'",
		"beside what holds": "namespaceObject.metadata.name == 'x' || object.metadata.name == 'pod1'",
		"and what does not": "namespaceObject.metadata.name == 'x' && object.metadata.name == 'zork'",
	} {
		cfg := config(t, `{validate: {cel: {expressions: [{expression: "`+expression+`"}]}}}`)
		v := compile(t, cfg).Evaluate(pod(), &cluster{err: unavailable})
		if v.Result != eval.Error || v.Unavailable != unavailable || !strings.HasPrefix(v.Message, "Error getting the resource's namespace: ") {
			t.Errorf("%s: %v", name, v)
		}
	}
	cfg := config(t, "{celPreconditions: [{name: a, expression: 'namespaceObject.metadata.name == \"x\" && false'}], validate: {cel: {expressions: [{expression: 'true'}]}}}")
	if v := compile(t, cfg).Evaluate(pod(), &cluster{err: errors.New("down")}); v.Result != eval.Error || v.Unavailable != nil {
		t.Errorf("in a precondition: %v", v)
	}
}

func TestParams(t *testing.T) {
	const rule = "{validate: {cel: {paramKind: {apiVersion: rules.example.com/v1, kind: Limit}, paramRef: %s, expressions: [{expression: 'object.spec.priority <= params.max', messageExpression: '\"more than \" + string(params.max)'}]}}}"
	limits := func(max ...int64) []any {
		var out []any
		for _, m := range max {
			out = append(out, map[string]any{"max": m})
		}
		return out
	}
	for _, test := range []struct {
		name, ref string
		params    []any
		result    eval.Result
		message   string
	}{
		{"holds", "{name: a, parameterNotFoundAction: Deny}", limits(5), eval.Pass, "Validation rule 'r' passed."},
		{"does not", "{name: a, parameterNotFoundAction: Deny}", limits(4), eval.Fail, "more than 4"},
		{"each of several", "{selector: {matchLabels: {a: b}}, parameterNotFoundAction: Deny}", limits(6, 3, 2), eval.Fail, "more than 3"},
		{"none, and that is denied", "{name: a, parameterNotFoundAction: Deny}", nil, eval.Error, "error in parameterized resource: no params found for policy binding with `Deny` parameterNotFoundAction"},
		{"none, and nothing is said", "{name: a}", nil, eval.Error, "error in parameterized resource: no params found for policy binding with `Deny` parameterNotFoundAction"},
		{"none, and that is allowed", "{name: a, parameterNotFoundAction: Allow}", nil, eval.Pass, "Validation rule 'r' passed."},
	} {
		t.Run(test.name, func(t *testing.T) {
			look := &cluster{params: test.params}
			v := compile(t, config(t, fmt.Sprintf(rule, test.ref))).Evaluate(pod(), look)
			if v.Result != test.result || v.Message != test.message {
				t.Errorf("%s %q\nwant %s %q", v.Result, v.Message, test.result, test.message)
			}
			asked := look.asked[0].Params
			if asked.Kind != (schema.GroupVersionKind{Group: "rules.example.com", Version: "v1", Kind: "Limit"}) || asked.Namespace != "ns1" {
				t.Errorf("asked for %+v", asked)
			}
			if (asked.Name == "") == (asked.Selector == nil) {
				t.Errorf("asked for %+v", asked)
			}
		})
	}
	unavailable := &eval.Unavailable{What: "params", Remedy: "give them"}
	v := compile(t, config(t, fmt.Sprintf(rule, "{name: a, namespace: other}"))).Evaluate(pod(), &cluster{err: unavailable})
	if v.Result != eval.Error || v.Unavailable != unavailable {
		t.Errorf("unavailable: %v", v)
	}
	look := &cluster{params: []any{map[string]any{"max": int64(9)}}}
	cfg := config(t, fmt.Sprintf(rule, "{name: a, namespace: other}"))
	cfg.Policy = eval.PolicyRef{Kind: "ClusterPolicy", Name: "p"}
	compile(t, cfg).Evaluate(pod(), look)
	if look.asked[0].Params.Namespace != "other" || look.asked[0].Policy != cfg.Policy {
		t.Errorf("asked for %+v", look.asked[0])
	}
}

// TestK14 K14: a namespaced policy may not have parameters of another namespace.
func TestK14(t *testing.T) {
	cfg := config(t, "{validate: {cel: {paramKind: {apiVersion: v1, kind: Secret}, paramRef: {name: a, namespace: b, parameterNotFoundAction: Deny}, expressions: [{expression: 'params.data.x == \"y\"'}]}}}")
	cfg.Policy = eval.PolicyRef{Kind: "Policy", Namespace: "a", Name: "p"}
	if _, errs := Compile(cfg); len(errs) != 1 || errs[0].Field != "rule.validate.cel.paramRef.namespace" {
		t.Errorf("K14: %v", errs)
	}
}

// TestU17 U17: what costs too much ends soon, and never in a pass.
func TestU17(t *testing.T) {
	list := make([]any, 100_000)
	for i := range list {
		list[i] = strings.Repeat("x", 10)
	}
	req := pod()
	req.Object["spec"] = map[string]any{"list": list}
	// Each variable stays within what one expression may cost, and all of them are asked for by one expression.
	const many = maxVariables
	var variables, uses []string
	for i := range many {
		variables = append(variables, fmt.Sprintf("{name: v%d, expression: 'object.spec.list.map(a, a + \"y\").size() + %d'}", i, i))
		uses = append(uses, fmt.Sprintf("variables.v%d > 0", i))
	}
	for name, rule := range map[string]string{
		"nested comprehensions": "{validate: {cel: {expressions: [{expression: 'object.spec.list.all(a, object.spec.list.all(b, object.spec.list.all(c, a == b || b == c)))'}]}}}",
		"absorbed":              "{validate: {cel: {expressions: [{expression: 'object.spec.list.all(a, object.spec.list.all(b, a == b)) || object.spec.list.all(a, a == \"z\")'}]}}}",
		"in a precondition":     "{celPreconditions: [{name: a, expression: 'object.spec.list.all(a, object.spec.list.all(b, a == b))'}], validate: {cel: {expressions: [{expression: 'true'}]}}}",
		"in variables":          "{validate: {cel: {variables: [" + strings.Join(variables, ", ") + "], expressions: [{expression: '" + strings.Join(uses, " && ") + "'}]}}}",
		"in many expressions":   "{validate: {cel: {expressions: [" + strings.Repeat("{expression: 'object.spec.list.map(a, a + \"y\").size() > 0'}, ", 100) + "]}}}",
	} {
		t.Run(name, func(t *testing.T) {
			check := compile(t, config(t, rule))
			start := time.Now()
			v := check.Evaluate(req, &cluster{})
			if v.Result != eval.Fail || !strings.Contains(v.Message, "cost") {
				t.Errorf("U17: %s %.200s", v.Result, v.Message)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("U17: took %v", took)
			}
		})
	}
}

func TestConditions(t *testing.T) {
	path := field.NewPath("matchConditions")
	conditions, errs := CompileConditions([]admissionregistrationv1.MatchCondition{{Name: "a", Expression: "request.operation == 'CREATE'"}, {Name: "b", Expression: "object.metadata.name == 'pod1'"}}, path)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if met, err := conditions.Evaluate(pod(), &cluster{}); !met || err != nil {
		t.Error(met, err)
	}
	req := pod()
	req.Operation = eval.Update
	if met, err := conditions.Evaluate(req, &cluster{}); met || err != nil {
		t.Error(met, err)
	}
	req = pod()
	req.Object = eval.Object{}
	if met, err := conditions.Evaluate(req, &cluster{}); met || err == nil {
		t.Error(met, err)
	}
	_, errs = CompileConditions([]admissionregistrationv1.MatchCondition{{Name: "a", Expression: "params.a"}, {Name: "b", Expression: "1"}}, path)
	if len(errs) != 2 || errs[0].Field != "matchConditions[0].expression" || errs[1].Field != "matchConditions[1].expression" {
		t.Error(errs)
	}
	if _, errs := CompileConditions(make([]admissionregistrationv1.MatchCondition, maxConditions+1), path); len(errs) != 1 {
		t.Error(errs)
	}
}

func TestParamsSelectorIsChecked(t *testing.T) {
	rule := &v1.CEL{
		ParamKind: &admissionregistrationv1.ParamKind{APIVersion: "v1", Kind: "ConfigMap"},
		ParamRef: &admissionregistrationv1.ParamRef{
			Selector:                &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}},
			ParameterNotFoundAction: ptr.To(admissionregistrationv1.ParameterNotFoundActionType("Maybe")),
		},
	}
	_, errs := newParams(rule, eval.PolicyRef{}, field.NewPath("cel"))
	if len(errs) != 2 || errs[0].Field != "cel.paramRef.parameterNotFoundAction" || errs[1].Field != "cel.paramRef.selector" {
		t.Error(errs)
	}
}
