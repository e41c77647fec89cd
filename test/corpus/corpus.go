// Package corpus reads the cases beside it, for the tests that put them to the engine, to the webhook and to the command
// line. README.md says what a case holds. It judges nothing.
package corpus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"
	v2 "github.com/edict-dev/edict/apis/kyverno/v2"

	"github.com/edict-dev/edict/admission/engine/eval"
)

// Case is one case.
type Case struct {
	// Name is feature/case, Dir its folder.
	Name, Dir  string
	Policies   []v1.Object
	Exceptions []*v2.PolicyException
	Requests   []*eval.Request
	Lookup     Lookup
	Expected   Expectation
}

// Expectation is what shall come out.
type Expectation struct {
	Results []Row    `json:"results"`
	Refused []string `json:"refused"`
}

// Row is one answer of one rule.
type Row struct {
	Policy    string `json:"policy,omitempty"`
	Resource  string `json:"resource"`
	Operation string `json:"operation,omitempty"`
	Rule      string `json:"rule"`
	Result    string `json:"result"`
	Message   string `json:"message"`
	Action    string `json:"action,omitempty"`
	// Properties are what a report says beside it.
	Properties map[string]string `json:"properties,omitempty"`
}

// Now is the moment of every request, so that answers that go by the clock stay the same.
var Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Each runs f for every case there is.
func Each(t *testing.T, f func(*testing.T, *Case)) {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(file)
	if !filepath.IsAbs(root) {
		root = fromModule(t, root)
	}
	found, err := filepath.Glob(filepath.Join(root, "*", "*", "expected.yaml"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no cases below %s: %v", root, err)
	}
	for _, path := range found {
		dir := filepath.Dir(path)
		name, _ := filepath.Rel(root, dir)
		t.Run(name, func(t *testing.T) { f(t, read(t, name, dir)) })
	}
}

// fromModule finds the folder of a package whose path was trimmed when it was compiled.
func fromModule(t *testing.T, trimmed string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "test", "corpus")
		}
	}
	t.Fatalf("no module above the test, and %s is no path here", trimmed)
	return ""
}

func read(t *testing.T, name, dir string) *Case {
	t.Helper()
	c := &Case{Name: name, Dir: dir}
	documents(t, filepath.Join(dir, "expected.yaml"), func(document []byte) error { return json.Unmarshal(document, &c.Expected) })
	documents(t, filepath.Join(dir, "policy.yaml"), func(document []byte) error {
		policy, err := decodePolicy(document)
		c.Policies = append(c.Policies, policy)
		return err
	})
	optional(t, filepath.Join(dir, "exceptions.yaml"), func(document []byte) error {
		e := &v2.PolicyException{}
		c.Exceptions = append(c.Exceptions, e)
		return json.Unmarshal(document, e)
	})
	optional(t, filepath.Join(dir, "lookup.yaml"), func(document []byte) error { return kjson.Unmarshal(document, &c.Lookup) })
	c.readRequests(t)
	return c
}

func decodePolicy(document []byte) (v1.Object, error) {
	var head struct{ Kind string }
	if err := json.Unmarshal(document, &head); err != nil {
		return nil, err
	}
	var policy v1.Object
	switch head.Kind {
	case "ClusterPolicy":
		policy = &v1.ClusterPolicy{}
	case "Policy":
		policy = &v1.Policy{}
	default:
		return nil, fmt.Errorf("kind %q is no policy", head.Kind)
	}
	return policy, json.Unmarshal(document, policy)
}

// asked is a document of a request.yaml.
type asked struct {
	Operation   eval.Operation `json:"operation"`
	Subresource string         `json:"subresource"`
	Kind        *kind          `json:"kind"`
	Parent      *kind          `json:"parent"`
	User        *user          `json:"user"`
	Object      eval.Object    `json:"object"`
	OldObject   eval.Object    `json:"oldObject"`
}

type kind struct {
	Group   string `json:"group"`
	Version string `json:"version"`
	Kind    string `json:"kind"`
}

