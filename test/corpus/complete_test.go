package corpus

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/jmespath"
)

// notJudged are fields that no verdict on a request depends on, or that are not built yet, and why.
var notJudged = map[string]string{
	"Spec.mutateExistingOnPolicyUpdate":   "of mutate rules",
	"Spec.generateExistingOnPolicyUpdate": "of generate rules",
	"Spec.generateExisting":               "of generate rules",
	"Spec.useServerSideApply":             "of generate rules",
	"Spec.schemaValidation":               "means nothing",
	"Spec.webhookTimeoutSeconds":          "says how long kube-apiserver waits",
	"WebhookConfiguration.timeoutSeconds": "says how long kube-apiserver waits",
	"Spec.failurePolicy":                  "says what an error does, not what is one",
	"WebhookConfiguration.failurePolicy":  "says what an error does, not what is one",
	"Spec.emitWarning":                    "says who hears of a failure",
	"Rule.mutate":                         "not built yet",
	"Rule.generate":                       "not built yet",
	"Rule.verifyImages":                   "not built yet",
	"Rule.skipBackgroundRequests":         "of generate rules and of existing objects that are mutated",
	"Validation.manifests":                "not built yet",
	"Validation.assert":                   "means nothing",
	"Spec.admission":                      "says whether the policy is asked at all",
}

// others are what is offered without a list of it in the API.
var others = map[string][]string{
	"anchor":    {"()", "=()", "^()", "X()", "<()"},
	"operation": {"CREATE", "UPDATE", "DELETE", "CONNECT"},
	"autogen":   {"DaemonSet", "Deployment", "Job", "StatefulSet", "ReplicaSet", "ReplicationController", "CronJob"},
	"text":      slices.Collect(maps.Keys(texts)),
	"kind":      slices.Collect(maps.Keys(kinds)),
}

// texts are what a text may hold beside itself.
var texts = map[string]*regexp.Regexp{
	"variable": regexp.MustCompile(`(^|[^\\]){{`), "shallow variable": regexp.MustCompile(`{{-`), "escaped variable": regexp.MustCompile(`\\{{`),
	"variable in a variable": regexp.MustCompile(`{{[^}]*{{`), "current value": regexp.MustCompile(`{{ *@ *}}`),
	"reference": regexp.MustCompile(`(^|[^\\])\$\(`), "escaped reference": regexp.MustCompile(`\\\$\(`),
}

// kinds are the ways to name one.
var kinds = map[string]*regexp.Regexp{
	"Kind": regexp.MustCompile(`^\w+$`), "version/Kind": regexp.MustCompile(`^v\d\w*/\w+$`), "group/version/Kind": regexp.MustCompile(`^[a-z.]+/v\d\w*/\w+$`),
	"any version": regexp.MustCompile(`^[a-z.]+/\*/\w+$`), "any group": regexp.MustCompile(`^\*/\w+$`), "part of a name": regexp.MustCompile(`\w\*`),
	"subresource": regexp.MustCompile(`^\w+/[a-z]+$`), "dotted subresource": regexp.MustCompile(`^\w+\.[a-z]+$`), "every kind": regexp.MustCompile(`^\*$`),
	"every kind and subresource": regexp.MustCompile(`^\*/\*$`), "every kind's subresource": regexp.MustCompile(`^\*/[a-z]+$`),
}

