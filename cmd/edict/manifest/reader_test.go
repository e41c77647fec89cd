package manifest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tree makes a folder with files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func kinds(r Result) []string {
	var out []string
	for _, d := range r.Documents {
		out = append(out, d.Kind())
	}
	return out
}

func TestReadFolder(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.yaml": "kind: A", "sub/b.yml": "kind: B", "sub/deeper/c.json": `{"kind":"C"}`,
		"README.md": "kind: No", "sub/.git/d.yaml": "kind: No", "broken.yaml": "a: [",
	})
	result := (&Reader{}).Read(t.Context(), dir)
	if got := kinds(result); !slices.Equal(got, []string{"A", "B", "C"}) {
		t.Errorf("read %v", got)
	}
	if len(result.Errors) != 1 || !strings.HasPrefix(result.Errors[0].Error(), filepath.Join(dir, "broken.yaml")+":1: ") {
		t.Errorf("errors %v", result.Errors)
	}
}

func TestReadNamesWhatIsNotThere(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "kind: A", "b.txt": "kind: B", "c.yaml": "kind: C"})
	for location, want := range map[string]string{
		filepath.Join(dir, "nope.yaml"): "no such file or folder",
		filepath.Join(dir, "*.json"):    "no file or folder fits the pattern",
		"[":                             "syntax error in pattern",
		"-":                             "there is no standard input here",
		"https://example.com/a.yaml":    "nothing is read from a network here",
	} {
		result := (&Reader{}).Read(t.Context(), location)
		if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Error(), want) || !strings.HasPrefix(result.Errors[0].Error(), location) {
			t.Errorf("%s: got %v, want %s", location, result.Errors, want)
		}
	}
	if got := kinds((&Reader{}).Read(t.Context(), filepath.Join(dir, "?.yaml"), filepath.Join(dir, "b.txt"))); !slices.Equal(got, []string{"A", "C", "B"}) {
		t.Errorf("read %v", got)
	}
	if got := kinds((&Reader{Stdin: strings.NewReader("kind: S")}).Read(t.Context(), "-")); !slices.Equal(got, []string{"S"}) {
		t.Errorf("read %v", got)
	}
}

func TestC02LinksDoNotLeadOutOfAFolder(t *testing.T) {
	outside := tree(t, map[string]string{"secret.yaml": "kind: Secret", "dir/more.yaml": "kind: Secret"})
	dir := tree(t, map[string]string{"a.yaml": "kind: A", "real/b.yaml": "kind: B"})
	for link, to := range map[string]string{
		"absolute.yaml": filepath.Join(outside, "secret.yaml"),
		"relative.yaml": filepath.Join("..", filepath.Base(outside), "secret.yaml"),
		"folder.yaml":   filepath.Join(outside, "dir"),
		"folder":        filepath.Join(outside, "dir"),
		"dangling.yaml": "nowhere.yaml",
		"up.yaml":       "../../../../../../etc/passwd",
		"within.yaml":   filepath.Join("real", "b.yaml"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	result := (&Reader{}).Read(t.Context(), dir)
	if got := kinds(result); !slices.Equal(got, []string{"A", "B", "B"}) || len(result.Errors) > 0 {
		t.Errorf("read %v, errors %v", got, result.Errors)
	}
	if len(result.PassedOver) != 5 {
		t.Errorf("passed over %q, want the five links that lead out or nowhere", result.PassedOver)
	}
}

func TestOnlyRegularFilesOfAFolder(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": "kind: A"})
	if err := mkfifo(filepath.Join(dir, "pipe.yaml")); err != nil {
		t.Skip("no named pipes here:", err)
	}
	result := (&Reader{}).Read(t.Context(), dir)
	if len(result.Documents) != 1 || len(result.PassedOver) != 1 || !strings.Contains(result.PassedOver[0], "not a regular file") {
		t.Errorf("read %v, passed over %q", kinds(result), result.PassedOver)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '#'
	}
	return len(p), nil
}

func TestReadIsBounded(t *testing.T) {
	result := (&Reader{Stdin: endless{}}).Read(context.Background(), "-")
	if len(result.Errors) != 1 || !strings.Contains(result.Errors[0].Error(), "more than 64 MiB") {
		t.Errorf("errors %v", result.Errors)
	}
}

func TestAFolderThatCannotBeRead(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := tree(t, map[string]string{"a/b.yaml": "kind: B"})
	if err := os.Chmod(filepath.Join(dir, "a"), fs.FileMode(0)); err != nil {
		t.Fatal(err)
	}
	if result := (&Reader{}).Read(t.Context(), dir); len(result.Errors) != 1 {
		t.Errorf("errors %v", result.Errors)
	}
}
