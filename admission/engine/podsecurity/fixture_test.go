package podsecurity

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/pod-security-admission/api"
	"sigs.k8s.io/yaml"

	v1 "github.com/edict-dev/edict/apis/kyverno/v1"

	"github.com/edict-dev/edict/admission/engine/eval"
)

var podKind = schema.GroupVersionKind{Version: "v1", Kind: "Pod"}

// everything excludes a control wholly: what Pods set, and what containers do.
func everything(name string) []v1.PodSecurityExclusion {
	var out []v1.PodSecurityExclusion
	if controls[name].scope != containersOnly {
		out = append(out, v1.PodSecurityExclusion{ControlName: name})
	}
	if controls[name].scope != podOnly {
		out = append(out, v1.PodSecurityExclusion{ControlName: name, Images: []string{"*"}})
	}
	return out
}

// TestK03 K03: every Pod by which the standards' own tests show what a version of a level allows and denies gets the
// same verdict; a denied one is denied still when every other control is excluded, and its control is gone when that
// is excluded.
func TestK03(t *testing.T) {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/pod-security-admission").Output()
	if err != nil {
		t.Skipf("the module of the standards is not to be found: %v", err)
	}
	for _, level := range []v1.PodSecurityLevel{v1.Baseline, v1.Restricted} {
		root := filepath.Join(strings.TrimSpace(string(module)), "test", "testdata", string(level))
		versions, err := os.ReadDir(root)
		if err != nil || len(versions) < 30 {
			t.Fatalf("only %d versions: %v", len(versions), err)
		}
		for _, version := range versions {
			t.Run(string(level)+"/"+version.Name(), func(t *testing.T) {
				checkFixtures(t, filepath.Join(root, version.Name()), v1.PodSecurity{Level: level, Version: version.Name()})
			})
		}
	}
}

func checkFixtures(t *testing.T, dir string, ps v1.PodSecurity) {
	check := compile(t, ps)
	for _, file := range files(t, filepath.Join(dir, "pass")) {
		if v := check.Evaluate(readPod(t, file), podKind, nil); v.Result != eval.Pass {
			t.Errorf("%s: %s %s", file, v.Result, v.Message)
		}
	}
	for _, file := range files(t, filepath.Join(dir, "fail")) {
		pod := readPod(t, file)
		v := check.Evaluate(pod, podKind, nil)
		id, name := checkOf(check, file)
		if v.Result != eval.Fail || id == "" || !slices.Contains(strings.Split(v.Properties["controls"], ","), id) {
			t.Errorf("%s (%s): %s %s", file, id, v.Result, v.Message)
			continue
		}
		others := ps
		for other, c := range controls {
			if other != name && (ps.Level == v1.Restricted || !c.restricted) {
				others.Exclude = append(others.Exclude, everything(other)...)
			}
		}
		if v := compile(t, others).Evaluate(pod, podKind, nil); v.Result != eval.Fail {
			t.Errorf("%s: with other controls excluded: %s", file, v.Result)
		}
		if name == "" || ps.Level == v1.Baseline && controls[name].restricted || byAnnotation(id, ps.Version) {
			continue
		}
		own := ps
		own.Exclude = everything(name)
		v = compile(t, own).Evaluate(pod, podKind, nil)
		if slices.Contains(strings.Split(v.Properties["controls"], ","), id) {
			t.Errorf("%s: with %s excluded: %s %s", file, name, v.Result, v.Message)
		}
	}
}

// byAnnotation tells that a check looks at annotations, which no exclusion names.
func byAnnotation(id, version string) bool {
	v, err := api.ParseVersion(version)
	return id == "seccompProfile_baseline" && err == nil && v.Older(api.MajorMinorVersion(1, 19))
}

// checkOf tells from the name of a file, such as hostports0.yaml, which check it is about.
func checkOf(c *Check, file string) (id, control string) {
	name := strings.TrimRight(strings.TrimSuffix(filepath.Base(file), ".yaml"), "0123456789")
	for i := range c.checks {
		if strings.EqualFold(string(c.checks[i].id), name) || strings.EqualFold(string(c.checks[i].id)+"_restricted", name) {
			return string(c.checks[i].id), c.checks[i].control
		}
	}
	return "", ""
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing in %s: %v", dir, err)
	}
	return found
}

func readPod(t *testing.T, file string) eval.Object {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	object := decode(t, string(data))
	// kube-apiserver makes an emptyDir of a volume without a source before anybody judges it.
	volumes, _ := object["spec"].(map[string]any)["volumes"].([]any)
	for _, volume := range volumes {
		if v := volume.(map[string]any); len(v) == 1 {
			v["emptyDir"] = map[string]any{}
		}
	}
	return object
}

func decode(t testing.TB, text string) eval.Object {
	t.Helper()
	object := eval.Object{}
	if err := decodeInto(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// decodeInto reads YAML as decoded JSON, or into a type.
func decodeInto(text string, into any) error {
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return err
	}
	return json.Unmarshal(asJSON, into)
}

func compile(t testing.TB, ps v1.PodSecurity) *Check {
	t.Helper()
	check, errs := Compile("r", &ps, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return check
}