// TestComplete: whatever policies can say is said by a case that is not refused.
func TestComplete(t *testing.T) {
	used, offered := usage{}, map[string]bool{}
	Each(t, func(t *testing.T, c *Case) {
		if len(c.Expected.Refused) > 0 {
			return
		}
		for _, p := range c.Policies {
			used.value(reflect.ValueOf(p.PolicySpec()))
		}
		for _, e := range c.Exceptions {
			used.value(reflect.ValueOf(&e.Spec))
		}
		for _, req := range c.Requests {
			used["operation "+string(req.Operation)] = true
		}
		for _, row := range c.Expected.Results {
			if kind, _, _ := strings.Cut(row.Resource, "/"); strings.HasPrefix(row.Rule, "autogen-") {
				used["autogen "+kind] = true
			}
		}
	})
	fields(reflect.TypeFor[v1.Spec](), offered)
	fields(reflect.TypeFor[v2.PolicyExceptionSpec](), offered)
	for _, f := range jmespath.Functions() {
		offered["function "+f.Name] = true
	}
	for _, o := range operators(t) {
		offered["operator "+o] = true
	}
	for what, names := range others {
		for _, name := range names {
			offered[what+" "+name] = true
		}
	}
	for _, what := range slices.Sorted(maps.Keys(offered)) {
		switch why, out := notJudged[what]; {
		case used[what] && out:
			t.Errorf("%s is used by a case: %q is no reason to leave it out", what, why)
		case !used[what] && !out:
			t.Errorf("no case uses %s", what)
		}
	}
	for what := range notJudged {
		if !offered[what] {
			t.Errorf("%s is gone", what)
		}
	}
}

// fields adds every field that a type has, with all beneath it.
func fields(t reflect.Type, all map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		fields(t.Elem(), all)
		return
	case reflect.Struct:
	default:
		return
	}
	if t == reflect.TypeFor[apiextensionsv1.JSON]() {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name := fieldName(t, f)
		if f.Anonymous {
			fields(f.Type, all)
			continue
		}
		if _, out := notJudged[name]; all[name] || out {
			all[name] = true
			continue
		}
		all[name] = true
		fields(f.Type, all)
	}
}

func fieldName(t reflect.Type, f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return t.Name() + "." + name
}

// usage is what cases use: fields, functions, operators and anchors.
type usage map[string]bool

func (u usage) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			u.value(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.value(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			u.value(v.MapIndex(key))
		}
	case reflect.String:
		u.text(v.String())
	case reflect.Struct:
		if raw, ok := v.Interface().(apiextensionsv1.JSON); ok {
			u.json(raw.Raw)
			return
		}
		for i := range v.NumField() {
			f := v.Field(i)
			if f.IsZero() {
				continue
			}
			name := fieldName(v.Type(), v.Type().Field(i))
			u[name] = true
			u.value(f)
			if list, ok := f.Interface().([]string); ok && name == "ResourceDescription.kinds" {
				for _, kind := range list {
					u.matched("kind", kinds, kind)
				}
			}
			if strings.HasSuffix(name, ".jmesPath") || name == "ForEachValidation.list" {
				u.expression(f.String())
			}
		}
	}
}

func (u usage) json(raw []byte) {
	var decoded any
	if json.Unmarshal(raw, &decoded) == nil {
		u.decoded(decoded)
	}
}

var (
	variable = regexp.MustCompile(`(?s){{.*}}`)
	call     = regexp.MustCompile(`([a-z0-9_]+)\(`)
	anchor   = regexp.MustCompile(`^([=^X<+]?)\(.+\)$`)
)

func (u usage) decoded(v any) {
	switch v := v.(type) {
	case map[string]any:
		if operator, ok := v["operator"].(string); ok {
			u["operator "+operator] = true
		}
		for key, value := range v {
			if m := anchor.FindStringSubmatch(key); m != nil {
				u["anchor "+m[1]+"()"] = true
			}
			u.text(key)
			u.decoded(value)
		}
	case []any:
		for _, element := range v {
			u.decoded(element)
		}
	case string:
		u.text(v)
	}
}

func (u usage) matched(what string, forms map[string]*regexp.Regexp, s string) {
	for name, form := range forms {
		if form.MatchString(s) {
			u[what+" "+name] = true
		}
	}
}

func (u usage) text(s string) {
	u.matched("text", texts, s)
	for _, m := range variable.FindAllString(s, -1) {
		u.expression(m)
	}
}

func (u usage) expression(s string) {
	for _, m := range call.FindAllStringSubmatch(s, -1) {
		u["function "+m[1]] = true
	}
}

// operators are all that conditions may have, as the API declares them.
func operators(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "apis", "kyverno", "v1", "condition_types.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "ConditionOperator" {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		return true
	})
	if len(names) == 0 {
		t.Fatal("the API declares no operators")
	}
	return names
}