type user struct {
	Name   string   `json:"name"`
	UID    string   `json:"uid"`
	Groups []string `json:"groups"`
}

func (c *Case) readRequests(t *testing.T) {
	t.Helper()
	optional(t, filepath.Join(c.Dir, "resources.yaml"), func(document []byte) error {
		var object eval.Object
		if err := kjson.Unmarshal(document, &object); err != nil {
			return err
		}
		c.add(created(object))
		return nil
	})
	optional(t, filepath.Join(c.Dir, "request.yaml"), func(document []byte) error {
		var a asked
		if err := kjson.Unmarshal(document, &a); err != nil {
			return err
		}
		subject := a.Object
		if subject == nil {
			subject = a.OldObject
		}
		req := created(subject)
		req.Operation, req.Subresource, req.Object, req.OldObject = a.Operation, a.Subresource, a.Object, a.OldObject
		if a.Kind != nil {
			req.Kind = schema.GroupVersionKind(*a.Kind)
		}
		if a.Parent != nil {
			req.Parent = schema.GroupVersionKind(*a.Parent)
		}
		if a.User != nil {
			req.User = &eval.User{Name: a.User.Name, UID: a.User.UID, Groups: a.User.Groups}
		}
		c.add(req)
		return nil
	})
}

func (c *Case) add(req *eval.Request) {
	if req.Kind.Kind == "Namespace" {
		if c.Lookup.Namespaces == nil {
			c.Lookup.Namespaces = map[string]map[string]string{}
		}
		c.Lookup.Namespaces[req.Name] = stringsOf(metadata(req.Subject())["labels"])
	}
	c.Requests = append(c.Requests, req)
}

// created is the request that creates an object.
func created(object eval.Object) *eval.Request {
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	name, _ := metadata(object)["name"].(string)
	namespace, _ := metadata(object)["namespace"].(string)
	return &eval.Request{
		Kind: schema.FromAPIVersionAndKind(apiVersion, kind), Namespace: namespace, Name: name,
		Operation: eval.Create, Object: object, Now: Now, Seed: 1,
	}
}

// Compare puts what came out beside what was expected.
func (c *Case) Compare(t *testing.T, got []Row) {
	t.Helper()
	if len(got) != len(c.Expected.Results) {
		t.Errorf("%d answers, want %d", len(got), len(c.Expected.Results))
	}
	for _, want := range c.Expected.Results {
		i := slices.IndexFunc(got, func(g Row) bool {
			return g.Resource == want.Resource && g.Rule == want.Rule &&
				(want.Policy == "" || g.Policy == want.Policy) && (want.Operation == "" || g.Operation == want.Operation)
		})
		if i < 0 {
			t.Errorf("no answer for %+v", want)
			continue
		}
		g := got[i]
		got = slices.Delete(got, i, i+1)
		if g.Result != want.Result || g.Message != want.Message || want.Action != "" && g.Action != want.Action ||
			want.Properties != nil && !maps.Equal(g.Properties, want.Properties) {
			t.Errorf("answer differs:\nwant %+v\ngot  %+v", want, g)
		}
	}
	for _, g := range got {
		t.Errorf("unexpected answer %+v", g)
	}
}

// RowOf is the row of a decision.
func RowOf(req *eval.Request, d *eval.Decision) Row {
	return Row{
		Policy: d.Policy.String(), Resource: Describe(req), Operation: string(req.Operation),
		Rule: d.Rule, Result: string(d.Result), Message: d.Message, Action: string(d.Action), Properties: d.Properties,
	}
}

// Describe names the object of a request as rows do.
func Describe(req *eval.Request) string {
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

func optional(t *testing.T, path string, each func(document []byte) error) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		documents(t, path, each)
	}
}

// documents calls each for every document of a YAML file that is not empty, as JSON.
func documents(t *testing.T, path string, each func(document []byte) error) {
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
		if text := strings.TrimSpace(string(document)); text == "" || text == "null" {
			continue
		}
		if err := each(document); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}
