package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// object decodes YAML.
func object(t testing.TB, text string) eval.Object {
	t.Helper()
	encoded, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return decode(t, string(encoded))
}

// results are those of the rules, by their names.
func results(decisions []eval.Decision) map[string]eval.Result {
	out := map[string]eval.Result{}
	for _, d := range decisions {
		out[d.Rule] = d.Result
	}
	return out
}

const onPods = `match: {any: [{resources: {kinds: [Pod]}}]}`

// M01, U06, U07: a container is judged in whichever list it stands, and by whichever way it comes into the Pod.
func TestM01U06U07EveryContainerByEveryWay(t *testing.T) {
	p := spec(t, `rules: [
		{name: pattern, `+onPods+`, validate: {pattern: {spec: {=(initContainers): [{image: good.io/*}], =(ephemeralContainers): [{image: good.io/*}], containers: [{image: good.io/*}]}}}},
		{name: images, `+onPods+`, validate: {deny: {conditions: {any: [{key: "{{ images.*.*.registry[] }}", operator: AnyNotIn, value: [good.io]}]}}}},
		{name: foreach, `+onPods+`, validate: {foreach: [{list: "request.object.spec.[containers, initContainers, ephemeralContainers][]", pattern: {image: good.io/*}}]}},
		{name: standards, `+onPods+`, validate: {podSecurity: {level: baseline, version: latest}}},
		{name: cel, `+onPods+`, validate: {cel: {variables: [{name: all, expression: "object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([])"}], expressions: [{expression: "variables.all.all(c, c.image.startsWith('good.io/'))"}]}}}]`)
	const fine = `{name: a, image: good.io/a}`
	const bad = `{name: b, image: good.io.evil.com/b, securityContext: {privileged: true}}`
	all := map[string]eval.Result{"pattern": eval.Fail, "images": eval.Fail, "foreach": eval.Fail, "standards": eval.Fail, "cel": eval.Fail}
	none := map[string]eval.Result{"pattern": eval.Pass, "images": eval.Pass, "foreach": eval.Pass, "standards": eval.Pass, "cel": eval.Pass}
	volume := map[string]eval.Result{"pattern": eval.Pass, "images": eval.Fail, "foreach": eval.Pass, "standards": eval.Pass, "cel": eval.Pass}
	for name, test := range map[string]struct {
		spec string
		want map[string]eval.Result
	}{
		"nothing is wrong":    {`{containers: [` + fine + `]}`, none},
		"containers":          {`{containers: [` + fine + `, ` + bad + `]}`, all},
		"initContainers":      {`{containers: [` + fine + `], initContainers: [` + bad + `]}`, all},
		"ephemeralContainers": {`{containers: [` + fine + `], ephemeralContainers: [` + bad + `]}`, all},
		"an image volume":     {`{containers: [` + fine + `], volumes: [{name: v, image: {reference: evil.io/x}}]}`, volume},
	} {
		for way, change := range map[string]func(*eval.Request){
			"create": func(*eval.Request) {},
			"update": func(r *eval.Request) { r.Operation = eval.Update },
			"ephemeralcontainers": func(r *eval.Request) {
				r.Operation, r.Subresource, r.Parent = eval.Update, "ephemeralcontainers", r.Kind
			},
			"resize": func(r *eval.Request) { r.Operation, r.Subresource, r.Parent = eval.Update, "resize", r.Kind },
		} {
			req := created(object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: `+test.spec+`}`))
			if change(req); req.Operation == eval.Update {
				req.OldObject = object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: {containers: [`+fine+`]}}`)
			}
			if diff := cmp.Diff(test.want, results(evaluate(p, req))); diff != "" {
				t.Errorf("%s by %s (-want +got):\n%s", name, way, diff)
			}
		}
	}
}

