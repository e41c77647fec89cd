package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// row is a line of an expected.yaml.
type row struct {
	Policy    string `json:"policy,omitempty"`
	Resource  string `json:"resource"`
	Operation string `json:"operation,omitempty"`
	Rule      string `json:"rule"`
	Result    string `json:"result"`
	Message   string `json:"message"`
	Action    string `json:"action,omitempty"`
}

type expectation struct {
	Results []row    `json:"results"`
	Refused []string `json:"refused"`
}

// asked is a document of a request.yaml.
type asked struct {
	Operation   eval.Operation `json:"operation"`
	Subresource string         `json:"subresource"`
	Kind        *struct {
		Group, Version, Kind string
	} `json:"kind"`
	Object    eval.Object `json:"object"`
	OldObject eval.Object `json:"oldObject"`
}

// namespaces are the labels of the namespaces that there are.
type namespaces map[string]map[string]string

func (n namespaces) NamespaceLabels(name string) (map[string]string, error) {
	labels, ok := n[name]
	if !ok {
		return nil, fmt.Errorf("namespace %q not found", name)
	}
	return labels, nil
}

func TestCorpus(t *testing.T) {
	root := filepath.Join("..", "..", "test", "corpus")
	cases, err := filepath.Glob(filepath.Join(root, "*", "*", "expected.yaml"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases below %s: %v", root, err)
	}
	for _, path := range cases {
		dir := filepath.Dir(path)
		name, _ := filepath.Rel(root, dir)
		t.Run(name, func(t *testing.T) { runCase(t, dir) })
	}
}

func runCase(t *testing.T, dir string) {
	var want expectation
	readDocuments(t, filepath.Join(dir, "expected.yaml"), func(decode func(any) error) error { return decode(&want) })
	programs, errs := compileFile(t, filepath.Join(dir, "policy.yaml"))
	var refused []string
	for _, err := range errs {
		refused = append(refused, err.Field)
	}
	if diff := cmp.Diff(want.Refused, refused); diff != "" {
		t.Fatalf("refused fields differ (-want +got):\n%s\n%v", diff, errs)
	}
	requests, lookup := readRequests(t, dir)
	var got []row
	for _, req := range requests {
		for _, d := range engine.Evaluate(programs, req, lookup) {
			got = append(got, row{
				Policy: d.Policy.String(), Resource: describe(req), Operation: string(req.Operation),
				Rule: d.Rule, Result: string(d.Result), Message: d.Message, Action: string(d.Action),
			})
		}
	}
	if len(got) != len(want.Results) {
		t.Errorf("%d answers, want %d", len(got), len(want.Results))
	}
	for _, w := range want.Results {
		i := slices.IndexFunc(got, func(g row) bool {
			return g.Resource == w.Resource && g.Rule == w.Rule &&
				(w.Policy == "" || g.Policy == w.Policy) && (w.Operation == "" || g.Operation == w.Operation)
		})
		if i < 0 {
			t.Errorf("no answer for %+v", w)
			continue
		}
		g := got[i]
		got = slices.Delete(got, i, i+1)
		if g.Result != w.Result || g.Message != w.Message || w.Action != "" && g.Action != w.Action {
			t.Errorf("answer differs:\nwant %+v\ngot  %+v", w, g)
		}
	}
	for _, g := range got {
		t.Errorf("unexpected answer %+v", g)
	}
}

func readRequests(t *testing.T, dir string) ([]*eval.Request, eval.Lookup) {
	var requests []*eval.Request
	lookup := namespaces{}
	readOptional(t, filepath.Join(dir, "resources.yaml"), func(decode func(any) error) error {
		var object eval.Object
		if err := decode(&object); err != nil {
			return err
		}
		req := created(integers(object).(eval.Object))
		if req.Kind.Kind == "Namespace" {
			lookup[req.Name] = stringsOf(metadata(object)["labels"])
		}
		requests = append(requests, req)
		return nil
	})
	readOptional(t, filepath.Join(dir, "request.yaml"), func(decode func(any) error) error {
		var a asked
		if err := decode(&a); err != nil {
			return err
		}
		subject := a.Object
		if subject == nil {
			subject = a.OldObject
		}
		req := created(integers(subject).(eval.Object))
		req.Operation, req.Subresource, req.OldObject = a.Operation, a.Subresource, a.OldObject
		if a.Object == nil {
			req.Object = nil
		}
		if a.Kind != nil {
			req.Kind = schema.GroupVersionKind(*a.Kind)
		}
		requests = append(requests, req)
		return nil
	})
	return requests, lookup
}

// created is the request that creates an object.
func created(object eval.Object) *eval.Request {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	name, _ := metadata(object)["name"].(string)
	namespace, _ := metadata(object)["namespace"].(string)
	return &eval.Request{
		Kind: schema.FromAPIVersionAndKind(apiVersion, kind), Namespace: namespace, Name: name,
		Operation: eval.Create, Object: object,
	}
}

func describe(req *eval.Request) string {
	name := req.Name
	if name == "" {
		prefix, _ := metadata(req.Subject())["generateName"].(string)
		name = prefix + "*"
	}
	return req.Kind.Kind + "/" + req.Namespace + "/" + name
}

func metadata(object eval.Object) eval.Object {
	m, _ := object["metadata"].(eval.Object)
	return m
}

func stringsOf(v any) map[string]string {
	out := map[string]string{}
	m, _ := v.(eval.Object)
	for key, value := range m {
		out[key], _ = value.(string)
	}
	return out
}

// integers turns whole numbers, which a plain JSON decoder leaves as float64, into int64, as the engine gets them.
func integers(v any) any {
	switch v := v.(type) {
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	case map[string]any:
		for key := range v {
			v[key] = integers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	}
	return v
}

func compileFile(t *testing.T, path string) ([]*engine.Program, field.ErrorList) {
	t.Helper()
	var programs []*engine.Program
	var all field.ErrorList
	for _, policy := range readPolicies(t, path) {
		p, errs := engine.Compile(policy)
		programs = append(programs, p)
		all = append(all, errs...)
	}
	return programs, all
}

// readPolicies reads the policies in a file, and passes over other documents.
func readPolicies(t *testing.T, path string) []v1.Object {
	t.Helper()
	var policies []v1.Object
	readDocuments(t, path, func(decode func(any) error) error {
		var kind struct{ Kind, APIVersion string }
		if err := decode(&kind); err != nil {
			return err
		}
		var policy v1.Object
		switch {
		case !strings.HasPrefix(kind.APIVersion, "kyverno.io/"):
			return nil
		case kind.Kind == "ClusterPolicy":
			policy = &v1.ClusterPolicy{}
		case kind.Kind == "Policy":
			policy = &v1.Policy{}
		default:
			return nil
		}
		policies = append(policies, policy)
		return decode(policy)
	})
	return policies
}

func readOptional(t *testing.T, path string, each func(decode func(any) error) error) {
	t.Helper()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return
	}
	readDocuments(t, path, each)
}

// readDocuments calls each for every document of a YAML file that is not empty.
func readDocuments(t *testing.T, path string, each func(decode func(any) error) error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewYAMLToJSONDecoder(file)
	for {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if len(document) == 0 || string(document) == "null" {
			continue
		}
		if err := each(func(v any) error { return json.Unmarshal(document, v) }); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}
