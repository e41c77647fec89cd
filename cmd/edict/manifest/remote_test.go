package manifest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRepositoryOf(t *testing.T) {
	for location, want := range map[string][3]string{
		"https://github.com/kyverno/policies/openshift/": {"https://github.com/kyverno/policies", "openshift"},
		"https://github.com/kyverno/policies":            {"https://github.com/kyverno/policies", ""},
		"https://host/group/sub/repo.git/a/b":            {"https://host/group/sub/repo.git", "a/b"},
		"ssh://git@host/repo.git":                        {"ssh://git@host/repo.git", ""},
		"git@host:group/repo.git/a":                      {"git@host:group/repo.git", "a"},
		"https://host/policy.yaml":                       {"", ""},
		"ext::sh -c touch% /tmp/x://":                    {"", "", "not over \"ext\""},
		"ftp://host/a/b":                                 {"", "", "not over \"ftp\""},
		"https://user:secret@host/a/b/%zz":               {"", "", "is not a URL"},
		"gopher://user:secret@host/a/b":                  {"", "", "gopher://user:xxxxx@host/a/b"},
	} {
		repository, folder, err := repositoryOf(location)
		if want[2] != "" {
			if err == nil || !strings.Contains(err.Error(), want[2]) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: error %v, want %s", location, err, want[2])
			}
			continue
		}
		if err != nil || repository != want[0] || folder != want[1] {
			t.Errorf("%s: %q %q %v, want %q %q", location, repository, folder, err, want[0], want[1])
		}
	}
}

func TestReadURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/policy.yaml" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("kind: A\n"))
	}))
	defer server.Close()
	reader := &Reader{Remote: true}
	if result := reader.Read(t.Context(), server.URL+"/policy.yaml"); !slices.Equal(kinds(result), []string{"A"}) || len(result.Errors) > 0 {
		t.Errorf("read %v, errors %v", kinds(result), result.Errors)
	}
	if result := reader.Read(t.Context(), server.URL+"/other.yaml"); len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Error(), "404") {
		t.Errorf("errors %v", result.Errors)
	}
}

func TestReadRepository(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not on the PATH")
	}
	outside := tree(t, map[string]string{"secret.yaml": "kind: Secret"})
	dir := filepath.Join(t.TempDir(), "repo.git")
	work := tree(t, map[string]string{"policies/a.yaml": "kind: A", "other/b.yaml": "kind: B", "policies/broken.yaml": "a: ["})
	if err := os.Symlink(filepath.Join(outside, "secret.yaml"), filepath.Join(work, "policies", "link.yaml")); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-C", work, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, output)
		}
	}
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "policies")
	git("checkout", "-q", "-b", "next")
	git("rm", "-q", "other/b.yaml")
	git("commit", "-q", "-m", "less")
	git("clone", "-q", "--bare", work, dir)

	location := "file://" + dir + "/policies"
	result := (&Reader{Remote: true, Git: Git{Branch: "main"}}).Read(t.Context(), location)
	if !slices.Equal(kinds(result), []string{"A"}) {
		t.Errorf("read %v", kinds(result))
	}
	// C02: the link is not followed; as a plain file it holds a path, which is no manifest.
	if len(result.Errors) != 2 || !strings.HasPrefix(result.Errors[0].Error(), location+"/broken.yaml:1") || !strings.Contains(result.Errors[1].Error(), "link.yaml:1: not an object") {
		t.Errorf("errors %v", result.Errors)
	}
	if got := result.Documents[0].File; got != location+"/a.yaml" {
		t.Errorf("file %q", got)
	}
	if result := (&Reader{Remote: true, Git: Git{Branch: "next"}}).Read(t.Context(), "file://"+dir+"/other"); len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Error(), "no file or folder other") {
		t.Errorf("errors %v", result.Errors)
	}
	if result := (&Reader{Remote: true, Git: Git{Branch: "--upload-pack=x"}}).Read(t.Context(), "file://"+dir); len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Error(), "git clone") {
		t.Errorf("errors %v", result.Errors)
	}
}