// M03, M04: what changes the labels of a Namespace is judged by whichever way it comes, and what a Namespace goes through
// when it goes away is not kept from it.
func TestM03M04LabelsOfNamespaces(t *testing.T) {
	p := rules(t, `{name: keep-team, match: {any: [{resources: {kinds: [Namespace], operations: [UPDATE]}}]}, validate: {failureAction: Enforce, deny: {conditions: {any: [{key: "{{ request.object.metadata.labels.team || '' }}", operator: NotEquals, value: "{{ request.oldObject.metadata.labels.team || '' }}"}]}}}},
		{name: by-name, match: {any: [{resources: {kinds: [Namespace], namespaces: [a]}}]}, validate: {failureAction: Enforce, pattern: {metadata: {labels: {team: a}}}}}`)
	namespace := func(labels string) eval.Object {
		return object(t, `{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: `+labels+`}, spec: {finalizers: [kubernetes]}}`)
	}
	judged := map[string]eval.Result{"keep-team": eval.Fail, "by-name": eval.Fail}
	for _, test := range []struct {
		subresource, now, before string
		want                     map[string]eval.Result
	}{
		{"", `{team: b}`, `{team: a}`, judged},
		{"status", `{team: b}`, `{team: a}`, judged},
		{"finalize", `{team: b}`, `{team: a}`, judged},
		{"finalize", `{}`, `{team: a}`, judged},
		// The Namespace violates a rule already, and is about to go.
		{"finalize", `{team: b}`, `{team: b}`, map[string]eval.Result{}},
		{"status", `{team: b}`, `{team: b}`, map[string]eval.Result{}},
		{"", `{team: b}`, `{team: b}`, map[string]eval.Result{"keep-team": eval.Pass, "by-name": eval.Skip}},
	} {
		req := created(namespace(test.now))
		req.Operation, req.OldObject, req.Subresource = eval.Update, namespace(test.before), test.subresource
		req.Parent = req.Kind
		if diff := cmp.Diff(test.want, results(evaluate(p, req))); diff != "" {
			t.Errorf("%s from %s to %s (-want +got):\n%s", test.subresource, test.before, test.now, diff)
		}
	}
}

// M11: the same amount in other words, a number or a string, is compared as what it is. What the reference takes for
// different texts, such as names with other characters that look alike, stays different.
func TestM11Spellings(t *testing.T) {
	for _, test := range []struct {
		pattern, value string
		equal          bool
	}{
		{`"1"`, `1000m`, true}, {`1`, `"1"`, true}, {`"80"`, `80`, true}, {`80`, `"80"`, true}, {`1Gi`, `1024Mi`, true}, {`1Gi`, `1073741824`, true},
		{`"<=1Gi"`, `1048577Ki`, false}, {`"<=1Gi"`, `"1e9"`, true}, {`"<=1Gi"`, `1.1G`, false}, {`"<=1Gi"`, `1100M`, false}, {`"1h"`, `60m`, true}, {`"<=1h"`, `3601s`, false},
		{`"!80"`, `"80"`, false}, {`"!80"`, `80`, false}, {`"!80"`, `80.0`, false}, {`"!1"`, `1000m`, false}, {`"!1Gi"`, `1024Mi`, false},
		{`"0.5"`, `500m`, true}, {`"500m"`, `0.5`, true}, {`100k`, `"1e5"`, true}, {`"true"`, `true`, true},
		{`root`, `Root`, false}, {`root`, "\"ro\\u200bot\"", false}, {`root`, "\"r\\u043eot\"", false},
	} {
		p := rules(t, `{name: pattern, `+onConfigMaps+`, validate: {pattern: {v: `+test.pattern+`}}},
			{name: foreach, `+onConfigMaps+`, validate: {foreach: [{list: "[request.object]", pattern: {v: `+test.pattern+`}}]}}`)
		want := map[bool]eval.Result{true: eval.Pass, false: eval.Fail}[test.equal]
		req := created(object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: default}, v: `+test.value+`}`))
		if diff := cmp.Diff(map[string]eval.Result{"pattern": want, "foreach": want}, results(evaluate(p, req))); diff != "" {
			t.Errorf("%s with %s (-want +got):\n%s", test.pattern, test.value, diff)
		}
	}
	for _, test := range []struct {
		operator, value, key string
		holds                bool
	}{
		{"Equals", `"1"`, `1000m`, true}, {"Equals", `1Gi`, `1024Mi`, true}, {"NotEquals", `1Gi`, `1024Mi`, false}, {"Equals", `80`, `80`, true}, {"GreaterThan", `1Gi`, `1025Mi`, true},
		{"GreaterThan", `1Gi`, `"1e9"`, false}, {"Equals", `1h`, `60m`, true}, {"AnyIn", `["80"]`, `80`, true}, {"AnyIn", `[80]`, `"80"`, true}, {"Equals", `root`, `Root`, false},
	} {
		p := rules(t, `{name: r, `+onConfigMaps+`, validate: {deny: {conditions: {any: [{key: "{{ request.object.v }}", operator: `+test.operator+`, value: `+test.value+`}]}}}}`)
		req := created(object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: default}, v: `+test.key+`}`))
		if got := evaluate(p, req); len(got) != 1 || (got[0].Result == eval.Fail) != test.holds || got[0].Result == eval.Error {
			t.Errorf("%s %s %s: %+v", test.key, test.operator, test.value, got)
		}
	}
}

