package suite

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edict-dev/edict/cmd/edict/manifest"
)

// TestC02Repository: the suites of a repository read nothing outside of it, and tell of its files by its own name.
func TestC02Repository(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not on the PATH")
	}
	outside := write(t, map[string]string{"res.yaml": resources})
	const results = "policies: [../policy.yaml]\nresults: [{policy: p, rule: r, resources: [two], result: fail}]\n"
	work := write(t, map[string]string{
		"a/policy.yaml":        clusterPolicy("p", rule("r", "Pod", hasA)),
		"a/good/" + FileName:   head + "resources: [res.yaml]\n" + results,
		"a/good/res.yaml":      resources,
		"a/out/" + FileName:    head + "resources: [../../../../../.." + filepath.Join(outside, "res.yaml") + "]\n" + results,
		"a/rooted/" + FileName: head + "resources: [" + filepath.Join(outside, "res.yaml") + "]\n" + results,
		"a/wrong/" + FileName:  head + "result: []\n",
		"b/" + FileName:        head + "resources: [../a/good/res.yaml]\n" + results,
	})
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "suites"}} {
		if output, err := exec.Command("git", append([]string{"-C", work}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, output)
		}
	}
	repository := filepath.Join(t.TempDir(), "suites.git")
	if output, err := exec.Command("git", "clone", "-q", "--bare", work, repository).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v: %s", err, output)
	}

	checkout, err := (&manifest.Git{}).Checkout(t.Context(), "file://"+repository+"/a")
	if err != nil {
		t.Fatal(err)
	}
	defer checkout.Remove()
	suites, err := FindIn(t.Context(), checkout, FileName)
	if err != nil || len(suites) != 4 {
		t.Fatalf("%d suites, %v", len(suites), err)
	}
	outcomes, err := (&Runner{Now: time.Unix(1700000000, 0)}).Run(context.Background(), suites)
	if err != nil {
		t.Fatal(err)
	}
	got, name := told(outcomes), "file://"+repository+"/a/"
	for _, want := range []string{
		"Pass p/r v1/Pod/ns/two: Ok",
		"error: " + name + "out/kyverno-test.yaml:4:",
		"error: " + name + "rooted/kyverno-test.yaml:4:",
		"is outside of the repository",
		"error: " + name + "wrong/kyverno-test.yaml:4:1: a suite has no field result",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %s:\n%s", want, got)
		}
	}
	if strings.Contains(got, checkout.Root) || strings.Count(got, "Ok") != 1 {
		t.Error(got)
	}
}

func TestFind(t *testing.T) {
	folder := write(t, map[string]string{
		"b/" + FileName: head + "---\n" + head, "a/deep/" + FileName: head, "a/other.yaml": head, ".git/" + FileName: head, "c/mine.yaml": head,
	})
	for _, test := range []struct {
		paths []string
		name  string
		want  string
	}{
		{[]string{""}, FileName, "a/deep/kyverno-test.yaml b/kyverno-test.yaml b/kyverno-test.yaml"},
		{[]string{"b", "a"}, FileName, "b/kyverno-test.yaml b/kyverno-test.yaml a/deep/kyverno-test.yaml"},
		{[]string{""}, "mine.yaml", "c/mine.yaml"},
		{[]string{"a/other.yaml"}, FileName, "a/other.yaml"},
		{[]string{"c"}, FileName, ""},
	} {
		var paths, got []string
		for _, path := range test.paths {
			paths = append(paths, filepath.Join(folder, path))
		}
		suites, err := Find(context.Background(), paths, test.name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range suites {
			file, _ := filepath.Rel(folder, s.File)
			got = append(got, filepath.ToSlash(file))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%v: %v", test.paths, got)
		}
	}
	if _, err := Find(context.Background(), []string{filepath.Join(folder, "gone")}, FileName); err == nil {
		t.Error("a folder that there is not has no error")
	}
}
