// Package layering holds the import rules of the tree as a test: each with its reason, checked on direct imports of
// what is built (tests may import more). A rule that names a package which is gone fails too, so that none can rot.
package layering

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/edict-dev/edict/"

// rule says what the packages that match a pattern may import of ours, and what of others they must never.
// A pattern is a package, or a folder and all beneath it (…/...).
type rule struct {
	packages string
	except   []string // more precise rules of their own
	may      []string
	never    []string
	why      string
}

var (
	clientGo = "k8s.io/client-go/..."
	engine   = []string{"admission/engine", "admission/engine/eval"}
)

var rules = []rule{
	{packages: "apis/...", may: []string{"apis/..."}, never: []string{clientGo, "k8s.io/apiserver/..."}, why: "types must be usable alone"},
	{packages: "generated/...", may: []string{"apis/...", "generated/..."}, why: "it is machine-written"},
	{packages: "registry/storage/mvcc", never: []string{"k8s.io/..."}, why: "a byte log can be tested against a model"},
	{packages: "registry/storage/boltstore", may: []string{"registry/storage/mvcc"}, why: "it stores any type"},
	{packages: "registry/...", except: []string{"registry/storage/..."}, may: []string{"apis/...", "registry/..."},
		never: []string{module + "registry/storage/..."}, why: "storage arrives as a RESTOptionsGetter, judgement as a Validator"},
	{packages: "admission/engine/eval", may: []string{"apis/..."}, never: []string{clientGo, "net/http", "os"}, why: "it is the leaf"},
	stage("scalar"),
	stage("imageref", "scalar"),
	stage("jmespath", "scalar", "imageref"),
	stage("variable", "scalar", "imageref", "jmespath"),
	stage("condition", "scalar", "imageref", "jmespath", "variable"),
	stage("cel", "scalar", "imageref", "jmespath", "variable"),
	stage("match", "scalar", "imageref", "jmespath", "variable", "condition", "cel"),
	stage("pattern", "scalar", "imageref", "jmespath", "variable", "condition", "cel"),
	stage("podsecurity", "scalar", "imageref", "jmespath", "variable", "condition", "cel"),
	stage("exception", "scalar", "imageref", "jmespath", "variable", "condition", "cel", "match", "podsecurity"),
	stage("demand", "scalar", "imageref", "jmespath", "variable", "condition", "cel", "match", "pattern", "podsecurity"),
	stage("autogen", "scalar", "imageref", "jmespath", "variable", "condition", "cel", "match", "pattern", "podsecurity"),
	stage("compile", "scalar", "imageref", "jmespath", "variable", "condition", "cel", "match", "pattern", "podsecurity", "demand", "autogen"),
	{packages: "admission/engine", may: []string{"apis/...", "admission/engine/..."}, never: pure, why: "the facade alone knows the order of the stages"},
	{packages: "admission/policyset", may: append([]string{"apis/...", "generated/..."}, engine...), why: "whoever needs it is given it as an interface"},
	{packages: "admission/lookup", may: []string{"apis/...", "generated/...", "admission/engine/eval"}, why: "it is an edge, not a caller"},
	{packages: "admission/report", may: []string{"apis/...", "admission/engine/eval"}, never: []string{clientGo}, why: "it is given a Sink"},
	{packages: "admission/webhook", may: append([]string{"apis/...", "admission/report"}, engine...),
		never: []string{"k8s.io/client-go/kubernetes/..."}, why: "it receives what it needs"},
	{packages: "admission/controller", may: []string{}, why: "the runner knows no loop"},
	{packages: "admission/controller/...", except: []string{"admission/controller"},
		may: append([]string{"apis/...", "generated/...", "admission/report", "admission/controller"}, engine...),
		why: "loops meet through the API, never through each other"},
	{packages: "cmd/edict/...", may: append([]string{"apis/...", "generated/...", "admission/lookup", "admission/report", "admission/engine/jmespath", "cmd/edict/..."}, engine...),
		why: "the same engine, other edges"},
}

// pure is what nothing inside the engine imports: the same input gives the same answer, everywhere.
var pure = []string{clientGo, "net/http", "os", module + "generated/...", module + "admission/lookup"}

// stage is the rule of one stage of the engine: it may import the leaf and the stages strictly to its left.
func stage(name string, left ...string) rule {
	may := []string{"apis/...", "admission/engine/eval"}
	for _, l := range left {
		may = append(may, "admission/engine/"+l)
	}
	return rule{packages: "admission/engine/" + name, may: may, never: pure, why: "stages import strictly to their left, and do no I/O"}
}

type goPackage struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
}

func TestImports(t *testing.T) {
	packages := list(t)
	for _, r := range rules {
		found := false
		for _, p := range packages {
			name := strings.TrimPrefix(p.ImportPath, module)
			if !matches(r.packages, name) || matchesAny(r.except, name) {
				continue
			}
			found = true
			for _, imported := range p.Imports {
				if matchesAny(r.never, imported) {
					t.Errorf("%s imports %s: never, because %s", name, imported, r.why)
				}
				if ours, ok := strings.CutPrefix(imported, module); ok && !matchesAny(r.may, ours) {
					t.Errorf("%s imports %s, of ours it may import %v: %s", name, ours, r.may, r.why)
				}
			}
		}
		if !found {
			t.Errorf("the rule of %s names no package that exists: remove it, or name its successor", r.packages)
		}
		for _, may := range r.may {
			if strings.HasSuffix(may, "/...") {
				continue
			}
			if !exists(packages, may) {
				t.Errorf("the rule of %s allows %s, which is gone", r.packages, may)
			}
		}
	}
}

// Only cmd/edict-server and the test that starts a real server know both registry and admission.
func TestOnlyTheAppWires(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		var registry, admission, app bool
		for _, imported := range p.Imports {
			ours := strings.TrimPrefix(imported, module)
			registry = registry || matches("registry/...", ours)
			admission = admission || matches("admission/...", ours)
			app = app || ours == "cmd/edict-server/app"
		}
		if registry && admission && name != "cmd/edict-server/app" {
			t.Errorf("%s imports both registry and admission: only cmd/edict-server/app does", name)
		}
		if app && name != "cmd/edict-server" && name != "test/apiserver" {
			t.Errorf("%s imports cmd/edict-server/app: only its main and test/apiserver do", name)
		}
	}
}

// The engine takes time from the request: the same input gives the same answer.
func TestEngineHasNoClock(t *testing.T) {
	for _, p := range list(t) {
		if !matches("admission/engine/...", strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Now" || s.Sel.Name == "Since") {
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
						t.Errorf("%s/%s calls time.%s: time comes with the request", p.ImportPath, file, s.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

// Nothing of ours depends on the reference's code.
func TestNoReferenceCode(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-test", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "github.com/kyverno/kyverno") {
			t.Errorf("something depends on %s", strings.TrimSpace(line))
		}
	}
}

func list(t *testing.T) (packages []goPackage) {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list names no packages")
	}
	return packages
}

func exists(packages []goPackage, name string) bool {
	for _, p := range packages {
		if p.ImportPath == module+name {
			return true
		}
	}
	return false
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(p, name) {
			return true
		}
	}
	return false
}

func matches(pattern, name string) bool {
	folder, all := strings.CutSuffix(pattern, "/...")
	return name == folder || all && strings.HasPrefix(name, folder+"/")
}