// M12, M15: fields that no type of ours knows, and keys that only differ in case, are seen by every form of a rule.
func TestM12M15UnknownFields(t *testing.T) {
	p := rules(t, `{name: pattern, `+onPods+`, validate: {pattern: {spec: {X(futureField): "null", =(Privileged): "false"}}}},
		{name: deny, `+onPods+`, validate: {deny: {conditions: {any: [{key: "{{ request.object.spec.futureField.deep[0] || '' }}", operator: Equals, value: v}, {key: "{{ request.object.spec.Privileged || `+"`false`"+` }}", operator: Equals, value: true}]}}}},
		{name: foreach, `+onPods+`, validate: {foreach: [{list: "keys(request.object.spec)", deny: {conditions: {any: [{key: "{{ element }}", operator: AnyIn, value: [futureField, Privileged]}]}}}]}},
		{name: cel, `+onPods+`, validate: {cel: {expressions: [{expression: "!has(object.spec.futureField) && !has(object.spec.Privileged)"}]}}}`)
	for spec, want := range map[string]eval.Result{
		`{containers: []}`: eval.Pass, `{containers: [], futureField: {deep: [v]}}`: eval.Fail, `{privileged: false, Privileged: true}`: eval.Fail,
	} {
		req := created(object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: `+spec+`}`))
		if diff := cmp.Diff(map[string]eval.Result{"pattern": want, "deny": want, "foreach": want, "cel": want}, results(evaluate(p, req))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spec, diff)
		}
	}
}

// M13: where conditions are what a rule forbids, one that held before covers none that holds now besides.
func TestM13Conditions(t *testing.T) {
	p := rules(t, `{name: r, `+onPods+`, validate: {failureAction: Enforce, allowExistingViolations: true, deny: {conditions: {any: [
		{key: "{{ request.object.spec.hostNetwork || `+"`false`"+` }}", operator: Equals, value: true}, {key: "{{ request.object.spec.hostPID || `+"`false`"+` }}", operator: Equals, value: true}]}}}}`)
	pod := func(spec string) eval.Object {
		return object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default}, spec: `+spec+`}`)
	}
	for _, test := range []struct {
		before, now string
		want        eval.Result
	}{
		{`{hostNetwork: true}`, `{hostNetwork: true, nodeName: n}`, eval.Skip},
		{`{hostNetwork: true}`, `{hostNetwork: true, hostPID: true}`, eval.Fail},
		{`{hostPID: true}`, `{hostNetwork: true}`, eval.Fail},
		{`{hostNetwork: true, hostPID: true}`, `{hostNetwork: true}`, eval.Skip},
		{`{}`, `{hostPID: true}`, eval.Fail},
		{`{hostPID: true}`, `{}`, eval.Pass},
	} {
		req := created(pod(test.now))
		req.Operation, req.OldObject = eval.Update, pod(test.before)
		if got := evaluate(p, req); len(got) != 1 || got[0].Result != test.want {
			t.Errorf("from %s to %s: %+v", test.before, test.now, got)
		}
	}
}

