package cel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

const corpus = "../../../../shared/corpus"

// suite is a file of expected verdicts.
type suite struct {
	Policies   []string       `json:"policies"`
	Resources  []string       `json:"resources"`
	Variables  string         `json:"variables"`
	Exceptions []string       `json:"exceptions"`
	Values     map[string]any `json:"values"`
	Results    []struct {
		Policy    string   `json:"policy"`
		Rule      string   `json:"rule"`
		Kind      string   `json:"kind"`
		Resource  string   `json:"resource"`
		Resources []string `json:"resources"`
		Result    string   `json:"result"`
	} `json:"results"`
}

// TestCorpus puts the resources of the corpus' suites to the rules with CEL, as far as that can be done with nothing but
// rule and resource, and compares the verdict.
func TestCorpus(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the corpus is not there")
	}
	skipped := map[string]int{}
	judged := 0
	for _, root := range []string{"policies", "cli"} {
		err := filepath.WalkDir(filepath.Join(corpus, root), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "kyverno-test.yaml" {
				judged += runSuite(t, path, skipped)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d rows judged", judged)
	for _, reason := range slices.Sorted(maps.Keys(skipped)) {
		t.Logf("%d rows not judged: %s", skipped[reason], reason)
	}
	if judged < 200 {
		t.Errorf("only %d rows were judged", judged)
	}
}

func runSuite(t *testing.T, path string, skipped map[string]int) int {
	t.Helper()
	var s suite
	for _, document := range documents(t, path) {
		if err := kjson.Unmarshal(document, &s); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	dir := filepath.Dir(path)
	rules := rulesOf(t, dir, s.Policies)
	if len(rules) == 0 {
		return 0
	}
	objects := objectsOf(t, dir, s.Resources)
	judged := 0
	for _, row := range s.Results {
		for _, resource := range append(row.Resources, row.Resource) {
			rule, known := rules[row.Policy+"/"+row.Rule]
			if resource == "" || !known {
				continue
			}
			name := resource[strings.LastIndexByte(resource, '/')+1:]
			object := objects[row.Kind+"/"+name]
			switch reason := unjudged(&s, rule, row.Kind, object); {
			case reason != "":
				skipped[reason]++
			default:
				judged++
				check, errs := Compile(Config{Rule: rule.Name, Validation: rule.Validate, Preconditions: rule.CELPreconditions})
				if len(errs) > 0 {
					t.Errorf("%s: %s: %v", path, row.Rule, errs)
					continue
				}
				v := check.Evaluate(created(object), namesOnly{})
				if string(v.Result) != row.Result {
					t.Errorf("%s: %s of %s %s: %s (%s), expected %s", path, row.Rule, row.Kind, name, v.Result, v.Message, row.Result)
				}
			}
		}
	}
	return judged
}

// unjudged says why a row cannot be judged here, and nothing if it can.
func unjudged(s *suite, rule *v1.Rule, kind string, object eval.Object) string {
	switch {
	case object == nil:
		return "the resource is not among the suite's files"
	case len(s.Exceptions) > 0:
		return "exceptions are not looked at here"
	case s.Variables != "" || len(s.Values) > 0:
		return "values are not looked at here"
	case rule.Validate.CEL.ParamKind != nil:
		return "parameters are not looked at here"
	case !slices.ContainsFunc(kinds(rule), func(k string) bool { return k == "*" || k == kind || strings.HasSuffix(k, "/"+kind) }):
		return "the row is for a derived rule"
	case rule.Exclude != nil || !matchesByKind(rule):
		return "match and exclude are not looked at here"
	}
	return ""
}

func kinds(rule *v1.Rule) []string {
	var out []string
	for _, f := range append(slices.Clone(rule.Match.Any), rule.Match.All...) {
		if f.Resources != nil {
			out = append(out, f.Resources.Kinds...)
		}
	}
	return out
}

// matchesByKind tells whether nothing but the kind and that it is created makes the rule concern an object.
func matchesByKind(rule *v1.Rule) bool {
	return len(rule.Match.All) == 0 && !slices.ContainsFunc(rule.Match.Any, func(f v1.ResourceFilter) bool {
		r := f.Resources
		return r == nil || r.Name != "" || len(r.Names)+len(r.Namespaces)+len(r.Annotations) > 0 ||
			r.Selector != nil || r.NamespaceSelector != nil ||
			len(r.Operations) > 0 && !slices.Contains(r.Operations, v1.AdmissionOperation("CREATE"))
	})
}

func rulesOf(t *testing.T, dir string, files []string) map[string]*v1.Rule {
	t.Helper()
	rules := map[string]*v1.Rule{}
	for _, file := range files {
		for _, document := range documents(t, filepath.Join(dir, file)) {
			var policy v1.ClusterPolicy
			var head struct {
				APIVersion string `json:"apiVersion"`
			}
			if kjson.Unmarshal(document, &head) != nil || !strings.HasPrefix(head.APIVersion, "kyverno.io/") || kjson.Unmarshal(document, &policy) != nil {
				continue
			}
			for i := range policy.Spec.Rules {
				if rule := &policy.Spec.Rules[i]; rule.Validate != nil && rule.Validate.CEL != nil {
					rules[policy.Name+"/"+rule.Name] = rule
				}
			}
		}
	}
	return rules
}

func objectsOf(t *testing.T, dir string, files []string) map[string]eval.Object {
	t.Helper()
	objects := map[string]eval.Object{}
	for _, file := range files {
		for _, document := range documents(t, filepath.Join(dir, file)) {
			var object eval.Object
			if err := kjson.Unmarshal(document, &object); err != nil || object == nil {
				continue
			}
			metadata, _ := object["metadata"].(map[string]any)
			objects[fmt.Sprintf("%v/%v", object["kind"], metadata["name"])] = object
		}
	}
	return objects
}

func created(object eval.Object) *eval.Request {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	apiVersion, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return &eval.Request{
		Kind: schema.FromAPIVersionAndKind(apiVersion, kind), Namespace: namespace, Name: name,
		Operation: eval.Create, Object: object,
	}
}

// namesOnly knows of every namespace its name and nothing else.
type namesOnly struct{ eval.Lookup }

func (namesOnly) Read(source eval.Source) (any, error) {
	if source.Namespace == nil {
		return nil, errors.New("only namespaces are known")
	}
	return map[string]any{"metadata": map[string]any{"name": source.Namespace.Name}}, nil
}

// documents reads the documents of a file as JSON; a file that is not there has none.
func documents(t *testing.T, path string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out [][]byte
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		asJSON, err := yaml.ToJSON(document)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, asJSON)
	}
}
