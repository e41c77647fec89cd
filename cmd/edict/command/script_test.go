package command

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what commands print into the scripts")

// TestScripts runs the scripts in testdata. A script is an archive of files with commands in front of them:
//
//	edict ARGS            runs a command in a folder with the files
//	exit CODE             the code that it ended with, 0 when nothing is said
//	stdout FILE           it printed exactly this; so for stderr
//	stdout has TEXT       it printed this among other things; so for stderr
//	stdout lacks TEXT     it did not print this; so for stderr
//	in FOLDER             what follows runs in a folder of the larger corpus; without it the script ends here
//
// What a command reads from standard input is the file named stdin.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { newScript(t, file).run() })
	}
}

type script struct {
	*testing.T
	file    string
	archive *txtar.Archive

	ran            bool
	code           int
	wanted         int
	stdout, stderr bytes.Buffer
	line           string
}

func newScript(t *testing.T, file string) *script {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	file, err = filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return &script{T: t, file: file, archive: archive}
}

func (s *script) run() {
	shared, err := filepath.Abs(filepath.Join("..", "..", "..", "..", "shared"))
	if err != nil {
		s.Fatal(err)
	}
	dir := s.TempDir()
	for _, f := range s.archive.Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			s.Fatal(err)
		}
	}
	s.Chdir(dir)
	for line := range strings.Lines(string(s.archive.Comment)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "in":
			folder := filepath.Join(shared, rest)
			if _, err := os.Stat(folder); err != nil {
				s.finish()
				s.Skipf("%s, beside this repository, is not here", filepath.Join("../shared", rest))
			}
			s.Chdir(folder)
		case "edict":
			s.finish()
			s.exec(line, rest)
		case "exit":
			if s.wanted, err = strconv.Atoi(rest); err != nil {
				s.Fatalf("%s: %v", line, err)
			}
		case "stdout":
			s.compare(s.stdout.String(), line, rest)
		case "stderr":
			s.compare(s.stderr.String(), line, rest)
		default:
			s.Fatalf("%q is no line of a script", line)
		}
	}
	s.finish()
	if *update {
		if err := os.WriteFile(s.file, txtar.Format(s.archive), 0o644); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *script) exec(line, arguments string) {
	s.line, s.ran, s.wanted = line, true, exitOK
	s.stdout.Reset()
	s.stderr.Reset()
	stdin, err := os.ReadFile("stdin")
	if err != nil && !os.IsNotExist(err) {
		s.Fatal(err)
	}
	s.code = Run(context.Background(), append([]string{"edict"}, words(arguments)...), Streams{In: bytes.NewReader(stdin), Out: &s.stdout, Err: &s.stderr})
}

// words parts arguments at spaces, but not within single quotes.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// finish checks the code of the command that ran last.
func (s *script) finish() {
	if s.ran && s.code != s.wanted {
		s.Errorf("%s: exit code %d, want %d\n%s%s", s.line, s.code, s.wanted, s.stdout.String(), s.stderr.String())
	}
	s.ran = false
}

func (s *script) compare(printed, line, rest string) {
	how, text, _ := strings.Cut(rest, " ")
	switch how {
	case "has", "lacks":
		if strings.Contains(printed, text) != (how == "has") {
			s.Errorf("%s: not so: %s\n%s", s.line, line, printed)
		}
		return
	}
	for i := range s.archive.Files {
		f := &s.archive.Files[i]
		if f.Name != rest {
			continue
		}
		if *update {
			f.Data = []byte(printed)
		} else if string(f.Data) != printed {
			s.Errorf("%s: %s is\n%s\nwant\n%s", s.line, strings.Fields(line)[0], printed, f.Data)
		}
		return
	}
	s.Fatalf("%s: there is no file %s", line, rest)
}