// M13: when there are more violations than are told apart, a new one may be among them.
func TestM13MoreThanAreTold(t *testing.T) {
	p := rules(t, `{name: r, `+onConfigMaps+`, validate: {failureAction: Enforce, allowExistingViolations: true, pattern: {l: [{k: v}]}}}`)
	old := many(12_000, map[string]any{"k": "x"})
	req := holding(map[string]any{"l": append(many(12_000, map[string]any{"k": "x"}), map[string]any{"k": "x"})})
	req.Operation, req.OldObject = eval.Update, holding(map[string]any{"l": old}).Object
	if got := evaluate(p, req); len(got) != 1 || got[0].Result != eval.Fail {
		t.Errorf("%.300v", got)
	}
}

// U22: the Pod of a controller is judged by its own labels, whatever the controller has. A rule that goes by labels is not
// made one on controllers, where they would be read at another level; its author is told. What goes by namespaces is, and
// judges a controller as it judges the Pod.
func TestU22Autogen(t *testing.T) {
	const podSpec = `{containers: [{name: a, image: evil.io/a}]}`
	with := func(kind, namespace, own, template string) *eval.Request {
		if kind == "Pod" {
			return created(object(t, `{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: `+namespace+`, labels: `+template+`}, spec: `+podSpec+`}`))
		}
		return created(object(t, `{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: `+namespace+`, labels: `+own+`}, spec: {template: {metadata: {labels: `+template+`}, spec: `+podSpec+`}}}`))
	}
	const rule = `rules: [{name: r, ` + onPods + `, exclude: {any: [{resources: {kinds: [Pod], %s}}]}, validate: {failureAction: Enforce, pattern: {spec: {containers: [{image: good.io/*}]}}}}]`
	byLabel := spec(t, fmt.Sprintf(rule, `selector: {matchLabels: {exempt: "yes"}}`))
	if len(byLabel.AutogenRules()) > 0 || !strings.Contains(strings.Join(byLabel.Warnings(), "\n"), "controllers") {
		t.Errorf("%d rules, %q", len(byLabel.AutogenRules()), byLabel.Warnings())
	}
	const exempt, plain = `{exempt: "yes"}`, `{}`
	for own, template := range map[string]string{exempt: plain, plain: exempt} {
		pod, controller := evaluate(byLabel, with("Pod", "default", own, template)), evaluate(byLabel, with("Deployment", "default", own, template))
		if judged := len(pod) == 1 && pod[0].Result == eval.Fail; judged != (template == plain) || len(controller) > 0 {
			t.Errorf("labels %s, of the template %s: Pod %v, controller %v", own, template, results(pod), results(controller))
		}
	}
	byNamespace := spec(t, fmt.Sprintf(rule, `namespaces: [exempt]`))
	for _, namespace := range []string{"exempt", "default"} {
		pod, controller := evaluate(byNamespace, with("Pod", namespace, plain, plain)), evaluate(byNamespace, with("Deployment", namespace, plain, plain))
		if judged := len(pod) == 1; judged != (namespace == "default") || len(controller) != len(pod) || judged && controller[0].Result != pod[0].Result {
			t.Errorf("in %s: Pod %v, controller %v", namespace, results(pod), results(controller))
		}
	}
}

