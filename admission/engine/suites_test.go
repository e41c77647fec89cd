package engine_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine"
	"github.com/edict-dev/edict/admission/engine/eval"
)

// suite is what is read here of a test suite of the reference's command line.
type suite struct {
	Policies  []string `json:"policies"`
	Resources []string `json:"resources"`
	Results   []struct {
		Policy    string         `json:"policy"`
		Rule      string         `json:"rule"`
		Kind      string         `json:"kind"`
		Resources []string       `json:"resources"`
		Operation eval.Operation `json:"operation"`
		Result    string         `json:"result"`
	} `json:"results"`
	// What is not here yet: a suite that has any of it is left out.
	Variables  string   `json:"variables"`
	Values     any      `json:"values"`
	UserInfo   string   `json:"userinfo"`
	Exceptions []string `json:"exceptions"`
}

// clusterScoped are the kinds in the suites that are in no namespace.
var clusterScoped = []string{
	"Namespace", "ClusterRole", "ClusterRoleBinding", "Node", "PersistentVolume", "StorageClass", "ClusterPolicy",
	"CustomResourceDefinition", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "PriorityClass",
}

// TestReferenceSuites runs the suites that the reference is tested with, as far as their policies compile: every
// answer must be the one that the suite expects.
func TestReferenceSuites(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "corpus")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the larger corpus, ../shared/corpus, is not there")
	}
	answered := 0
	for _, part := range []string{"policies", "cli"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "kyverno-test.yaml" {
				return err
			}
			name, _ := filepath.Rel(root, filepath.Dir(path))
			t.Run(name, func(t *testing.T) { answered += runSuites(t, path) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d answers compared", answered)
	if answered < 200 {
		t.Errorf("only %d answers compared: the suites were not found, or hardly any policy compiles", answered)
	}
}

func runSuites(t *testing.T, path string) int {
	answered := 0
	readDocuments(t, path, func(decode func(any) error) error {
		var s suite
		if err := decode(&s); err != nil {
			return err
		}
		if s.Variables == "" && s.Values == nil && s.UserInfo == "" && len(s.Exceptions) == 0 {
			answered += runSuite(t, filepath.Dir(path), &s)
		}
		return nil
	})
	return answered
}

func runSuite(t *testing.T, dir string, s *suite) int {
	var programs []*engine.Program
	for _, file := range s.Policies {
		if strings.Contains(file, "://") {
			return 0
		}
		for _, policy := range readPolicies(t, filepath.Join(dir, file)) {
			if slices.ContainsFunc(policy.PolicySpec().Rules, func(r v1.Rule) bool { return r.Mutate != nil }) {
				// What the other policies see would be changed.
				return 0
			}
			if p, errs := engine.Compile(policy); len(errs) == 0 {
				programs = append(programs, p)
			}
		}
	}
	if len(programs) == 0 {
		return 0
	}
	decisions := evaluateAll(t, dir, s, programs)
	answered := 0
	for _, want := range s.Results {
		if want.Operation != "" && want.Operation != eval.Create {
			continue
		}
		for _, got := range concerned(decisions, want.Resources) {
			for _, d := range got.decisions {
				if d.Policy.Name != want.Policy[strings.LastIndex(want.Policy, "/")+1:] || want.Rule != "" && d.Rule != want.Rule {
					continue
				}
				answered++
				if result := reported(d); result != want.Result {
					t.Errorf("%s/%s on %s %s/%s: %s, want %s\n%s", want.Policy, want.Rule, got.kind, got.namespace, got.name, result, want.Result, d.Message)
				}
			}
		}
	}
	return answered
}

// reported is the result as a report shows it.
func reported(d eval.Decision) string {
	if d.Result == eval.Fail && !d.Scored {
		return string(eval.Warn)
	}
	return string(d.Result)
}

type judged struct {
	kind, namespace, name string
	decisions             []eval.Decision
}

// concerned are the resources that a row lists, or all when it lists none that is there.
func concerned(all []judged, listed []string) []judged {
	var out []judged
	for _, j := range all {
		if slices.Contains(listed, j.name) || slices.Contains(listed, j.namespace+"/"+j.name) {
			out = append(out, j)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

func evaluateAll(t *testing.T, dir string, s *suite, programs []*engine.Program) []judged {
	var out []judged
	for _, file := range s.Resources {
		readDocuments(t, filepath.Join(dir, file), func(decode func(any) error) error {
			var object eval.Object
			if err := decode(&object); err != nil {
				return err
			}
			req := created(integers(object).(eval.Object))
			if req.Namespace == "" && !slices.Contains(clusterScoped, req.Kind.Kind) {
				req.Namespace = "default"
			}
			out = append(out, judged{
				kind: req.Kind.Kind, namespace: req.Namespace, name: req.Name,
				decisions: engine.Evaluate(programs, req, namespaces{req.Namespace: nil}),
			})
			return nil
		})
	}
	return out
}