// U05, X01: an exception for one image, one control, one rule or one kind exempts from nothing else.
func TestU05X01ExceptionsAreNarrow(t *testing.T) {
	exception := func(spec string) *engine.Exception {
		e := &v2.PolicyException{}
		if err := yaml.UnmarshalStrict([]byte(`{metadata: {name: e, namespace: exempt}, spec: `+spec+`}`), e); err != nil {
			t.Fatal(err)
		}
		compiled, errs := engine.CompileException(e)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		return compiled
	}
	p := spec(t, `rules: [{name: r, `+onPods+`, validate: {podSecurity: {level: baseline, version: latest}}}, {name: s, `+onPods+`, validate: {pattern: {spec: {=(hostNetwork): "!true"}}}}]`)
	const named = `exceptions: [{policyName: p, ruleNames: [r]}], match: {any: [{resources: {kinds: [Pod], names: [a]}}]}`
	privileged := func(image string) string {
		return fmt.Sprintf(`{name: %s, image: %s, securityContext: {privileged: true}}`, image, image)
	}
	for name, test := range map[string]struct {
		exception, name, spec string
		want                  map[string]eval.Result
	}{
		"the whole rule":             {`{` + named + `}`, "a", `{hostNetwork: true, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Skip, "s": eval.Fail}},
		"another Pod":                {`{` + named + `}`, "ab", `{hostNetwork: true, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Fail}},
		"its image":                  {`{` + named + `, podSecurity: [{controlName: Privileged Containers, images: [x]}]}`, "a", `{containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Skip, "s": eval.Pass}},
		"another image":              {`{` + named + `, podSecurity: [{controlName: Privileged Containers, images: [x]}]}`, "a", `{containers: [` + privileged("z") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"another image besides":      {`{` + named + `, podSecurity: [{controlName: Privileged Containers, images: [x]}]}`, "a", `{containers: [` + privileged("x") + `, ` + privileged("z") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"another image, ephemeral":   {`{` + named + `, podSecurity: [{controlName: Privileged Containers, images: [x]}]}`, "a", `{containers: [{name: a, image: x}], ephemeralContainers: [` + privileged("z") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"another control":            {`{` + named + `, podSecurity: [{controlName: Privileged Containers, images: [x]}]}`, "a", `{hostPID: true, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"a condition does not hold":  {`{` + named + `, conditions: {any: [{key: "{{ request.object.spec.ok }}", operator: Equals, value: true}]}}`, "a", `{ok: false, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"a condition cannot be told": {`{` + named + `, conditions: {any: [{key: "{{ request.object.spec.ok }}", operator: Equals, value: true}]}}`, "a", `{containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Pass}},
		"no match":                   {`{exceptions: [{policyName: p, ruleNames: ['*']}], match: {}}`, "a", `{hostNetwork: true, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Fail}},
		"another policy":             {`{exceptions: [{policyName: default/p, ruleNames: ['*']}], match: {any: [{resources: {kinds: [Pod]}}]}}`, "a", `{hostNetwork: true, containers: [` + privileged("x") + `]}`, map[string]eval.Result{"r": eval.Fail, "s": eval.Fail}},
	} {
		req := created(object(t, `{apiVersion: v1, kind: Pod, metadata: {name: `+test.name+`, namespace: default}, spec: `+test.spec+`}`))
		got := engine.Evaluate(engine.Input{Programs: []*engine.Program{p}, Exceptions: engine.NewExceptions([]*engine.Exception{exception(test.exception)}), Request: req, Lookup: nothing})
		if diff := cmp.Diff(test.want, results(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, d := range got {
			if (d.Result == eval.Skip) != (len(d.Exceptions) > 0) {
				t.Errorf("%s: %s is %s with the exceptions %v", name, d.Rule, d.Result, d.Exceptions)
			}
		}
	}
}

// R11: what an object says is data in every place of a rule where a variable may stand.
func TestR11Injection(t *testing.T) {
	const marker = "CANARY"
	for _, hostile := range []string{
		"{{ request.userInfo.username }}", "{{ secret }}", "\\{{ secret }}", "$(./../../secret)", "a' || request.userInfo.username || 'b", `a" || "b`, "`x`", "a|b", "*", ">=0", "a&!b", "}}", "x}} {{ secret",
	} {
		quoted := strings.ReplaceAll(fmt.Sprintf("%q", hostile), "\\\\", "\\\\")
		p := rules(t, `{name: message, `+onConfigMaps+`, context: [{name: secret, variable: {value: `+marker+`}}], validate: {message: "<{{ request.object.v }}> {{ request.object.v }}", deny: {}}},
			{name: key, `+onConfigMaps+`, context: [{name: secret, variable: {value: `+marker+`}}], validate: {message: "{{ copy }}", deny: {conditions: {any: [{key: "{{ copy }}", operator: Equals, value: `+marker+`}]}}}}`)
		req := created(object(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: default}, v: `+quoted+`}`))
		req.User = &eval.User{Name: marker}
		for _, d := range evaluate(p, req) {
			if strings.Contains(d.Message, marker) {
				t.Errorf("%q in %s: %s", hostile, d.Rule, d.Message)
			}
			if d.Rule == "message" && d.Message != "<"+hostile+"> "+hostile {
				t.Errorf("%q: %q", hostile, d.Message)
			}
		}
	}
}

// U19: whatever a rule makes of a Secret, no decision repeats what is in it, which reports would show to those who may not
// read it; unless the rule's own words ask for it.
func TestU19SecretsAreNotRepeated(t *testing.T) {
	const canary = "CANARY-4711"
	const onSecrets = `match: {any: [{resources: {kinds: [Secret]}}]}`
	p := spec(t, `rules: [
		{name: fails, `+onSecrets+`, validate: {pattern: {data: {k: v}}}},
		{name: any, `+onSecrets+`, validate: {anyPattern: [{data: {k: v}}, {data: {(k): v}}]}},
		{name: skips, `+onSecrets+`, validate: {pattern: {(data): {k: v}}}},
		{name: global, `+onSecrets+`, validate: {pattern: {data: {<(k): v}}}},
		{name: breaks, `+onSecrets+`, validate: {pattern: {data: {^(l): [{k: v}], k: v}}}},
		{name: list, `+onSecrets+`, validate: {pattern: {list: [v]}}},
		{name: foreach, `+onSecrets+`, validate: {foreach: [{list: "[request.object.data]", pattern: {(k): v}}, {list: "values(request.object.data)", pattern: {a: b}}]}},
		{name: deny, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ request.object.data.k }}", operator: NotEquals, value: v}]}}}},
		{name: unresolved, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ request.object.data.nosuch }}", operator: Equals, value: v}]}}}},
		{name: call, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ to_number(request.object.data.k) }}{{ base64_decode(request.object.data.k) }}", operator: Equals, value: v}]}}}},
		{name: parse, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ parse_json(request.object.data.k) }}", operator: Equals, value: v}]}}}},
		{name: parse-yaml, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ parse_yaml(request.object.data.y) }}", operator: Equals, value: v}]}}}},
		{name: certificate, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ x509_decode(request.object.data.k) }}", operator: Equals, value: v}]}}}},
		{name: time, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ time_parse('2006', request.object.data.k) }}", operator: Equals, value: v}]}}}},
		{name: regex, `+onSecrets+`, validate: {deny: {conditions: {any: [{key: "{{ regex_match(request.object.data.r, 'x') }}", operator: Equals, value: v}]}}}},
		{name: cel, `+onSecrets+`, validate: {cel: {expressions: [{expression: "object.data.k == 'v'"}]}}},
		{name: cel-error, `+onSecrets+`, validate: {cel: {expressions: [{expression: "int(object.data.k) == 1"}]}}},
		{name: standards, `+onSecrets+`, validate: {podSecurity: {level: baseline}}}]`)
	secret := object(t, `{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default, annotations: {a: `+canary+`}}, list: [`+canary+`], data: {k: `+canary+`, y: "{`+canary+`: [", r: "(`+canary+`"}}`)
	for _, d := range evaluate(p, created(secret)) {
		if d.Result == eval.Pass {
			t.Errorf("%s passes", d.Rule)
		}
		if strings.Contains(d.Message, canary) {
			t.Errorf("%s: %s: %s", d.Rule, d.Result, d.Message)
		}
	}
}
